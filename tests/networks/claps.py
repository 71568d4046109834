"""Tiny CLAP models on the disk, as the hub lays them out."""

import json

import transformers

from tests.networks.filling import fill

_LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
_TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "Ġ", ".", "T", *_LETTERS]


def written(folder, fused=False):
    """A tiny CLAP in the layout of the hub, with weights by formula."""
    words = {"vocab_size": len(_TOKENS), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    words |= {"intermediate_size": 16, "max_position_embeddings": 80, "projection_dim": 8, "pad_token_id": 1}
    sounds = {"spec_size": 128, "num_mel_bins": 16, "patch_embeds_hidden_size": 8, "hidden_size": 16, "window_size": 4}
    sounds |= {"depths": [1, 1], "num_attention_heads": [1, 1], "num_hidden_layers": 2, "projection_dim": 8}
    sounds |= {"enable_fusion": True, "fusion_type": "aff_2d"} if fused else {}
    config = transformers.ClapConfig(text_config=words, audio_config=sounds, projection_dim=8)
    fill(transformers.ClapModel(config)).save_pretrained(folder)
    transformers.ClapFeatureExtractor(feature_size=16, truncation="fusion" if fused else "rand_trunc").save_pretrained(
        folder
    )
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(_TOKENS)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "RobertaTokenizer", "model_max_length": 64})
    )
    return folder
