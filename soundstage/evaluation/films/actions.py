"""What can be seen to sound: how each action is painted at any time, and the instants at which it sounds.

Every action is drawn from a random generator and a length; the same draws give the same action.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from soundstage.evaluation.films.sheet import Sheet
from soundstage.evaluation.films.timing import Instants, drawn, glow, raised, regular, since, until

Paint = Callable[[Sheet, float], None]
"""Paints what is seen at a time of the scene (s)."""


@dataclass(frozen=True)
class Action:
    """Something going on in a scene: the instants (s from its start) at which it sounds, and how it looks."""

    instants: Instants
    paint: Paint


_SKIN, _CLOTH, _STEEL, _WOOD = (226, 178, 144), (52, 74, 128), (206, 210, 216), (138, 90, 48)
_DARK, _FLAME, _BLAZE = (34, 32, 36), (250, 150, 40), (255, 232, 150)
_GRAVITY = 4.0  # picture heights per second squared


def ball(rng: np.random.Generator, seconds: float) -> Action:
    """A ball that bounces on the floor; between two contacts it flies a parabola."""
    instants = drawn(rng, seconds, 0.5, 0.85)
    contacts = (*instants, seconds + 0.2)
    x, drift = float(rng.uniform(0.4, 0.6)), float(rng.uniform(-0.1, 0.1))

    def height(time: float) -> float:
        if time < contacts[0]:
            return min(0.6, _GRAVITY * (contacts[0] - time) ** 2 / 2)
        start, end = next((a, b) for a, b in pairwise((*contacts, math.inf)) if a <= time + 1e-6 < b)
        return _GRAVITY * max(0.0, time - start) * max(0.0, min(end, seconds + 1) - time) / 2

    def paint(sheet: Sheet, time: float) -> None:
        y = 0.88 - 0.07 - height(time)
        sheet.disc(x + drift * time / seconds, y, 0.07, (236, 122, 38))
        sheet.disc(x + drift * time / seconds - 0.012, y - 0.02, 0.02, (255, 190, 130))

    return Action(instants, paint)


def hammer(rng: np.random.Generator, seconds: float) -> Action:
    """A hammer that strikes an anvil, with sparks."""
    instants, x = drawn(rng, seconds, 0.7, 1.1), float(rng.uniform(0.42, 0.55))

    def paint(sheet: Sheet, time: float) -> None:
        y = 0.72 - 0.42 * raised(instants, time)
        sheet.shape([(x - 0.12, 0.72), (x + 0.12, 0.72), (x + 0.06, 0.9), (x - 0.06, 0.9)], (70, 74, 82))
        sheet.line((x, y - 0.09), (x + 0.24, y - 0.05), 0.035, _WOOD)
        sheet.box(x - 0.05, y - 0.16, x + 0.05, y, _STEEL)
        _sparks(sheet, x, 0.72, since(instants, time))

    return Action(instants, paint)


def knife(rng: np.random.Generator, seconds: float) -> Action:
    """A knife that chops on a board."""
    instants = drawn(rng, seconds, 0.4, 0.6)

    def paint(sheet: Sheet, time: float) -> None:
        y = 0.74 - 0.24 * raised(instants, time)
        sheet.box(0.25, 0.74, 0.75, 0.8, (196, 150, 96))
        sheet.disc(0.4, 0.71, 0.045, (88, 168, 70))
        sheet.shape([(0.4, y), (0.62, y), (0.62, y - 0.1), (0.44, y - 0.07)], _STEEL)
        sheet.box(0.62, y - 0.1, 0.74, y - 0.04, _WOOD)

    return Action(instants, paint)


def steps(rng: np.random.Generator, seconds: float) -> Action:
    """Somebody who walks across; a foot comes down at every instant."""
    instants = regular(rng, seconds, 0.5, 0.65)

    def paint(sheet: Sheet, time: float) -> None:
        x, swing = 0.25 + 0.5 * time / seconds, _stride(instants, time)
        hip = (x, 0.62 - 0.02 * (1 - abs(swing)))
        for side, colour in ((1.0, _CLOTH), (-1.0, (40, 56, 98))):
            sheet.line(hip, (x + 0.075 * side * swing, 0.88), 0.045, colour)
        sheet.line(hip, (x, hip[1] - 0.24), 0.09, (176, 58, 52))
        sheet.disc(x, hip[1] - 0.31, 0.06, _SKIN)

    return Action(instants, paint)


def door(rng: np.random.Generator, seconds: float) -> Action:
    """A door that opens slowly and slams."""
    instants = drawn(rng, seconds, 2.2, 3.2)

    def paint(sheet: Sheet, time: float) -> None:
        opening = 0.7 * raised(instants, time)
        shake = 0.008 * math.sin(60 * time) * glow(instants, time, 0.08)
        sheet.box(0.38, 0.22, 0.62, 0.9, (24, 22, 26))
        edge = 0.39 + 0.22 * (1 - opening) + shake
        sheet.shape([(0.39, 0.24), (edge, 0.24 - 0.1 * opening), (edge, 0.89 + 0.06 * opening), (0.39, 0.89)], _WOOD)
        sheet.disc(edge - 0.02, 0.58, 0.016, (220, 190, 90))

    return Action(instants, paint)


def blast(rng: np.random.Generator, seconds: float) -> Action:
    """An explosion that lights everything up and leaves smoke."""
    instants = drawn(rng, seconds, 2.4, 3.6)
    places = rng.uniform(0.3, 0.7, max(1, len(instants)))

    def paint(sheet: Sheet, time: float) -> None:
        for at, x in zip(instants, places, strict=False):
            age = time - at
            if -1e-6 <= age < 2.2:
                smoke = int(60 + 50 * min(1.0, age))
                sheet.disc(float(x), 0.72 - 0.12 * age, 0.1 + 0.1 * min(1.0, 2 * age), (smoke, smoke, smoke))
            if -1e-6 <= age < 0.6:
                sheet.disc(float(x), 0.74, 0.06 + 0.3 * min(0.6, 2 * age), _FLAME)
                sheet.disc(float(x), 0.74, 0.04 + 0.16 * min(0.6, 2 * age), _BLAZE)
        sheet.light(0.85 * glow(instants, time, 0.1))

    return Action(instants, paint)


def shots(rng: np.random.Generator, seconds: float) -> Action:
    """A gun that fires: a flash at its muzzle, and a kick."""
    instants = drawn(rng, seconds, 0.8, 1.6)

    def paint(sheet: Sheet, time: float) -> None:
        fired = glow(instants, time, 0.06)
        back = 0.03 * fired
        sheet.line((0.18 - back, 0.62), (0.52 - back, 0.55), 0.035, _DARK)
        sheet.box(0.14 - back, 0.58, 0.24 - back, 0.7, (64, 78, 52))
        if fired > 0.1:
            _star(sheet, 0.56, 0.545, 0.05 + 0.12 * fired, _BLAZE)
        sheet.light(0.3 * fired)

    return Action(instants, paint)


def dog(rng: np.random.Generator, seconds: float) -> Action:
    """A dog whose head jerks and whose mouth opens at every bark."""
    instants = drawn(rng, seconds, 0.6, 1.3)

    def paint(sheet: Sheet, time: float) -> None:
        bark = glow(instants, time, 0.12)
        fur, x, y = (150, 106, 62), 0.58 + 0.02 * bark, 0.5 - 0.04 * bark
        sheet.box(0.3, 0.56, 0.56, 0.74, fur)
        for leg in (0.32, 0.38, 0.48, 0.54):
            sheet.box(leg, 0.72, leg + 0.03, 0.9, fur)
        sheet.line((0.31, 0.6), (0.24, 0.48), 0.04, fur)
        sheet.disc(x, y, 0.1, fur)
        sheet.shape([(x, y - 0.03), (x + 0.13, y + 0.01), (x, y + 0.05)], (126, 88, 50))
        sheet.shape([(x, y + 0.03), (x + 0.11, y + 0.03 + 0.12 * bark), (x, y + 0.08)], (126, 88, 50))
        sheet.shape([(x - 0.05, y - 0.08), (x - 0.01, y - 0.16), (x + 0.01, y - 0.07)], (96, 66, 38))

    return Action(instants, paint)


def fist(rng: np.random.Generator, seconds: float) -> Action:
    """A fist that lands, with a star as in a comic."""
    instants = drawn(rng, seconds, 0.6, 1.2)

    def paint(sheet: Sheet, time: float) -> None:
        reach = 0.56 - 0.26 * raised(instants, time)
        hit = glow(instants, time, 0.14)
        sheet.disc(0.68 + 0.03 * hit, 0.5, 0.14, (90, 160, 90))
        if hit > 0.15:
            _star(sheet, 0.6, 0.5, 0.1 + 0.16 * hit, (255, 226, 60))
        sheet.line((0.1, 0.62), (reach, 0.52), 0.08, (190, 50, 60))
        sheet.disc(reach, 0.52, 0.07, _SKIN)

    return Action(instants, paint)


def swords(rng: np.random.Generator, seconds: float) -> Action:
    """Two blades that meet, with sparks."""
    instants = drawn(rng, seconds, 0.6, 1.2)

    def paint(sheet: Sheet, time: float) -> None:
        apart = 0.2 * raised(instants, time)
        sheet.line((0.2, 0.85), (0.5 - apart, 0.35), 0.03, _STEEL)
        sheet.line((0.8, 0.85), (0.5 + apart, 0.35), 0.03, (236, 236, 244))
        for x in (0.2, 0.8):
            sheet.disc(x, 0.86, 0.05, _WOOD)
        _sparks(sheet, 0.5, 0.37, since(instants, time))

    return Action(instants, paint)


def laser(rng: np.random.Generator, seconds: float) -> Action:
    """A beam that strikes a target in space."""
    instants = drawn(rng, seconds, 0.8, 1.6)

    def paint(sheet: Sheet, time: float) -> None:
        fired = glow(instants, time, 0.1)
        sheet.shape([(0.1, 0.6), (0.3, 0.52), (0.1, 0.44)], (150, 160, 186))
        sheet.disc(0.82, 0.4, 0.09, (118, 92, 132))
        if fired > 0.15:
            sheet.line((0.3, 0.52), (0.8, 0.41), 0.02 + 0.02 * fired, (90, 255, 140))
            _star(sheet, 0.78, 0.41, 0.04 + 0.12 * fired, (210, 255, 220))
        sheet.light(0.25 * fired)

    return Action(instants, paint)


def lightning(rng: np.random.Generator, seconds: float) -> Action:
    """Rain with lightning that strikes close by: its thunder comes at once."""
    instants = drawn(rng, seconds, 2.6, 4.0)
    falling = rain(rng, seconds).paint

    def paint(sheet: Sheet, time: float) -> None:
        falling(sheet, time)
        flash = glow(instants, time, 0.14)
        if flash > 0.3:
            for start, end in pairwise([(0.55, 0.0), (0.5, 0.2), (0.57, 0.32), (0.48, 0.6)]):
                sheet.line(start, end, 0.014, (250, 250, 255))
        sheet.light(0.8 * flash)

    return Action(instants, paint)


def bell(rng: np.random.Generator, seconds: float) -> Action:
    """A bell that swings and is struck at each end of its swing."""
    instants = regular(rng, seconds, 1.6, 2.2)

    def paint(sheet: Sheet, time: float) -> None:
        swing = 0.5 * _stride(instants, time)
        turn = partial(_turned, (0.5, 0.2), swing)
        body = [turn(x, y) for x, y in ((-0.05, 0.06), (0.05, 0.06), (0.09, 0.32), (-0.09, 0.32))]
        sheet.box(0.3, 0.14, 0.7, 0.2, _WOOD)
        sheet.shape(body, (196, 160, 70))
        clapper = _turned((0.5, 0.2), 1.4 * swing, 0.0, 0.38)
        sheet.disc(*clapper, 0.035, (120, 96, 44))

    return Action(instants, paint)


def horn(rng: np.random.Generator, seconds: float) -> Action:
    """A car that stands, flashes its lamps and sounds its horn."""
    instants = drawn(rng, seconds, 1.5, 2.6)

    def paint(sheet: Sheet, time: float) -> None:
        lit = 1.0 if since(instants, time) < 0.35 else 0.0
        sheet.box(0.3, 0.6, 0.7, 0.8, (180, 44, 44))
        sheet.shape([(0.36, 0.6), (0.42, 0.46), (0.58, 0.46), (0.64, 0.6)], (120, 150, 176))
        for x in (0.36, 0.64):
            sheet.disc(x, 0.68, 0.045 + 0.04 * lit, (255, 250, 214) if lit else (130, 120, 90))
            sheet.box(x - 0.04, 0.8, x + 0.04, 0.88, _DARK)
        sheet.light(0.12 * lit)

    return Action(instants, paint)


def clock(rng: np.random.Generator, seconds: float) -> Action:
    """A clock whose hand jumps at every tick."""
    instants = regular(rng, seconds, 0.5, 1.0)

    def paint(sheet: Sheet, time: float) -> None:
        passed = sum(at <= time + 1e-6 for at in instants)
        angle = math.tau * passed / 12
        sheet.disc(0.5, 0.46, 0.3, _WOOD)
        sheet.disc(0.5, 0.46, 0.27, (240, 236, 220))
        sheet.line((0.5, 0.46), _turned((0.5, 0.46), angle, 0.0, -0.22), 0.025, _DARK)
        sheet.disc(0.5, 0.46, 0.03, (160, 40, 40))

    return Action(instants, paint)


def rain(rng: np.random.Generator, seconds: float) -> Action:
    """Rain: streaks that fall."""
    x, phase, speed = rng.random(130), rng.random(130), rng.uniform(1.6, 2.4, 130)

    def paint(sheet: Sheet, time: float) -> None:
        for across, y in zip(x, (phase + speed * time) % 1.1, strict=True):
            sheet.line((float(across), float(y) - 0.07), (float(across) - 0.008, float(y)), 0.004, (186, 200, 220))

    return Action((), paint)


def _stride(instants: Instants, time: float) -> float:
    """-1 to 1 and back: at an end at every instant, from one end to the other between two."""
    behind, ahead = since(instants, time), until(instants, time)
    if math.isinf(behind):
        return -math.cos(math.pi * min(1.0, ahead / 0.5)) if not math.isinf(ahead) else 0.0
    passed = sum(at <= time + 1e-6 for at in instants)
    share = 0.0 if math.isinf(ahead) else behind / (behind + ahead)
    return (1.0 if passed % 2 else -1.0) * -math.cos(math.pi * (1 - share))


def _turned(centre: tuple[float, float], angle: float, x: float, y: float) -> tuple[float, float]:
    """A place relative to a centre, turned about it; the picture is 16 to 9."""
    across = x * 16 / 9 * math.cos(angle) - y * math.sin(angle)
    down = x * 16 / 9 * math.sin(angle) + y * math.cos(angle)
    return centre[0] + across * 9 / 16, centre[1] + down


def _sparks(sheet: Sheet, x: float, y: float, age: float) -> None:
    if age > 0.24:
        return
    for number in range(8):
        angle = math.pi * (number + 0.5) / 8
        near, far = 0.04 + 0.5 * age, 0.08 + 0.8 * age
        start = (x + near * math.cos(angle) * 9 / 16, y - near * math.sin(angle))
        end = (x + far * math.cos(angle) * 9 / 16, y - far * math.sin(angle))
        sheet.line(start, end, 0.012, _BLAZE)


def _star(sheet: Sheet, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
    points = []
    for number in range(16):
        angle, size = math.tau * number / 16, radius * (1.0 if number % 2 else 0.5)
        points.append((x + size * math.cos(angle) * 9 / 16, y + size * math.sin(angle)))
    sheet.shape(points, colour)
