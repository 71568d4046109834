"""Text-to-audio models of a few thousand weights, saved in the layout of the published ones. No hub, no downloads."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import pre_tokenizers

from tests.networks.filling import fill

WORDS = ("rain", "steady", "continuous", "thunder", "music", "speech", "noise", "low", "quality", "close", ",")
_WIDTH = 16


def save_stable_audio(folder: Path) -> Path:
    """At 1000 Hz, 25 latents a second, 4 seconds long."""
    parts = {
        "vae": diffusers.AutoencoderOobleck(
            encoder_hidden_size=4,
            downsampling_ratios=[4, 10],
            decoder_channels=4,
            decoder_input_channels=4,
            audio_channels=2,
            channel_multiples=[1, 2],
            sampling_rate=1000,
        ),
        "text_encoder": transformers.T5EncoderModel(_t5()),
        "projection_model": diffusers.StableAudioProjectionModel(
            text_encoder_dim=_WIDTH, conditioning_dim=8, min_value=0, max_value=512
        ),
        "tokenizer": _t5_tokenizer(),
        "transformer": diffusers.StableAudioDiTModel(
            sample_size=100,
            in_channels=4,
            num_layers=2,
            attention_head_dim=4,
            num_attention_heads=2,
            num_key_value_attention_heads=2,
            out_channels=4,
            cross_attention_dim=8,
            time_proj_dim=8,
            global_states_input_dim=16,
            cross_attention_input_dim=8,
        ),
        "scheduler": diffusers.EDMDPMSolverMultistepScheduler(
            sigma_min=0.3,
            sigma_max=500.0,
            sigma_data=1.0,
            sigma_schedule="exponential",
            solver_order=2,
            prediction_type="v_prediction",
        ),
    }
    return _saved(diffusers.StableAudioPipeline, parts, folder)


def save_stable_audio_3(folder: Path) -> Path:
    """At 1000 Hz, 25 latents a second, at most 8 seconds long."""
    parts = {
        "vae": diffusers.AutoencoderSAME(
            audio_channels=2,
            patch_size=10,
            encoder_channels=8,
            encoder_c_mults=(2,),
            encoder_strides=(4,),
            encoder_transformer_depths=(2,),
            latent_dim=8,
            dim_heads=8,
            sampling_rate=1000,
        ),
        "text_encoder": transformers.T5GemmaEncoderModel(_t5gemma()),
        "tokenizer": _gemma_tokenizer(),
        "duration_embedder": diffusers.StableAudio3DurationEmbedder(output_dim=_WIDTH, fourier_dim=16, max_val=8.0),
        "transformer": diffusers.StableAudio3DiTModel(
            io_channels=8,
            embed_dim=32,
            depth=2,
            num_heads=4,
            cond_token_dim=_WIDTH,
            global_cond_dim=_WIDTH,
            local_add_cond_dim=9,
            timestep_features_dim=16,
            ff_mult=2.0,
            num_memory_tokens=4,
        ),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, stochastic_sampling=True),
    }
    return _saved(diffusers.StableAudio3Pipeline, parts, folder)


def save_audioldm2(folder: Path) -> Path:
    """At 1000 Hz, 25 latents a second, 2.56 seconds long."""
    parts = {
        "vae": diffusers.AutoencoderKL(
            block_out_channels=[8, 16, 16],
            in_channels=1,
            out_channels=1,
            norm_num_groups=4,
            down_block_types=["DownEncoderBlock2D"] * 3,
            up_block_types=["UpDecoderBlock2D"] * 3,
            latent_channels=4,
        ),
        "text_encoder": transformers.ClapModel(_clap()),
        "text_encoder_2": transformers.T5EncoderModel(_t5()),
        "projection_model": diffusers.AudioLDM2ProjectionModel(
            text_encoder_dim=_WIDTH, text_encoder_1_dim=_WIDTH, langauge_model_dim=_WIDTH
        ),
        "language_model": transformers.GPT2LMHeadModel(
            transformers.GPT2Config(n_embd=_WIDTH, n_head=2, n_layer=2, vocab_size=32, n_ctx=64, n_positions=64)
        ),
        "tokenizer": _roberta_tokenizer(),
        "tokenizer_2": _t5_tokenizer(),
        "feature_extractor": transformers.ClapFeatureExtractor(feature_size=16),
        "unet": diffusers.AudioLDM2UNet2DConditionModel(
            block_out_channels=(8, 16),
            layers_per_block=1,
            norm_num_groups=4,
            sample_size=64,
            in_channels=4,
            out_channels=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=[[_WIDTH, _WIDTH], [_WIDTH, _WIDTH]],
            attention_head_dim=2,
        ),
        "scheduler": diffusers.DDIMScheduler(
            beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False
        ),
        "vocoder": transformers.SpeechT5HifiGan(
            transformers.SpeechT5HifiGanConfig(
                model_in_dim=16,
                sampling_rate=1000,
                upsample_initial_channel=8,
                upsample_rates=[5, 2],
                upsample_kernel_sizes=[10, 4],
                resblock_kernel_sizes=[3],
                resblock_dilation_sizes=[[1, 3]],
                normalize_before=False,
            )
        ),
    }
    return _saved(diffusers.AudioLDM2Pipeline, parts, folder)


SAVERS: dict[str, Callable[[Path], Path]] = {
    "stable-audio": save_stable_audio,
    "stable-audio-3": save_stable_audio_3,
    "audioldm2": save_audioldm2,
}


def _saved(pipeline: Any, parts: dict[str, Any], folder: Path) -> Path:
    for part in parts.values():
        if isinstance(part, torch.nn.Module):
            _enliven(fill(part))
    pipeline(**parts).save_pretrained(folder)
    return folder


def _enliven(network: torch.nn.Module) -> None:
    """Stable Audio 3 takes one attention from another: with weights near zero, nothing would be left of its latents."""
    for name, value in {**dict(network.named_parameters()), **dict(network.named_buffers())}.items():
        if name.endswith((".gamma", ".alpha", "running_std")) and value.ndim == 1:
            value.fill_(1.0)


def _t5() -> transformers.T5Config:
    return transformers.T5Config(
        d_model=_WIDTH, d_kv=8, d_ff=16, num_layers=1, num_heads=2, vocab_size=32, decoder_start_token_id=0
    )


def _t5gemma() -> transformers.T5GemmaConfig:
    module = {
        "vocab_size": 32,
        "hidden_size": _WIDTH,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
    }
    return transformers.T5GemmaConfig(encoder=module, decoder=module, is_encoder_decoder=False)


def _clap() -> transformers.ClapConfig:
    text = {
        "vocab_size": 64,
        "hidden_size": _WIDTH,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 80,
        "projection_dim": _WIDTH,
    }
    audio = {
        "spec_size": 8,
        "window_size": 1,
        "num_mel_bins": 8,
        "patch_size": 2,
        "patch_stride": 2,
        "patch_embeds_hidden_size": 4,
        "depths": [1],
        "num_attention_heads": [1],
        "num_hidden_layers": 1,
        "hidden_size": 4,
        "projection_dim": _WIDTH,
    }
    return transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=_WIDTH)


def _t5_tokenizer() -> Any:
    pieces = [
        (piece, -float(rank)) for rank, piece in enumerate(("<pad>", "</s>", "<unk>", "▁", *WORDS, *"abceghinrstu"))
    ]
    return transformers.T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=16)


def _gemma_tokenizer() -> Any:
    pieces = {
        piece: rank for rank, piece in enumerate(("<pad>", "<eos>", "<bos>", "<unk>", "▁", *WORDS, *"abceghinrstu"))
    }
    return transformers.GemmaTokenizer(vocab=pieces, merges=[], model_max_length=16)


def _roberta_tokenizer() -> Any:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())[:50]
    pieces = {piece: rank for rank, piece in enumerate(("<s>", "<pad>", "</s>", "<unk>", "<mask>", *letters))}
    return transformers.RobertaTokenizer(vocab=pieces, merges=[], model_max_length=16)


def publish_stable_audio_3(saved: Path, folder: Path) -> Path:
    """The model of `save_stable_audio_3` in the layout that its publisher gives it."""
    pipeline = diffusers.StableAudio3Pipeline.from_pretrained(saved, local_files_only=True)
    folder.mkdir(parents=True)
    pipeline.text_encoder.save_pretrained(folder / "t5gemma-b-b-ul2")
    pipeline.tokenizer.save_pretrained(folder / "t5gemma-b-b-ul2")
    words = folder / "t5gemma-b-b-ul2" / "config.json"  # as published, it is that of encoder and decoder
    words.write_text(json.dumps(json.loads(words.read_text()) | {"is_encoder_decoder": True}))
    weights = {
        **{f"pretransform.model.{_published(name)}": value for name, value in pipeline.vae.state_dict().items()},
        **{f"model.model.{_published(name)}": value for name, value in pipeline.transformer.state_dict().items()},
        **{
            f"conditioner.conditioners.seconds_total.embedder.embedding.1.{name}": value
            for name, value in pipeline.duration_embedder.linear.state_dict().items()
        },
    }
    weights["conditioner.conditioners.prompt.padding_embedding"] = weights.pop("model.model.prompt_padding_embedding")
    weights["pretransform.model.bottleneck.noise_scaling_factor"] = torch.ones(1, 0, 1)
    ordered = {name: _differing(value) if "to_qkv" in name else value for name, value in weights.items()}
    save_file({name: value.contiguous() for name, value in ordered.items()}, folder / "model.safetensors")
    (folder / "model_config.json").write_text(json.dumps(published_config()))
    return folder


def published_config() -> dict[str, Any]:
    """What `model_config.json` says of the model of `save_stable_audio_3`."""
    decoder = {"channels": 8, "c_mults": [2], "strides": [4], "transformer_depths": [2], "latent_dim": 8}
    decoder |= {"dim_heads": 8, "differential": True, "sliding_window": [1, 1], "sinusoidal_blocks": [0]}
    autoencoder = {
        "io_channels": 2,
        "pretransform": {"config": {"patch_size": 10}},
        "decoder": {"config": decoder},
    }
    seconds = {"id": "seconds_total", "config": {"min_val": 0, "max_val": 8}}
    return {
        "sample_rate": 1000,
        "model": {
            "pretransform": {"config": autoencoder},
            "conditioning": {"configs": [{"id": "prompt", "config": {}}, seconds]},
            "diffusion": {"diffusion_objective": "rf_denoiser"},
        },
    }


_PUBLISHED_NAMES = (
    ("decoder.proj.", "decoder.layers.1."),
    ("encoder.proj.", "encoder.layers.2."),
    ("encoder.blocks.", "encoder.layers."),
    ("decoder.blocks.0.", "decoder.layers.3."),
    ("bottleneck.scale", "bottleneck.scaling_factor"),
    (".norm_attn.", ".pre_norm."),
    (".attn.", ".self_attn."),
    (".norm_ff.", ".ff_norm."),
    (".ff.proj_in.", ".ff.ff.0.proj."),
    (".ff.proj_out.", ".ff.ff.2."),
    ("transformer_blocks.", "transformer.layers."),
    ("memory_tokens", "transformer.memory_tokens"),
    ("rotary_pos_emb.", "transformer.rotary_pos_emb."),
    ("global_cond_embedder.", "transformer.global_cond_embedder."),
)


def _published(name: str) -> str:
    if name.startswith("proj_"):
        return name.replace("proj_", "transformer.project_", 1)
    for ours, theirs in _PUBLISHED_NAMES:
        name = name.replace(ours, theirs)
    return name


def _differing(value: torch.Tensor) -> torch.Tensor:
    q, other_q, k, other_k, v = value.chunk(5)
    return torch.cat([q, k, v, other_q, other_k])
