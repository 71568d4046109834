"""Shows that our ImageBind agrees with the published code: same weights, same inputs, float32.

    python -m benchmarks.parity.imagebind --imagebind DIR [--full] [--kaldi FILE]

`DIR` is a checkout of facebookresearch/ImageBind; what it imports beyond torch is stood in for, in this process alone.
`--full` also builds `imagebind_huge` (4.8 GB of weights, which ours shares). With torchaudio's compliance/kaldi.py, the
only file of torchaudio that is run, what the networks are shown is compared too.
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
from soundstage.networks.imagebind.embedding import filterbanks, squares
from soundstage.networks.imagebind.network import UNUSED, ImageBindNetwork
from soundstage.networks.pictures import CLIP_MEAN, CLIP_STD, channels_first, in_unit_range, normalised

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
        errors |= _input_errors(options.kaldi)
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


def _input_errors(kaldi: Path) -> dict[str, float]:
    """What the network is shown: a clip's filterbank, and the three squares of pictures."""
    original = _reader(kaldi)
    sound = torch.randn(80_000) * torch.linspace(0, 1, 80_000)
    starts = (0, 16_000, 32_000)  # thirds of the 3 s that are left beside a clip of 2 s
    clips = [original.waveform2melspec(sound[None, at : at + 32_000].clone(), 16_000, 128, 204) for at in starts]
    errors = {"clips of sound": difference((torch.stack(clips) + 4.268) / 9.138, filterbanks(sound))}
    crop = original.SpatialCrop(224, num_crops=3)
    for height, width in ((224, 398), (301, 224), (224, 224)):
        frames = torch.randint(0, 256, (2, height, width, 3), dtype=torch.uint8)
        whole = normalised(in_unit_range(channels_first(frames)), CLIP_MEAN, CLIP_STD).transpose(0, 1)
        errors[f"squares of {width}x{height}"] = difference(torch.stack(crop([whole])), squares(frames, 224))
    return errors


def _reader(kaldi: Path) -> Any:  # noqa: ANN401 - the checkout's module
    module("torchaudio.compliance.kaldi", fbank=_module_from(kaldi).fbank)
    module("torchvision.transforms")
    module("pytorchvideo.transforms")
    module("pytorchvideo.data.clip_sampling", ConstantClipsPerVideoSampler=None)
    module("pytorchvideo.data.encoded_video", EncodedVideo=None)
    module("pkg_resources")
    return importlib.import_module("imagebind.data")


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
