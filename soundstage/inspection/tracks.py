"""The tracks of one system, from scenes down to the spectrum. Each draws at y and returns its height."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from soundstage.cuesheet import Cue, Layer, Scene
from soundstage.inspection import palette
from soundstage.inspection.canvas import Canvas, text_width, wrap
from soundstage.inspection.spectrogram import HIGHEST, LOWEST
from soundstage.inspection.stage import Film, Scale, Sizes, average_colour, motion_columns, thumbnail
from soundstage.inspection.systems import Cell, Placed, cells, layers_of, pack, ticks
from soundstage.reading import Shot

Track = Callable[[Canvas, Film, Scale, Sizes, float], float]
_PIXELS_A_POINT = 2
_INSET = 7.0
_SCENE_INSET = 12.0
_LEAST_WORDS = 60.0
_MARGIN = 24.0
# A picture may be cropped to be this much wider than it is.
_WIDEST = 1.3
_PITCHES = ((100, "100"), (1000, "1k"), (10_000, "10k Hz"))


def ruler(canvas: Canvas, film: Film, scale: Scale, sizes: Sizes, y: float) -> float:
    """Round times along the top."""
    tenths = scale.system.seconds < 8
    for time in ticks(scale.system, scale.width):
        canvas.text(
            scale.x(time),
            y + 5,
            palette.clock(time, tenths=tenths),
            sizes.small,
            palette.FAINT,
            align=_align(time, scale),
        )
    return 14.0


def scenes(canvas: Canvas, film: Film, scale: Scale, sizes: Sizes, y: float) -> float:
    """Brackets over the scenes, with ids and captions as far as they fit."""
    seen = [s for s in film.sheet.scenes if scale.system.overlaps(s.start, s.end)] if film.sheet else []
    if not seen:
        return 0.0
    high = _scene_height(film, scale, sizes)
    foot = y + high
    for scene in seen:
        left, width = scale.span(scene.start, scene.end)
        left, right = left + 1, left + width - 1
        ends = [(left, foot - 3, right, foot - 3)]
        ends += [(left, foot - 3, left, foot)] if scene.start >= scale.system.start else []
        ends += [(right, foot - 3, right, foot)] if scene.end <= scale.system.end else []
        canvas.lines(ends, palette.MUTED, 0.8)
        _scene_words(canvas, scene, left + 2, width - _SCENE_INSET, y, sizes)
    _name(canvas, scale, "scenes", y + sizes.small / 2 + 1, sizes)
    return high + 3


def shots(canvas: Canvas, film: Film, scale: Scale, sizes: Sizes, y: float) -> float:
    """The film strip: keyframes at their times over a ribbon of their colours, cuts as gaps."""
    seen = [s for s in film.reading.shots if scale.system.overlaps(s.start, s.end)]
    facts = film.reading.facts.video
    width = min(sizes.strip * facts.width / facts.height, sizes.strip * 2.4)
    canvas.rectangle(scale.left, y, scale.right - scale.left, sizes.strip, palette.PANEL)
    strip = list(cells(seen, scale.seconds(width)))
    for cell in strip:
        _picture(canvas, film, cell, scale, sizes, y, width)
    borders = {cell.start for cell in strip}
    _cuts(canvas, [s for s in seen if s.start > scale.system.start], borders, scale, sizes, y)
    _name(canvas, scale, "shots", y + sizes.strip / 2, sizes)
    return sizes.strip + sizes.gap


def motion(canvas: Canvas, film: Film, scale: Scale, sizes: Sizes, y: float) -> float:
    """How much moves, with the onsets on the picture as ticks of their strength below."""
    if film.motion is None:
        return 0.0
    foot = y + sizes.motion
    columns = np.array(list(motion_columns(film.motion, scale, 700)))
    if len(columns):
        ceiling = max(float(film.motion.energy.max()), 1e-6)
        heights = foot - columns[:, 1] / ceiling * sizes.motion
        canvas.area(columns[:, 0], heights, np.full(len(columns), foot), palette.FAINT)
    onsets = [o for s in film.reading.shots for o in s.onsets if scale.system.start <= o.time < scale.system.end]
    canvas.lines([(scale.left, foot, scale.right, foot)], palette.HAIRLINE, 0.6)
    reach = sizes.gap * 0.6
    canvas.lines(
        [(scale.x(o.time), foot, scale.x(o.time), foot + 1 + reach * o.strength) for o in onsets], palette.TEXT, 0.9
    )
    _name(canvas, scale, "motion", y + sizes.motion / 2, sizes)
    return sizes.motion + sizes.gap * 1.4


def cues(canvas: Canvas, film: Film, scale: Scale, sizes: Sizes, y: float) -> float:
    """One lane after another for every layer that has cues anywhere in the film."""
    start = y
    for layer in layers_of(film.sheet):
        laid = _laid(film, layer, scale, sizes)
        height = _count(laid) * sizes.lane
        canvas.rectangle(scale.left, y, scale.right - scale.left, height, palette.PANEL)
        for placed, room in _rooms(laid, scale):
            _bar(canvas, placed.cue, room, scale, sizes, y + placed.lane * sizes.lane)
        _name(canvas, scale, layer.value, y + height / 2, sizes, palette.ON_DARK[layer])
        y += height + 2
    return y - start + (sizes.gap - 2 if y > start else 0)


def wave(canvas: Canvas, film: Film, scale: Scale, sizes: Sizes, y: float) -> float:
    """The outline of the sound, its energy brighter within."""
    if film.outline is None:
        return 0.0
    part = scale.part(len(film.outline.low), film.duration)
    low, high, rms = film.outline.low[part], film.outline.high[part], film.outline.rms[part]
    middle, half = y + sizes.wave / 2, sizes.wave / 2
    ceiling = max(float(np.abs(film.outline.low).max()), float(film.outline.high.max()), 0.05)
    x = np.linspace(scale.left, scale.right, len(low)) if len(low) else np.zeros(0)
    canvas.area(x, middle - high / ceiling * half, middle - low / ceiling * half, "#3d5a57")
    canvas.area(x, middle - rms / ceiling * half, middle + rms / ceiling * half, palette.SOUND)
    canvas.lines([(scale.left, middle, scale.right, middle)], palette.HAIRLINE, 0.5)
    _name(canvas, scale, film.sound_name, middle, sizes)
    return sizes.wave + sizes.gap


def spectrum(canvas: Canvas, film: Film, scale: Scale, sizes: Sizes, y: float) -> float:
    """The spectrogram, pitches in octaves."""
    if film.spectrum is None:
        return 0.0
    canvas.rectangle(scale.left, y, scale.right - scale.left, sizes.spectrum, palette.PANEL)
    part = film.spectrum[:, scale.part(film.spectrum.shape[1], film.duration)]
    if part.shape[1]:
        canvas.shades(part, scale.left, y, scale.right - scale.left, sizes.spectrum)
    for hertz, name in _PITCHES:
        place = y + sizes.spectrum * (1 - np.log(hertz / LOWEST) / np.log(HIGHEST / LOWEST))
        canvas.lines([(scale.left - 4, place, scale.left, place)], palette.FAINT, 0.6)
        canvas.text(scale.left - 7, place, name, sizes.small - 1, palette.FAINT, align="right")
    return sizes.spectrum + sizes.gap


TRACKS: tuple[Track, ...] = (ruler, scenes, shots, motion, cues, wave, spectrum)


def height(film: Film, scale: Scale, sizes: Sizes) -> float:
    """How high all tracks of a system are together."""
    lanes = [_count(_laid(film, layer, scale, sizes)) for layer in layers_of(film.sheet)]
    total = 14.0 + sizes.strip + sizes.gap
    total += _scene_height(film, scale, sizes) + 3 if film.sheet else 0
    total += sizes.motion + sizes.gap * 1.4 if film.motion is not None else 0
    total += sum(lane * sizes.lane + 2 for lane in lanes) + (sizes.gap - 2 if lanes else 0)
    return total + (sizes.wave + sizes.spectrum + 2 * sizes.gap if film.outline is not None else 0)


def _align(time: float, scale: Scale) -> Literal["left", "center", "right"]:
    if time <= scale.system.start:
        return "left"
    return "right" if scale.width - (scale.x(time) - scale.left) < _INSET else "center"


def _name(canvas: Canvas, scale: Scale, name: str, y: float, sizes: Sizes, colour: str = palette.MUTED) -> None:
    canvas.text(scale.left - 12, y, name, sizes.words - 0.5, colour, align="right")


def _scene_height(film: Film, scale: Scale, sizes: Sizes) -> float:
    """Room for the ids, and for as many lines as the longest caption needs."""
    if sizes.scene_lines == 1 or film.sheet is None:
        return sizes.words * 2.1
    lines = [
        len(_caption(scene, scale.span(scene.start, scene.end)[1] - _SCENE_INSET, sizes)) for scene in film.sheet.scenes
    ]
    return sizes.words * (1.9 + 1.35 * max(lines))


def _caption(scene: Scene, room: float, sizes: Sizes) -> list[str]:
    return wrap(scene.caption.summary or scene.caption.background, room, sizes.small + 0.5, sizes.scene_lines)


def _scene_words(canvas: Canvas, scene: Scene, x: float, room: float, y: float, sizes: Sizes) -> None:
    line = sizes.words * 1.35
    top = y + sizes.words / 2 + 1
    taken = canvas.text(x, top, scene.id, sizes.words, palette.TEXT, weight="bold", room=room)
    if not taken:
        return
    words = scene.caption.summary or scene.caption.background
    if sizes.scene_lines == 1:
        canvas.text(x + taken + 6, top, words, sizes.words, palette.MUTED, room=max(0.0, room - taken - 6))
        return
    canvas.text(
        x + taken + 8,
        top,
        palette.clock(scene.start, tenths=True),
        sizes.small,
        palette.FAINT,
        room=max(0.0, room - taken - 8),
    )
    for number, text in enumerate(_caption(scene, room, sizes)):
        canvas.text(x, top + (number + 1) * line, text, sizes.small + 0.5, palette.MUTED)


def _picture(canvas: Canvas, film: Film, cell: Cell, scale: Scale, sizes: Sizes, y: float, width: float) -> None:
    left, room = scale.span(cell.start, cell.end)
    path = film.folder / cell.frame.file
    mean = average_colour(path)
    if mean is not None:
        canvas.rectangle(left, y, room, sizes.strip, "#{:02x}{:02x}{:02x}".format(*(int(c * 0.4) for c in mean)))
    width = min(room, width * _WIDEST)
    x = min(max(scale.x(cell.frame.time) - width / 2, left), left + room - width)
    pixels = thumbnail(path, max(1, round(width * _PIXELS_A_POINT)), round(sizes.strip * _PIXELS_A_POINT))
    if pixels is not None:
        canvas.image(pixels, x, y, width, sizes.strip)


def _cuts(canvas: Canvas, seen: Sequence[Shot], borders: set[float], scale: Scale, sizes: Sizes, y: float) -> None:
    """Cuts between pictures part them; cuts within a shared picture are notches at its foot."""
    between = [scale.x(shot.start) for shot in seen if shot.start in borders]
    within = [scale.x(shot.start) for shot in seen if shot.start not in borders]
    foot = y + sizes.strip
    canvas.lines([(x, y, x, foot) for x in between], palette.GROUND, 1.6)
    canvas.lines([(x, foot - sizes.strip * 0.14, x, foot) for x in within], palette.GROUND, 1.4)


def _laid(film: Film, layer: Layer, scale: Scale, sizes: Sizes) -> tuple[Placed, ...]:
    """A layer's cues in lanes, with their words beside short bars, else closer, else heaped in the last lane."""
    assert film.sheet is not None
    seen = [c for c in film.sheet.cues() if c.layer is layer and scale.system.overlaps(c.start, c.end)]
    laid = pack(seen, [_reach(cue, scale, sizes) for cue in seen])
    last = sizes.most_lanes - 1
    if any(placed.lane > last for placed in laid):
        laid = pack(seen, [cue.end for cue in seen])
    return tuple(Placed(p.cue, min(p.lane, last)) for p in laid)


def _count(laid: Sequence[Placed]) -> int:
    return 1 + max((placed.lane for placed in laid), default=0)


def _rooms(laid: Sequence[Placed], scale: Scale) -> Iterator[tuple[Placed, float]]:
    """Every cue with the points that its words may take: up to the next bar of its lane, or the margin."""
    for placed in laid:
        after = [p.cue.start for p in laid if p.lane == placed.lane and p.cue.start > placed.cue.start]
        right = scale.x(min(after)) if after else scale.right + _MARGIN
        yield placed, right - scale.x(placed.cue.start) - 1.5 * _INSET


def _reach(cue: Cue, scale: Scale, sizes: Sizes) -> float:
    """The time up to which a cue's bar, or its words if they are longer, reach."""
    left, width = scale.span(cue.start, cue.end)
    if cue.layer is Layer.SPEECH:
        return max(cue.end, scale.system.start + scale.seconds(left + _LEAST_WORDS - scale.left))
    words = text_width(_words(cue), sizes.words) + 2 * _INSET
    return scale.system.start + scale.seconds(left + words - scale.left) if words > width else cue.end


def _words(cue: Cue) -> str:
    return cue.text if cue.layer is Layer.SPEECH and cue.text else cue.label


def _bar(canvas: Canvas, cue: Cue, room: float, scale: Scale, sizes: Sizes, y: float) -> None:
    """A cue: its length with its fades as slopes, its words, and its anchors as ticks below them."""
    colour = palette.ON_DARK[cue.layer]
    left, width = scale.span(cue.start, cue.end)
    width = max(width, 1.5)
    top, foot = y + 1.5, y + sizes.lane - 1.5
    points = scale.width / scale.system.seconds
    rise = min(width / 2, points * cue.fade_in) if cue.start >= scale.system.start else 0.0
    fall = min(width / 2, points * cue.fade_out) if cue.end <= scale.system.end else 0.0
    canvas.polygon([(left, foot), (left + rise, top), (left + width - fall, top), (left + width, foot)], colour, 0.34)
    canvas.lines([(left + 0.6, foot, left + 0.6, top if rise < 2 else foot - 4)], colour, 1.4)
    hits = [a for a in cue.anchors if scale.system.start <= a.time <= scale.system.end]
    reach = sizes.lane * 0.34
    places = [(scale.x(a.time), foot - reach * (0.4 + 0.6 * a.strength)) for a in hits]
    canvas.lines([(x, foot, x, high) for x, high in places], colour, 1.5)
    _bar_words(canvas, cue, left + _INSET, width - 2 * _INSET, room, y + sizes.lane * (0.37 if hits else 0.5), sizes)


def _bar_words(canvas: Canvas, cue: Cue, x: float, bar: float, room: float, y: float, sizes: Sizes) -> None:
    # A sentence is cut to its bar; a name may reach beyond it.
    if cue.layer is Layer.SPEECH:
        room = min(room, max(bar, _LEAST_WORDS - 2 * _INSET))
    taken = canvas.text(x, y, _words(cue), sizes.words, palette.TEXT, room=room)
    level = f"{cue.level:.0f}".replace("-", "−")
    if taken and taken + 7 + text_width(level, sizes.small) <= bar:
        canvas.text(x + taken + 7, y, level, sizes.small, palette.MUTED)
