"""What listeners see and hear: each film once, small, with each of its soundtracks in a file of its own.

All are brought to the same loudness, since the louder of two sounds is liked better; and a picture and its sound in
one file cannot drift apart.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import ffmpeg as compose
import numpy as np
import soundfile
import soxr
from scipy import signal

from soundstage import ffmpeg, loudness, sound
from soundstage.errors import BadSound
from soundstage.evaluation.listening.documents import ANCHOR, REFERENCE, Trial
from soundstage.evaluation.report.media import readable
from soundstage.film.probe import probe

MEDIA: Final = "media"
_LOUDNESS: Final = -23.0
_PEAK: Final = 0.89  # -1 dBFS
_ANCHOR_HZ, _ANCHOR_LATE = 3500.0, 1.0
_HEIGHT: Final = 360
_BITRATE: Final = "160k"


def file_of(trial: Trial, label: str) -> str:
    """Where a sound of a trial lies, from the test's folder; the name tells no more than its letter."""
    return f"{MEDIA}/{trial.id}-{label.lower()}.mp4"


def make_trial(trial: Trial, film: Path, sounds: Mapping[str, Path], folder: Path) -> None:
    """Write the files of a trial; those that lie there already are kept.

    Args:
        trial: what is to be shown.
        film: its pictures.
        sounds: the soundtrack of each system and, under its name, the reference.
        folder: of the test.

    Raises:
        BadSound: a soundtrack cannot be read.
        BadFilm: the film cannot be read.
        StorageError: the disk is full.
    """
    targets = {label: folder / file_of(trial, label) for label in trial.systems}
    if all(target.exists() for target in targets.values()):
        return
    (folder / MEDIA).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="soundstage-") as aside:
        pictures = Path(aside) / "pictures.mp4"
        _pictures(film, trial, pictures)
        for label, system in trial.systems.items():
            heard = Path(aside) / f"{label}.wav"
            soundfile.write(str(heard), _excerpt(trial, system, sounds), sound.SAMPLE_RATE, subtype="PCM_16")
            _join(pictures, heard, targets[label])


def low_anchor(reference: sound.Block) -> sound.Block:
    """The reference below 3.5 kHz (ITU-R BS.1534), and a second late: poor both in quality and in consistency."""
    filtered = signal.sosfilt(signal.butter(8, _ANCHOR_HZ, fs=sound.SAMPLE_RATE, output="sos"), reference, axis=0)
    late = np.zeros_like(reference)
    frames = sound.frames_of(_ANCHOR_LATE)
    late[frames:] = filtered[: max(0, len(reference) - frames)]
    return late


def levelled(block: sound.Block) -> sound.Block:
    """At -23 LUFS, or lower where its peaks would pass -1 dBFS; silence stays what it is."""
    heard = loudness.loudness_of(block)
    peak = float(np.abs(block).max(initial=0.0))
    if not np.isfinite(heard) or not peak:
        return block
    gain = min(sound.amplitude(_LOUDNESS - heard), _PEAK / peak)
    return (block * gain).astype(np.float32)


def _excerpt(trial: Trial, system: str, sounds: Mapping[str, Path]) -> sound.Block:
    anchored = system == ANCHOR
    block = _read(sounds[REFERENCE if anchored else system], trial.start, trial.seconds)
    return levelled(low_anchor(block) if anchored else block)


def _read(path: Path, start: float, seconds: float) -> sound.Block:
    """A part of a sound in stereo at the house rate, with silence where the sound is over."""
    with readable(path) as heard:
        facts = sound.facts(heard)
        rate = facts.sample_rate
        try:
            samples, _ = soundfile.read(
                str(heard),
                round(seconds * rate),
                min(round(start * rate), facts.frames),
                dtype="float32",
                always_2d=True,
            )
        except (soundfile.SoundFileError, OSError) as error:
            raise BadSound(f"{path} cannot be read as sound ({error}); it may be damaged.") from error
    stereo = samples[:, :2] if samples.shape[1] > 1 else np.repeat(samples, 2, axis=1)
    resampled = stereo if rate == sound.SAMPLE_RATE else soxr.resample(stereo, rate, sound.SAMPLE_RATE)
    whole = np.zeros((sound.frames_of(seconds), 2), np.float32)
    whole[: len(resampled)] = resampled[: len(whole)]
    return whole


def _pictures(film: Path, trial: Trial, target: Path) -> None:
    facts = probe(film)
    with ffmpeg.open_film(film) as file:
        source = compose.input("fd:", **ffmpeg.guarded_input(facts.container))
        shown = source[str(facts.picture)].filter("scale", -2, f"min({_HEIGHT},trunc(ih/2)*2)")
        coded = compose.output(
            shown,
            f"file:{target}",
            ss=trial.start,
            t=trial.seconds,
            vcodec="libx264",
            preset="veryfast",
            crf=24,
            g=25,
            pix_fmt="yuv420p",
            map_metadata=-1,
        )
        ffmpeg.run(coded.overwrite_output().get_args(), stdin=file)


def _join(pictures: Path, heard: Path, target: Path) -> None:
    aside = target.with_name(f".{target.name}.part")
    both = compose.output(
        compose.input(f"file:{pictures}")["v"],
        compose.input(f"file:{heard}")["a"],
        f"file:{aside}",
        f="mp4",
        vcodec="copy",
        acodec="aac",
        audio_bitrate=_BITRATE,
        map_metadata=-1,
        movflags="+faststart",
        fflags="+bitexact",
    )
    try:
        ffmpeg.run(both.overwrite_output().get_args())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
