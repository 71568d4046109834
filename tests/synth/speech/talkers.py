"""Speaking models of a few thousand weights in the layout of the published ones. No hub, no downloads."""

import json
from pathlib import Path

import numpy as np
import transformers

from tests.networks.filling import fill

LETTERS = "abcdefghijklmnopqrstuvwxyz' "
EMBEDDING = 8


def save_vits(folder: Path, speakers: int = 1, **tokenizer: object) -> Path:
    """At 16 kHz, 16 samples a frame."""
    folder.mkdir(parents=True, exist_ok=True)
    config = transformers.VitsConfig(
        vocab_size=len(LETTERS) + 1,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        ffn_dim=16,
        flow_size=16,
        spectrogram_bins=9,
        prior_encoder_num_flows=2,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1,
        wavenet_dilation_rate=1,
        duration_predictor_num_flows=2,
        duration_predictor_filter_channels=16,
        depth_separable_num_layers=2,
        upsample_initial_channel=16,
        upsample_rates=[32, 8],
        upsample_kernel_sizes=[64, 16],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
        num_speakers=speakers,
        speaker_embedding_size=4 if speakers > 1 else 0,
    )
    fill(transformers.VitsModel(config)).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({letter: number for number, letter in enumerate("_" + LETTERS)}))
    settings = {"tokenizer_class": "VitsTokenizer", "pad_token": "_", "unk_token": "<unk>", "add_blank": True}
    settings |= {"normalize": True, "phonemize": False, "is_uroman": False, "language": "eng"} | tokenizer
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def save_speecht5(folder: Path) -> Path:
    """At 16 kHz; its vocoder goes where `save_hifigan` puts it."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"etaonihsrdlumcwfgypbvkxjqz.,'!?"]
    config = transformers.SpeechT5Config(
        vocab_size=len(pieces),
        hidden_size=16,
        encoder_layers=1,
        encoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=16,
        num_mel_bins=8,
        speech_decoder_prenet_units=16,
        speech_decoder_postnet_units=16,
        speech_decoder_postnet_layers=2,
        speaker_embedding_dim=EMBEDDING,
        max_text_positions=20,
        max_speech_positions=2000,
    )
    network = fill(transformers.SpeechT5ForTextToSpeech(config))
    network.speech_decoder_postnet.prob_out.bias.fill_(-5.0)  # else chance ends every line at once
    network.save_pretrained(folder)
    (folder / "spm_char.model").write_bytes(b"".join(_field(1, _field(1, piece.encode())) for piece in pieces))
    return folder


def save_hifigan(folder: Path) -> Path:
    """The vocoder of `save_speecht5`'s model."""
    config = transformers.SpeechT5HifiGanConfig(
        model_in_dim=8,
        upsample_initial_channel=8,
        upsample_rates=[16, 16],
        upsample_kernel_sizes=[32, 32],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
    )
    fill(transformers.SpeechT5HifiGan(config)).save_pretrained(folder)
    return folder


def save_speaker(file: Path, key: int) -> None:
    """An embedding of a speaker."""
    file.parent.mkdir(exist_ok=True)
    np.save(file, np.sin(np.arange(EMBEDDING) * (key + 1.3)).astype(np.float32))


def _field(number: int, value: bytes) -> bytes:
    """A field of bytes of a protobuf message, shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(value)]) + value
