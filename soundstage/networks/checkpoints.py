"""Reading the files that models come in, and laying their weights into networks.

Nothing in such a file is ever run: torch files are read with `weights_only`, which refuses pickled code.
"""

import pickle
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from soundstage.errors import BadModel, MissingPart

_MOST_NAMED = 3
_DAMAGED = (RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError, zipfile.BadZipFile, SafetensorError)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU.

    Takes safetensors and torch files, also those whose tensors lie one level deeper ("state_dict", "generator").

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged, or holds something else than weights.
    """
    found = read_checkpoint(path)
    for holder in (found, *(value for value in found.values() if isinstance(value, Mapping))):
        tensors = {str(name): value for name, value in holder.items() if isinstance(value, Tensor)}
        if tensors:
            return tensors
    raise BadModel(f"{path} holds no weights; fetch the model again: soundstage models pull.")


def read_checkpoint(path: Path) -> dict[str, Any]:
    """All that a checkpoint holds, for those that keep more beside their weights; raises as `read_weights` does."""
    if not path.is_file():
        raise MissingPart(f"{path} is not there; fetch the model with: soundstage models pull.")
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=_may_map(path))
    except (*_DAMAGED, OSError) as error:
        raise BadModel(
            f"{path} is damaged or no checkpoint ({_brief(error)}); fetch the model again: soundstage models pull."
        ) from error
    if not isinstance(found, Mapping):
        raise BadModel(f"{path} holds a {type(found).__name__} instead of weights; give the published checkpoint.")
    return dict(found)


def load_into(network: nn.Module, weights: Mapping[str, Tensor], source: Path, ignore: Collection[str] = ()) -> None:
    """Lay weights into a network, whose own they become without a copy where types agree.

    Args:
        network: what they belong to; its parameters and buffers name what is expected.
        weights: by name.
        source: where they come from, for what is said when they do not fit.
        ignore: names in the file that the network does not need; "vfeat." stands for all that begin so.

    Raises:
        BadModel: names or shapes differ; says what was expected and what was found.
    """
    wanted = network.state_dict()
    given = {name: value for name, value in weights.items() if not _is_ignored(name, ignore)}
    problem = _mismatch(wanted, given)
    if problem:
        raise BadModel(f"{source} does not fit {type(network).__name__}: {problem}; give the published checkpoint.")
    network.load_state_dict({name: value.to(wanted[name].dtype) for name, value in given.items()}, assign=True)
    network.requires_grad_(False)


def _mismatch(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    if missing := wanted.keys() - given.keys():
        return f"it lacks {_named(missing)} of the {len(wanted)} tensors expected"
    if unknown := given.keys() - wanted.keys():
        return f"it also holds {_named(unknown)}, which were not expected"
    for name, value in wanted.items():
        if value.shape != given[name].shape:
            return f"{name} has shape {tuple(given[name].shape)} where {tuple(value.shape)} was expected"
    return ""


def _named(names: Iterable[str]) -> str:
    ordered = sorted(names)
    rest = len(ordered) - _MOST_NAMED
    return ", ".join(ordered[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _is_ignored(name: str, ignore: Collection[str]) -> bool:
    return any(name == each or (each.endswith(".") and name.startswith(each)) for each in ignore)


def _may_map(path: Path) -> bool:
    """Whether the file's tensors can stay on the disk until they are read; files of before torch 1.6 cannot."""
    return zipfile.is_zipfile(path)


def _brief(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
