"""The page of `soundstage inspect`: one HTML file with all its pictures inside, safe to open and to pass on.

Everything that a user, a film or a model wrote goes through the template's escaping. A content
security policy names the one script by its hash and allows no request to anywhere.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from soundstage.cuesheet import Cue, CueSheet, Layer, Scene, write_aside
from soundstage.inspection import embed, palette, sheets
from soundstage.inspection.stage import Film, Scale, gather, motion_columns
from soundstage.inspection.systems import Placed, System, layers_of, pack, ticks
from soundstage.reading import Keyframe, Reading, Shot

_COLUMNS_A_MINUTE = 600
_FEWEST_COLUMNS, _MOST_COLUMNS = 1200, 4000
_ROWS = 160
_POINTS = 2400
_MOST_PICTURES = 500


def write_page(
    reading: Reading, folder: Path, sheet: CueSheet | None, master: Path | None, html: Path, preview: Path | None
) -> None:
    """Write the page; see `soundstage.inspection.page`."""
    wanted = int(_COLUMNS_A_MINUTE * reading.facts.duration / 60)
    columns = min(max(wanted, _FEWEST_COLUMNS), _MOST_COLUMNS)
    film = gather(reading, folder, sheet, master, columns, _ROWS)
    write_aside(html, _render(film, embed.preview(preview) if preview else None))


def _render(film: Film, preview: str | None) -> str:
    script = sheets.text("page.js")
    pictures = _pictures(film)
    whole = Scale(System(0.0, film.duration, film.duration), 0.0, 100.0)
    return (
        sheets.templates()
        .get_template("page.html")
        .render(
            film=film,
            facts=palette.facts_line(film.reading.facts),
            counts=_counts(film),
            clock=palette.clock,
            layers=layers_of(film.sheet),
            lanes=[_lanes(film, layer) for layer in layers_of(film.sheet)],
            ticks=ticks(whole.system, 1000.0),
            scale=whole,
            shots=list(_strip(film, pictures)),
            motion=_motion_path(film),
            onsets=_onset_path(film),
            wave=_wave_paths(film),
            spectrum=embed.spectrum(film.spectrum) if film.spectrum is not None else None,
            scenes=[_SceneCard(scene, _first_picture(film, scene, pictures)) for scene in _scenes(film)],
            licences=_licences(film),
            preview=preview,
            style=sheets.style(),
            script=Markup(script),  # our own file, not a user's words
            script_hash=sheets.digest(script),
        )
    )


@dataclass(frozen=True)
class _SceneCard:
    """A scene, and the picture that stands for it."""

    scene: Scene
    picture: str | None


@dataclass(frozen=True)
class _Bar:
    """A cue on its lane: where its slot begins and ends in percent of the film, its bar in percent of the slot."""

    cue: Cue
    lane: int
    left: float
    reach: float
    bar: float


@dataclass(frozen=True)
class _Lanes:
    """A layer with its cues."""

    layer: Layer
    count: int
    bars: tuple[_Bar, ...]


def _counts(film: Film) -> str:
    counts = [palette.plural(len(film.reading.shots), "shot")]
    if film.sheet:
        counts += [palette.plural(len(film.sheet.scenes), "scene"), palette.plural(len(list(film.sheet.cues())), "cue")]
    return " · ".join(counts)


def _scenes(film: Film) -> Sequence[Scene]:
    return film.sheet.scenes if film.sheet else ()


def _lanes(film: Film, layer: Layer) -> _Lanes:
    cues = [cue for scene in _scenes(film) for cue in scene.cues if cue.layer is layer]
    laid = pack(cues, [max(cue.end, cue.start + film.duration / 400) for cue in cues])
    bars = tuple(_bar(placed, laid, film.duration) for placed in laid)
    return _Lanes(layer, 1 + max(placed.lane for placed in laid), bars)


def _bar(placed: Placed, laid: Sequence[Placed], duration: float) -> _Bar:
    cue = placed.cue
    after = [p.cue.start for p in laid if p.lane == placed.lane and p.cue.start > cue.start]
    reach = min(after, default=duration) - cue.start
    return _Bar(
        cue, placed.lane, 100 * cue.start / duration, 100 * reach / duration, min(100.0, 100 * cue.duration / reach)
    )


def _pictures(film: Film) -> dict[str, str]:
    """Keyframes as data URIs by file; of very many, those of the longest shots."""
    frames = [(shot, frame) for shot in film.reading.shots for frame in shot.keyframes]
    frames.sort(key=_importance, reverse=True)
    found = {frame.file: embed.keyframe(film.folder / frame.file) for _, frame in frames[:_MOST_PICTURES]}
    return {file: picture for file, picture in found.items() if picture is not None}


def _importance(pair: tuple[Shot, Keyframe]) -> float:
    shot, frame = pair
    return (shot.end - shot.start) * frame.weight


def _strip(film: Film, pictures: dict[str, str]) -> Iterator[tuple[Shot, list[str]]]:
    for shot in film.reading.shots:
        ordered = sorted(shot.keyframes, key=lambda frame: frame.time)
        yield shot, [pictures[frame.file] for frame in ordered if frame.file in pictures]


def _first_picture(film: Film, scene: Scene, pictures: dict[str, str]) -> str | None:
    first, last = scene.shots
    frames = [(s, f) for s in film.reading.shots[first : last + 1] for f in s.keyframes if f.file in pictures]
    return pictures[max(frames, key=_importance)[1].file] if frames else None


def _motion_path(film: Film) -> str | None:
    """An SVG path over a box of 1000 by 100."""
    if film.motion is None:
        return None
    whole = Scale(System(0.0, film.duration, film.duration), 0.0, 1000.0)
    ceiling = max(float(film.motion.energy.max(initial=0.0)), 1e-6)
    points = " ".join(f"L{x:.2f} {100 - 96 * e / ceiling:.1f}" for x, e in motion_columns(film.motion, whole, _POINTS))
    return f"M0 100 {points} L1000 100 Z"


def _onset_path(film: Film) -> str:
    onsets = [onset for shot in film.reading.shots for onset in shot.onsets]
    return " ".join(f"M{1000 * o.time / film.duration:.2f} 0V{20 + 80 * o.strength:.0f}" for o in onsets)


def _wave_paths(film: Film) -> tuple[str, str] | None:
    """Outline and energy as SVG paths over a box of 1000 by 200 around its middle."""
    outline = film.outline
    if outline is None:
        return None
    ceiling = max(float(np.abs(outline.low).max()), float(outline.high.max()), 0.05)
    return _ribbon(outline.high / ceiling, outline.low / ceiling), _ribbon(
        outline.rms / ceiling, -outline.rms / ceiling
    )


def _ribbon(high: np.ndarray, low: np.ndarray) -> str:
    x = np.linspace(0, 1000, len(high))
    there = [f"{a:.1f} {100 - 98 * b:.1f}" for a, b in zip(x, high, strict=True)]
    back = [f"{a:.1f} {100 - 98 * b:.1f}" for a, b in zip(x[::-1], low[::-1], strict=True)]
    return "M" + "L".join(there + back) + "Z"


def _licences(film: Film) -> list[tuple[str, int]]:
    licences = [cue.take.licence for scene in _scenes(film) for cue in scene.cues if cue.take and cue.take.licence]
    return Counter(licences).most_common()
