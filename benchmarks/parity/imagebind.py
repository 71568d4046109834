"""Shows that our ImageBind agrees with the published code: same weights, same inputs, float32.

    python -m benchmarks.parity.imagebind --imagebind DIR [--full] [--kaldi FILE]

`DIR` is a checkout of facebookresearch/ImageBind, of which the network and the filterbank's caller are run; what it
imports beyond torch is stood in for here, in this process alone. `--full` also builds `imagebind_huge` (4.8 GB of
weights and as much again for ours). `--kaldi` is torchaudio's compliance/kaldi.py, to compare filterbanks with.
"""

import argparse
import gc
import importlib
import importlib.util
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.parity.stand_ins import difference, module, package, rearranged
from soundstage.networks.checkpoints import load_into
from soundstage.networks.imagebind.config import HUGE, ImageBindConfig, TrunkConfig
from soundstage.networks.imagebind.network import UNUSED, ImageBindNetwork
from soundstage.networks.kaldi import Fbank, fbank

MOST = 1e-4
TINY = ImageBindConfig(
    embedding=24,
    vision=TrunkConfig(width=32, blocks=2, heads=4),
    audio=TrunkConfig(width=24, blocks=2, heads=12),
    text=TrunkConfig(width=48, blocks=2, heads=4),
)
_READERS = ("torchaudio", "ftfy", "regex")


def main() -> int:
    """Compare, print one line each, return 1 where something differs."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--imagebind", type=Path, required=True)
    asked.add_argument("--kaldi", type=Path)
    asked.add_argument("--full", action="store_true")
    options = asked.parse_args()
    _stand_in(options.imagebind)
    errors = {f"tiny {name}": error for name, error in _network_errors(TINY, _tiny_original).items()}
    if options.full:
        errors |= {f"huge {name}": error for name, error in _network_errors(HUGE, _huge_original).items()}
    if options.kaldi:
        errors |= _filterbank_errors(options.kaldi)
    for name, error in errors.items():
        print(f"{name:24} relative error {error:.2e} {'agrees' if error < MOST else 'DIFFERS'}")
    return int(any(error >= MOST for error in errors.values()))


def _network_errors(config: ImageBindConfig, build: Callable[[], nn.Module]) -> dict[str, float]:
    """Per sense: the largest difference of embeddings, over the largest number in them."""
    torch.manual_seed(5)
    began = time.perf_counter()
    original = build().eval().requires_grad_(False)
    _stir(original)
    inputs = _inputs(config)
    with torch.inference_mode():
        wanted = {sense: _unscaled(original, sense, shown) for sense, shown in inputs.items()}
        weights = original.state_dict()
        del original
        with torch.device("meta"):
            ours = ImageBindNetwork(config)
        load_into(ours, weights, Path("imagebind_huge.pth"), ignore=UNUSED)
        found = {sense: getattr(ours.eval(), sense)(shown) for sense, shown in inputs.items()}
    del weights, ours
    gc.collect()
    print(f"{config.vision.blocks} blocks of vision: {time.perf_counter() - began:.1f} s")
    return {sense: difference(wanted[sense], found[sense]) for sense in wanted}


def _inputs(config: ImageBindConfig) -> Mapping[str, Tensor]:
    words = torch.zeros(2, config.words, dtype=torch.long)
    words[0, :5] = torch.tensor([49406, 320, 1929, 530, 49407])
    words[1, :3] = torch.tensor([49406, 530, 49407])
    return {
        "vision": torch.randn(2, 3, 2, config.picture, config.picture),
        "audio": torch.randn(3, 1, config.bins, config.windows),
        "text": words,
    }


def _unscaled(original: nn.Module, sense: str, shown: Tensor) -> Tensor:
    """The original's embedding before a comparison is scaled, which leaves it of length 1."""
    clips = shown if sense == "text" else shown[:, None]  # pictures and sounds come as clips, one each here
    embedding: Tensor = original({sense: clips})[sense]
    return torch.nn.functional.normalize(embedding, dim=-1)


def _stir(network: nn.Module) -> None:
    """Biases and norms begin as zeros and ones: give them values, so that a mistaken one shows."""
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and tensor.dim() == 1 and "logit_scale" not in name:
            tensor.add_(0.1 * torch.randn_like(tensor))


def _filterbank_errors(kaldi: Path) -> dict[str, float]:
    original = _module_from(kaldi)
    sound = torch.randn(32_000) * torch.linspace(0, 1, 32_000)
    wanted = original.fbank(
        sound[None],
        htk_compat=True,
        sample_frequency=16_000,
        use_energy=False,
        window_type="hanning",
        num_mel_bins=128,
        dither=0.0,
        frame_length=25,
        frame_shift=10,
    )
    return {"filterbank": difference(wanted, fbank(sound, Fbank()))}


def _tiny_original() -> nn.Module:
    small: dict[str, Any] = {f"{sense}_num_blocks": 1 for sense in ("depth", "thermal", "imu")}
    for sense, trunk in (("vision", TINY.vision), ("audio", TINY.audio), ("text", TINY.text)):
        small |= {f"{sense}_embed_dim": trunk.width, f"{sense}_num_blocks": trunk.blocks}
        small |= {f"{sense}_num_heads": trunk.heads}
    model: nn.Module = _models().ImageBindModel(out_embed_dim=TINY.embedding, **small)
    return model


def _huge_original() -> nn.Module:
    model: nn.Module = _models().imagebind_huge(pretrained=False)
    return model


def _models() -> Any:  # noqa: ANN401 - the checkout's module
    return importlib.import_module("imagebind.models.imagebind_model")


def _stand_in(checkout: Path) -> None:
    """Put bare modules where the checkout imports what it does not need for this."""
    for name in _READERS:
        module(name)
    module("iopath.common.file_io", g_pathmgr=None)
    module("timm.layers", DropPath=_Straight, trunc_normal_=nn.init.trunc_normal_)
    module("einops", rearrange=rearranged)
    package("imagebind", checkout / "imagebind")  # its own __init__ imports what reads files


class _Straight(nn.Module):
    """Stands for dropping paths, which happens in training only."""

    def __init__(self, share: float) -> None:
        super().__init__()

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens


def _module_from(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("original_kaldi", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be imported.")
    original = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(original)
    return original


if __name__ == "__main__":
    raise SystemExit(main())
