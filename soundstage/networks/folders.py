"""Networks and tokenizers of transformers and diffusers from folders as these libraries save them. Nothing is fetched.

Each is loaded as the class that is asked for, so that no file can name another one, and weights that are missing
are an error: the libraries would go on with random ones. What they tell on the way is kept off the terminal unless the
user asks for it by their own setting TRANSFORMERS_VERBOSITY or DIFFUSERS_VERBOSITY: what matters of it is raised here.
"""

import os
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType
from typing import Any, TypeAlias

import transformers
from safetensors import SafetensorError

from soundstage.errors import BadModel, MissingPart
from soundstage.networks.rack import Setting

# The classes of the two libraries share no type.
Network: TypeAlias = Any
Tokenizer: TypeAlias = Any

FETCH = "fetch it again: soundstage models pull"
# Whatever a damaged or foreign file makes the libraries raise.
DAMAGED = (
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ImportError,
    EOFError,
    UnpicklingError,
    SafetensorError,
)


def network_from(folder: Path, kind: str, setting: Setting, **changes: object) -> Network:
    """A network on its device, frozen and in evaluation mode.

    Args:
        folder: holds its `config.json` and weights.
        kind: its class in transformers or diffusers.
        setting: device and precision.
        changes: of its configuration.

    Raises:
        MissingPart: the folder is not there.
        BadModel: what is in it is damaged, or another network.
    """
    _check(folder)
    _quieten(transformers)
    try:
        network, loaded = _opened(folder, kind, setting, changes)
    except DAMAGED as error:
        raise BadModel(f"{folder} is damaged or no {kind} ({brief(error)}); {FETCH}.") from error
    wrong = sorted(map(str, (*loaded.get("missing_keys", ()), *loaded.get("mismatched_keys", ()))))
    if wrong:
        raise BadModel(f"{folder} lacks {len(wrong)} of the weights of a {kind} (first {wrong[0]}); {FETCH}.")
    return network.to(setting.device).eval().requires_grad_(False)


def tokenizer_from(folder: Path, kind: str) -> Tokenizer:
    """A tokenizer of transformers; raises as `network_from` does."""
    _check(folder)
    _quieten(transformers)
    try:
        return getattr(transformers, kind).from_pretrained(folder, local_files_only=True)
    except DAMAGED as error:
        raise BadModel(f"{folder} is damaged or no {kind} ({brief(error)}); {FETCH}.") from error


def _diffusers() -> ModuleType:
    found = import_module("diffusers")
    _quieten(found)
    return found


def _quieten(library: ModuleType) -> None:
    if f"{library.__name__.upper()}_VERBOSITY" in os.environ:
        return
    library.utils.logging.set_verbosity_error()
    library.utils.logging.disable_progress_bar()
    # diffusers still makes its autoencoders with what torch would rather see replaced.
    warnings.filterwarnings("ignore", message=".*weight_norm` is deprecated", category=FutureWarning)


def brief(error: BaseException) -> str:
    """The first line of what a library says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise MissingPart(f"{folder} is not there; get it: soundstage models pull.")


def _opened(
    folder: Path, kind: str, setting: Setting, changes: Mapping[str, object]
) -> tuple[Network, Mapping[str, Any]]:
    holder = getattr(transformers, kind, None)
    precision = {"dtype": setting.dtype} if holder else {"torch_dtype": setting.dtype}
    holder = holder or getattr(_diffusers(), kind)
    options = {"local_files_only": True, "output_loading_info": True, **precision, **changes}
    network, loaded = holder.from_pretrained(folder, **options)
    return network, loaded
