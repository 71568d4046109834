"""Moving textures: what goes on sounding all through a scene, without instants of its own."""

import math
from itertools import pairwise

import numpy as np

from soundstage.evaluation.films.actions import Action
from soundstage.evaluation.films.sheet import Sheet
from soundstage.evaluation.films.timing import on_picture


def waves(rng: np.random.Generator, seconds: float) -> Action:
    """Waves that roll towards a beach."""
    phases = rng.uniform(0, math.tau, 6)

    def paint(sheet: Sheet, time: float) -> None:
        for number, phase in enumerate(phases):
            y = 0.45 + 0.08 * number + 0.03 * math.sin(0.9 * time + float(phase))
            crest = [(n / 16, y + 0.014 * math.sin(n * 1.3 + 1.8 * time + float(phase))) for n in range(17)]
            sheet.shape([*crest, (1.0, y + 0.1), (0.0, y + 0.1)], (30, 84 + 12 * number, 128 + 8 * number))
            for start, end in pairwise(crest):
                sheet.line(start, end, 0.01, (226, 238, 244))

    return Action((), paint)


def fire(rng: np.random.Generator, seconds: float) -> Action:
    """Flames that flicker over logs."""
    phases, rates = rng.uniform(0, math.tau, 9), rng.uniform(5, 9, 9)

    def paint(sheet: Sheet, time: float) -> None:
        for layer, (size, colour) in enumerate(((1.0, (220, 84, 24)), (0.7, (250, 160, 44)), (0.4, (255, 236, 160)))):
            for number, (phase, rate) in enumerate(zip(phases, rates, strict=True)):
                x = 0.34 + 0.04 * number
                tall = size * (0.32 + 0.1 * math.sin(rate * time + float(phase) + layer))
                sway = 0.02 * math.sin(3 * time + float(phase))
                sheet.shape([(x - 0.04, 0.84), (x + sway, 0.84 - tall), (x + 0.04, 0.84)], colour)
        sheet.line((0.3, 0.86), (0.7, 0.82), 0.05, (84, 54, 34))
        sheet.line((0.3, 0.82), (0.7, 0.87), 0.05, (70, 44, 28))

    return Action((), paint)


def grass(rng: np.random.Generator, seconds: float) -> Action:
    """A meadow in the wind, with birds that fly over."""
    x, tall, phase = rng.random(90), rng.uniform(0.1, 0.24, 90), rng.uniform(0, math.tau, 90)
    birds = rng.uniform((0.0, 0.12), (1.0, 0.35), (4, 2))

    def paint(sheet: Sheet, time: float) -> None:
        for across, size, shift in zip(x, tall, phase, strict=True):
            sway = 0.03 * math.sin(1.6 * time + float(shift))
            sheet.line((float(across), 1.0), (float(across) + sway, 1.0 - float(size)), 0.012, (142, 186, 84))
        for left, y in birds:
            at, flap = (float(left) + 0.07 * time) % 1.0, 0.03 * math.sin(9 * time + 20 * float(left))
            sheet.line((at - 0.02, float(y) - flap), (at, float(y)), 0.008, (40, 40, 46))
            sheet.line((at, float(y)), (at + 0.02, float(y) - flap), 0.008, (40, 40, 46))

    return Action((), paint)


def traffic(rng: np.random.Generator, seconds: float) -> Action:
    """Cars that pass in both directions; one is nearest at each instant, without a sharp beginning."""
    times = np.arange(float(rng.uniform(1.0, 2.0)), seconds, 2.6)
    colours = rng.integers(60, 220, (len(times), 3))

    def paint(sheet: Sheet, time: float) -> None:
        for number, (at, colour) in enumerate(zip(times, colours, strict=True)):
            way, y = (1, 0.72) if number % 2 else (-1, 0.84)
            x = 0.5 + way * 0.55 * (time - float(at))
            red, green, blue = (int(part) for part in colour)
            sheet.box(x - 0.1, y - 0.08, x + 0.1, y, (red, green, blue))
            sheet.box(x - 0.05, y - 0.15, x + 0.05, y - 0.08, (120, 150, 176))
            for wheel in (-0.06, 0.06):
                sheet.disc(x + wheel, y, 0.03, (24, 24, 26))

    return Action((), paint)


def frying(rng: np.random.Generator, seconds: float) -> Action:
    """A pan in which fat bubbles."""
    x, y, phase = rng.uniform(0.32, 0.68, 40), rng.uniform(0.56, 0.74, 40), rng.random(40)

    def paint(sheet: Sheet, time: float) -> None:
        sheet.disc(0.5, 0.65, 0.36, (44, 44, 48))
        sheet.disc(0.5, 0.65, 0.32, (176, 120, 40))
        sheet.line((0.7, 0.65), (0.98, 0.6), 0.06, (30, 30, 32))
        for across, down, shift in zip(x, y, phase, strict=True):
            size = 0.022 * ((3 * time + float(shift)) % 1.0)
            sheet.disc(float(across), float(down), size, (250, 220, 130))

    return Action((), paint)


def wheels(rng: np.random.Generator, seconds: float) -> Action:
    """A machine whose wheels turn and whose belt runs."""
    speed = float(rng.uniform(4, 7))

    def paint(sheet: Sheet, time: float) -> None:
        for x, size, way in ((0.34, 0.2, 1.0), (0.66, 0.14, -1.4)):
            sheet.disc(x, 0.55, size, (96, 104, 116))
            for spoke in range(5):
                angle = way * speed * time + math.tau * spoke / 5
                end = (x + size * math.cos(angle) * 9 / 16, 0.55 + size * math.sin(angle))
                sheet.line((x, 0.55), end, 0.024, (200, 206, 214))
        for number in range(10):
            at = (number / 10 + 0.2 * time) % 1.0
            sheet.box(at, 0.8, at + 0.05, 0.84, (170, 130, 60))

    return Action((), paint)


def stars(rng: np.random.Generator, seconds: float) -> Action:
    """A flight through stars, past a panel of lights."""
    angle, start = rng.uniform(0, math.tau, 80), rng.random(80)

    def paint(sheet: Sheet, time: float) -> None:
        for way, first in zip(angle, start, strict=True):
            far = (float(first) + 0.25 * time) % 1.0
            x, y = 0.5 + 0.6 * far * math.cos(way), 0.4 + 0.6 * far * math.sin(way)
            sheet.disc(x, y, 0.004 + 0.008 * far, (230, 236, 255))
        for number in range(8):
            lit = math.sin(2.4 * time + 1.7 * number) > 0
            sheet.disc(0.2 + 0.085 * number, 0.93, 0.02, (90, 230, 160) if lit else (40, 70, 60))

    return Action((), paint)


def passing(rng: np.random.Generator, seconds: float) -> Action:
    """A train that passes from side to side."""
    at = on_picture(seconds / 2)

    def paint(sheet: Sheet, time: float) -> None:
        sheet.line((0.0, 0.86), (1.0, 0.86), 0.016, (90, 84, 78))
        for number in range(6):
            x = 0.5 + 0.4 * (time - at) - 0.34 * (number - 2.5)
            sheet.box(x - 0.16, 0.56, x + 0.16, 0.82, (150, 40, 44) if number else (40, 60, 110))
            for window in (-0.1, -0.03, 0.04, 0.11):
                sheet.box(x + window - 0.02, 0.61, x + window + 0.02, 0.68, (220, 226, 200))

    return Action((), paint)
