"""Small replacements for what upstream code imports and Soundstage does not install."""

import importlib
import math
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
import yaml
from torch import Tensor, nn


def module(name: str, **contents: object) -> ModuleType:
    """Put a module into `sys.modules`, parents too, with these contents."""
    parent, _, own = name.rpartition(".")
    made = sys.modules.get(name) or ModuleType(name)
    made.__path__ = []
    for key, value in contents.items():
        setattr(made, key, value)
    sys.modules[name] = made
    if parent:
        setattr(module(parent), own, made)
    return made


def package(name: str, folder: Path) -> None:
    """Make a folder importable as a package without running its `__init__`."""
    made = module(name)
    made.__path__ = [str(folder)]


def available(name: str) -> bool:
    """Whether a module can be imported here."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def rearranged(tensor: Tensor, pattern: str, **sizes: int) -> Tensor:
    """What einops' rearrange and repeat do, as far as upstream uses them."""
    left, right = (_groups(side) for side in pattern.split("->"))
    for group, size in zip(left, tensor.shape, strict=True):
        known = math.prod(sizes[name] for name in group if name in sizes)
        sizes.update({name: size // known for name in group if name not in sizes})
    names = [name for group in left for name in group]
    wanted = [name for group in right for name in group]
    fresh = [name for name in wanted if name not in names]
    spread = tensor.reshape([sizes[name] for name in names] + [1] * len(fresh))
    spread = spread.expand([sizes[name] for name in names + fresh])
    ordered = spread.permute([(names + fresh).index(name) for name in wanted])
    return ordered.reshape([math.prod(sizes[name] for name in group) for group in right])


def _groups(side: str) -> list[list[str]]:
    found = re.findall(r"\([^)]*\)|\S+", side)
    return [[name for name in group.strip("()").split() if name != "1"] for group in found]


def namespace(path: Path, **changes: Any) -> SimpleNamespace:  # noqa: ANN401
    """A YAML file as OmegaConf would give it; changes are of its section VIT."""
    sections: dict[str, Any] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    sections["VIT"].update(changes)
    made = {key: SimpleNamespace(**value) if isinstance(value, dict) else value for key, value in sections.items()}
    return SimpleNamespace(**made)


def stand_in_for_synchformer(**changes: int) -> None:
    """What Synchformer imports; changes are of its VIT section, to make it small."""
    module("einops", rearrange=rearranged, repeat=rearranged, reduce=None)
    module("timm.layers", trunc_normal_=nn.init.trunc_normal_, to_2tuple=lambda value: (value, value))
    reader = getattr(module("omegaconf"), "OmegaConf", SimpleNamespace())
    reader.load = lambda path: namespace(path, **changes)  # upstream, once imported, keeps the reader
    module("omegaconf", OmegaConf=reader)
    for name in ("requests", "tqdm"):
        if not available(name):
            module(name, tqdm=None)
    pruning = importlib.import_module("transformers.pytorch_utils")
    for gone in ("find_pruneable_heads_and_indices", "prune_linear_layer"):
        if not hasattr(pruning, gone):
            setattr(pruning, gone, None)


def stand_in_for_open_clip(checkout: Path) -> None:
    """What open_clip's towers and tokenizer import."""
    module("torchvision.ops.misc", FrozenBatchNorm2d=nn.BatchNorm2d)
    if not available("ftfy"):
        module("ftfy", fix_text=lambda text: text)
    package("open_clip", checkout / "src" / "open_clip")


def difference(theirs: Tensor, ours: Tensor) -> float:
    """The largest difference, in parts of their largest value."""
    if theirs.shape != ours.shape:
        return math.inf
    return float((theirs - ours).abs().max() / theirs.abs().max().clamp(min=torch.finfo(torch.float32).tiny))
