"""Makes a set of films with known events: pictures, reference soundtracks, and the bench that describes them."""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np

from soundstage import __version__
from soundstage.errors import SoundstageError, StorageError
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.films.plans import FILMS, SOUNDS, FilmPlan, ScenePlan, plans
from soundstage.evaluation.films.sheet import Camera, Picture, Sheet, Size, ground
from soundstage.evaluation.films.soundtrack import reference
from soundstage.evaluation.films.timing import RATE
from soundstage.ffmpeg import running
from soundstage.sound import write_blocks

PICTURE: Final[Size] = (320, 180)
_WHOLE: Final = Camera()
# One thread, and nothing of the encoder's own in the file: the same pictures give the same bytes.
_CODED: Final = ("-c:v", "libx264", "-preset", "superfast", "-crf", "20", "-threads", "1", "-pix_fmt", "yuv420p")
_EXACT: Final = ("-flags:v", "+bitexact", "-fflags", "+bitexact", "-movflags", "+faststart")


def make_films(
    folder: Path,
    name: str = "small",
    seed: int = 0,
    workers: int | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Bench:
    """Make a set of films in a folder; films that lie there whole are not made again.

    The same set, seed and versions of the tool give the same films.

    Args:
        folder: receives `bench.json`, `films/` and `sounds/`; made if missing.
        name: `small` (6 films of 20 to 40 s) or `large` (24 films of 60 to 120 s).
        seed: draws what the films show, and when.
        workers: processes (None: one for each processor).
        progress: told the fraction of films done.

    Raises:
        BadOption: there is no set of that name.
        StorageError: the disk is full or the folder cannot be written.
    """
    wanted = plans(name, seed)
    bench = Bench(
        name=f"soundstage-{name}-{seed}",
        about="Films drawn by Soundstage, with events at exactly known instants and procedural reference sound.",
        source=f"drawn by soundstage {__version__}: set {name}, seed {seed}",
        entries=tuple(plan.entry() for plan in wanted),
    )
    known = _is_made(folder, bench)
    todo = [plan for plan in wanted if not (known and _lies_whole(folder, plan))]
    for part in (FILMS, SOUNDS):
        _make_folder(folder / part)
    if not todo:
        progress(1.0)
    for done, _ in enumerate(_in_parallel(folder, todo, workers), start=1):
        progress(done / len(todo))
    return bench.save(folder)


def make_film(folder: Path, plan: FilmPlan, size: Size = PICTURE) -> None:
    """Make one film without sound, and its reference. Raises StorageError when they cannot be written."""
    entry = plan.entry()
    write_blocks(folder / str(entry.sound), [reference(plan)], channels=2)
    film = folder / entry.film
    aside = film.with_name(f".{film.name}.{os.getpid()}.part")
    try:
        _encode(aside, pictures(plan, size), size)
        aside.replace(film)
    finally:
        aside.unlink(missing_ok=True)


def pictures(plan: FilmPlan, size: Size = PICTURE) -> Iterator[Picture]:
    """The pictures of a film in order, each (height, width, 3)."""
    for scene in plan.scenes:
        backdrop = ground(scene.what.place, size, np.random.default_rng(scene.seed))
        for number in range(round(scene.seconds * RATE)):
            sheet = Sheet(backdrop)
            scene.action.paint(sheet, number / RATE)
            yield sheet.seen(_camera(scene, number / RATE))


def _camera(scene: ScenePlan, time: float) -> Camera:
    return scene.camera if scene.cut is not None and time >= scene.cut - 1e-6 else _WHOLE


def _encode(path: Path, shown: Iterator[Picture], size: Size) -> None:
    arguments = ["-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-framerate", str(RATE)]
    arguments += ["-i", "pipe:0", *_CODED, *_EXACT, "-f", "mp4", str(path)]
    with running(arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as encoder:
        for picture in shown:
            encoder.stdin.write(np.ascontiguousarray(picture).data)  # type: ignore[union-attr]


def _in_parallel(folder: Path, todo: Sequence[FilmPlan], workers: int | None) -> Iterator[None]:
    count = min(len(todo), workers or os.cpu_count() or 1)
    if count <= 1:
        for plan in todo:
            make_film(folder, plan)
            yield
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(make_film, folder, plan) for plan in todo]):
            yield future.result()


def _is_made(folder: Path, bench: Bench) -> bool:
    """Whether the folder holds films of this very set already."""
    try:
        return Bench.load(folder) == bench.at(folder)
    except SoundstageError:
        return False


def _lies_whole(folder: Path, plan: FilmPlan) -> bool:
    entry = plan.entry()
    return (folder / entry.film).is_file() and (folder / str(entry.sound)).is_file()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made ({error.strerror}); choose another place.") from error
