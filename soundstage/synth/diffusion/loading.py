"""Text-to-audio models from folders, mostly in the layout that diffusers saves them in. Nothing is ever fetched.

The parts are loaded one by one, each as the class that its family names, and what is wrong is said of the part.
"""

import json
from pathlib import Path
from typing import Any, TypeAlias

import diffusers

from soundstage.errors import BadModel, MissingPart
from soundstage.networks.folders import DAMAGED, FETCH, brief, network_from, tokenizer_from
from soundstage.networks.rack import Setting
from soundstage.synth.diffusion import published
from soundstage.synth.diffusion.families import STABLE_AUDIO_3, Family
from soundstage.synth.diffusion.latents import Pipeline
from soundstage.synth.diffusion.precision import halved, sharpen

# A network, a tokenizer or a scheduler.
Part: TypeAlias = Any

_WITH_TABLES = ("vae", "transformer", "duration_embedder")
_INDEX = "model_index.json"
# Stable Audio Open names a scheduler that works only with the package torchsde; this one solves the same equation,
# at the same noise levels, without drawing new noise at each step.
_INSTEAD = {"CosineDPMSolverMultistepScheduler": "EDMDPMSolverMultistepScheduler"}


def load_pipeline(family: Family, folder: Path, setting: Setting) -> Pipeline:
    """A model's pipeline with all its parts on their device.

    Args:
        family: what the folder should hold.
        folder: in the diffusers layout; Stable Audio 3 also as its publisher has it.
        setting: device and precision; float16 is used in place of bfloat16.

    Raises:
        MissingPart: the folder or a part of it is not there.
        BadModel: it holds another model, or damaged files.
    """
    setting = halved(setting)
    if family is STABLE_AUDIO_3 and (folder / published.CONFIG).is_file():
        parts = published.load_parts(folder, _read_json(folder / published.CONFIG), setting)
    else:
        parts = _saved_parts(family, folder, setting)
    if family is STABLE_AUDIO_3:
        for name in _WITH_TABLES:
            sharpen(parts[name])
    pipeline = getattr(diffusers, family.pipeline)(**parts, **dict.fromkeys(family.unused))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _saved_parts(family: Family, folder: Path, setting: Setting) -> dict[str, Part]:
    _check_index(family, folder)
    parts = {name: _part(folder / name, kind, setting) for name, kind in family.parts.items()}
    return parts | {"scheduler": _scheduler(folder / "scheduler")}


def _check_index(family: Family, folder: Path) -> None:
    index = folder / _INDEX
    if not index.is_file():
        raise MissingPart(f"There is no {family.name} model in {folder} (no {_INDEX}); get it: soundstage models pull.")
    found = _read_json(index).get("_class_name")
    if found != family.pipeline:
        raise BadModel(f"{folder} holds a {found} where a {family.pipeline} was expected; give the folder of that.")
    for name in (*family.parts, "scheduler"):
        if not (folder / name).is_dir():
            raise MissingPart(f"{folder} lacks its part {name}; {FETCH}.")


def _part(folder: Path, kind: str, setting: Setting) -> Part:
    return tokenizer_from(folder, kind) if kind.endswith("Tokenizer") else network_from(folder, kind, setting)


def _scheduler(folder: Path) -> Part:
    config = folder / "scheduler_config.json"
    if not config.is_file():
        raise MissingPart(f"{config} is not there; {FETCH}.")
    settings = _read_json(config)
    own = str(settings.get("_class_name"))
    kind = _INSTEAD.get(own, own)
    holder = getattr(diffusers, kind, None)
    if not kind.endswith("Scheduler") or holder is None:
        raise BadModel(f"{config} names the scheduler {kind}, which diffusers does not have; {FETCH}.")
    try:
        return holder.from_config(settings)
    except DAMAGED as error:
        raise BadModel(f"{config} does not fit a {kind} ({brief(error)}); {FETCH}.") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadModel(f"{path} is damaged ({brief(error)}); {FETCH}.") from error
    if not isinstance(found, dict):
        raise BadModel(f"{path} is damaged (no object); {FETCH}.")
    return found
