"""Features in av-benchmark's cache files, so that either tool reads what the other one extracted.

A folder holds a torch file for each kind of features: what is stored in it lies by the stem of the film's file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from soundstage.errors import BadBench, MissingPart, StorageError
from soundstage.evaluation.features.item import Array, Table

ARRAYS: Final[Mapping[str, tuple[str, str | None]]] = {
    "pann_2048": ("pann_features.pth", "2048"),
    "pann_logits": ("pann_features.pth", "logits"),
    "vggish": ("vggish_features.pth", None),
    "passt": ("passt_features_embed.pth", None),
    "passt_logits": ("passt_logits.pth", None),
    "imagebind_audio": ("imagebind_audio.pth", None),
    "imagebind_video": ("imagebind_video.pth", None),
    "synchformer_audio": ("synchformer_audio.pth", None),
    "synchformer_video": ("synchformer_video.pth", None),
    "clap_laion_audio": ("clap_laion_audio.pth", None),
    "clap_laion_text": ("clap_laion_text.pth", None),
    "clap_ms_audio": ("clap_ms_audio.pth", None),
    "clap_ms_text": ("clap_ms_text.pth", None),
}
"""All arrays that there are: the file of each, and its name in there where a file holds several."""


def read_cache(folder: Path) -> dict[str, dict[str, Array]]:
    """The arrays in a folder, by name and then by item; those whose files are not there are left out.

    Raises:
        MissingPart: torch is not installed.
        BadBench: a file is damaged, or holds something else.
    """
    files = {file: _read(folder / file) for file, _ in ARRAYS.values() if (folder / file).is_file()}
    found: dict[str, dict[str, Array]] = {}
    for name, (file, key) in ARRAYS.items():
        if file in files:
            found[name] = {item: _array(value, key, folder / file) for item, value in files[file].items()}
    return found


def write_cache(folder: Path, features: Table) -> None:
    """Write arrays as av-benchmark does; files for which there are none stay as they are.

    Only items of which there are all arrays of a file are in it: the other tool would fail at half an item.

    Raises:
        MissingPart: torch is not installed.
        StorageError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in dict.fromkeys(file for file, _ in ARRAYS.values()):
        parts = {name: key for name, (each, key) in ARRAYS.items() if each == file}
        if all(name in features for name in parts):
            _write(folder / file, _together(features, parts))


def _together(features: Table, parts: Mapping[str, str | None]) -> dict[str, Any]:
    torch = _torch()
    first = next(iter(parts))
    items = [item for item in features[first] if all(item in features[name] for name in parts)]
    if parts[first] is None:
        return {item: torch.tensor(features[first][item]) for item in items}
    return {item: {key: torch.tensor(features[name][item]) for name, key in parts.items()} for item in items}


def _read(path: Path) -> Mapping[str, Any]:
    torch = _torch()
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged or foreign file makes torch raise
        raise BadBench(f"{path} is damaged or no file of features; extract them again.") from error
    if not isinstance(found, Mapping):
        raise BadBench(
            f"{path} holds a {type(found).__name__}, not features by the names of films; extract them again."
        )
    return found


def _array(value: Any, key: str | None, path: Path) -> Array:  # noqa: ANN401 - whatever the file holds
    try:
        return np.asarray((value if key is None else value[key]).float().numpy(), np.float32)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise BadBench(f"{path} holds something else than features; extract them again.") from error


def _write(path: Path, held: Mapping[str, Any]) -> None:
    aside = path.with_name(f".{path.name}.part")
    try:
        _torch().save(held, aside)
        aside.replace(path)
    except (OSError, RuntimeError) as error:
        aside.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written ({error}); free space or choose another place.") from error


def _torch() -> Any:  # noqa: ANN401 - the module
    try:
        import torch
    except ImportError as error:
        raise MissingPart("Files of features need torch; install it with: pip install 'soundstage[gpu]'.") from error
    return torch
