"""Tiny HTS-AT networks, and checkpoints of them in their publishers' layout."""

import json
import re

import torch

from soundstage.networks.htsat import HtsatConfig

HEARING = HtsatConfig(window=256, hop=1920, bands=16, side=64, width=8, depths=(2, 1), heads=(1, 2), span=4)
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
_NAMES = (
    (r"^audio_encoder\.", ""),
    (r"^batch_norm\.", "bn0."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.attention\.self\.", ".attn."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
)


def published(weights, prefix):
    """Weights of ours, of which those that begin with `prefix` are an HTS-AT's, under its authors' names."""
    found = {}
    for name, value in weights.items():
        if not name.startswith(prefix):
            found[name] = value
        elif ".query." in name:
            parts = [weights[name.replace(".query.", f".{part}.")] for part in ("query", "key", "value")]
            found[prefix + _old(name.removeprefix(prefix)).replace(".query.", ".qkv.")] = torch.cat(parts)
        elif ".key." not in name and ".value." not in name:
            found[prefix + _old(name.removeprefix(prefix))] = value
    found[f"{prefix}tscam_conv.weight"] = torch.zeros(5, 16, 2, 3)
    found[f"{prefix}head.bias"] = torch.zeros(5)
    found[f"{prefix}layers.0.blocks.1.attn_mask"] = torch.zeros(16, 16, 16)
    return found


def write_words(folder, specials):
    """A vocabulary of letters, `specials` before them, for the tokenizers that pair bytes."""
    tokens = [*specials, *LETTERS, "Ġ"]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return tokens


def _old(name):
    for pattern, replacement in _NAMES:
        name = re.sub(pattern, replacement, name)
    return name
