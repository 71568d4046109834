"""Steps by what lies under them: heel, then sole; grains that give way; boards that ring."""

import numpy as np

from soundstage.synth.procedural.envelopes import decay, laid, pluck, smooth_path
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import BODY, CERAMIC, METAL, STONE, WOOD, strike
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.recipes.water import bubble

WOODEN, HARD, GRAVEL, GRASS, SNOW, SAND, METALLIC, WET, LEAVES, MUD, CARPET = range(11)


@hit(
    "step",
    Parameter(
        "surface",
        HARD,
        0,
        10,
        "0 wood, 1 stone, 2 gravel, 3 grass, 4 snow, 5 sand, 6 metal, 7 water, 8 leaves, 9 mud, 10 carpet",
    ),
    Parameter("weight", 0.5, doc="child (0) to heavy man (1)"),
    Parameter("shoe", 0.5, doc="barefoot (0) to hard heel (1)"),
    Parameter("roll", 0.5, doc="time between heel and sole: running (0) to slow walk (1)"),
    every=0.56,
    jitter=0.035,
)
def step(making: Making) -> Floats:
    """One footfall; left and right differ a little, no two are the same."""
    rng, shoe, weight = making.rng, making["shoe"], making["weight"]
    surface = making.choice("surface")
    foot = np.random.default_rng([making.seed, 9, making.index % 2])
    gap = (0.03 + 0.09 * making["roll"]) * rng.uniform(0.85, 1.15)
    heel = _contact(rng, foot, surface, shoe, weight, 1.0)
    sole = _contact(rng, foot, surface, 0.5 * shoe, weight, 0.55)
    parts = [(0.0, heel), (gap, sole * rng.uniform(0.35, 0.6))]
    if surface in _LOOSE:
        parts.append((0.0, _crush(rng, surface, gap, weight) * _LOOSE[surface][0]))
    scuff = hiss(rng, 0.07, band(1200, 6000)) * smooth_path(0.07, ((0, 0), (0.4, 1), (1, 0)))
    parts.append((gap, 0.05 * rng.uniform(0.2, 1.0) * scuff))
    return laid(gap + 0.45, parts)


def _contact(
    rng: np.random.Generator, foot: np.random.Generator, surface: int, shoe: float, weight: float, force: float
) -> Floats:
    """What the sole and the ground do when they meet."""
    thud = peaked(strike(rng, foot, BODY, 0.7 + 0.6 * weight, 0.25 + 0.5 * shoe, 0.5)) * (0.3 + 0.4 * weight)
    if surface == WOODEN:
        board = peaked(strike(rng, foot, WOOD, 1.0 + 0.5 * weight, 0.3 + 0.6 * shoe, 0.55))
        return _both(_both(thud, board * 0.9), _tap(rng, 0.5 * shoe, 1800))
    if surface == HARD:
        click = peaked(strike(rng, foot, STONE, 0.9, 0.2 + 0.8 * shoe, 0.8))
        return _both(_both(0.55 * thud, click * (0.25 + 0.75 * shoe)), _tap(rng, 0.6 * shoe + 0.1, 3200))
    if surface == METALLIC:
        plate = peaked(strike(rng, foot, METAL, 2.4 + 0.8 * weight, 0.3 + 0.5 * shoe, 0.10))
        return _both(_both(0.5 * thud, plate * 0.8), _tap(rng, 0.5 * shoe, 2600))
    if surface == WET:
        slap = hiss(rng, 0.2, ((200, -2), (800, 0), (3500, -8))) * pluck(0.2, 0.001, 0.13)
        return _both(0.3 * thud, 0.8 * peaked(slap) * force)
    if surface == CARPET:
        return _both(0.9 * thud, 0.10 * peaked(hiss(rng, 0.06, band(400, 2200)) * pluck(0.06, 0.001, 0.05)))
    start = hiss(rng, 0.03, band(300, 5000)) * pluck(0.03, 0.0005, 0.02)
    return _both(0.35 * thud, 0.30 * peaked(start))


def _tap(rng: np.random.Generator, loud: float, hertz: float) -> Floats:
    return loud * peaked(hiss(rng, 0.03, ((hertz * 0.5, -4), (hertz, 0), (hertz * 2.5, -6))) * decay(0.03, 0.012))


def _both(one: Floats, other: Floats) -> Floats:
    out = np.zeros(max(len(one), len(other)))
    out[: len(one)] += one
    out[: len(other)] += other
    return out


# Per loose surface: loudness, grains a step, seconds, band of a grain (Hz), length of a grain (s).
_LOOSE = {
    GRAVEL: (1.0, 70, 0.24, (1400, 7500), 0.010),
    GRASS: (0.7, 45, 0.22, (1800, 7000), 0.022),
    SNOW: (1.0, 190, 0.30, (900, 4200), 0.007),
    SAND: (0.7, 160, 0.22, (1500, 6500), 0.006),
    WET: (0.9, 22, 0.35, (400, 3000), 0.0),
    LEAVES: (1.0, 60, 0.32, (1600, 9000), 0.016),
    MUD: (1.0, 20, 0.34, (180, 1400), 0.0),
}


def _crush(rng: np.random.Generator, surface: int, gap: float, weight: float) -> Floats:
    """Grains that break and shift as the weight comes on, heel first, then again under the sole."""
    _, count, seconds, (low, high), length = _LOOSE[surface]
    parts = []
    for n in range(round(count * (0.7 + 0.6 * weight))):
        late = rng.beta(1.2, 2.6) * seconds * (0.6 if n % 2 else 1.0) + (gap if n % 2 else 0.0)
        parts.append((float(late), _bit(rng, low, high, length) * rng.lognormal(-0.8, 0.7)))
    crushed = laid(seconds + gap + 0.05, parts)
    if surface == SNOW:
        squeak = hiss(rng, seconds, ((500, -4), (1100, 0), (2400, -8))) * smooth_path(
            seconds, ((0, 0.2), (0.35, 1), (1, 0))
        )
        crushed[: len(squeak)] += 0.35 * squeak[: len(crushed)] * np.abs(crushed).max()
    return peaked(crushed)


def _bit(rng: np.random.Generator, low: float, high: float, length: float) -> Floats:
    if not length:
        return bubble(rng, low, high)
    seconds = length * rng.uniform(0.6, 1.6)
    middle = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return hiss(rng, seconds + 0.001, band(middle * 0.65, middle * 1.5)) * pluck(seconds + 0.001, 0.0006, seconds * 0.9)


@hit("shuffle", Parameter("surface", 0.5, doc="smooth floor (0) to gritty ground (1)"), every=0.75, jitter=0.12)
def shuffle(making: Making) -> Floats:
    """A foot that drags: a short brush over the ground, uneven."""
    rng, rough = making.rng, making["surface"]
    seconds = float(rng.uniform(0.22, 0.38))
    grit = 0.5 + 0.5 * np.abs(hiss(rng, seconds, band(30, 120 + 400 * rough)))
    brush = hiss(rng, seconds, ((500, -6), (1800 + 1500 * rough, 0), (7000, -10))) * grit
    return brush * smooth_path(seconds, ((0, 0.35), (0.25, 1), (0.7, 0.6), (1, 0)))


@hit("tap shoe", every=0.22, jitter=0.3)
def tap_shoe(making: Making) -> Floats:
    """A steel tap on a wooden stage."""
    rng, foot = making.rng, making.timbre()
    plate = peaked(strike(rng, foot, METAL, 0.28, 0.9, 0.04))
    board = peaked(strike(rng, foot, WOOD, 0.9, 0.8, 0.5))
    return _both(_both(0.55 * plate, 0.7 * board), 0.6 * peaked(strike(rng, foot, CERAMIC, 0.5, 1.0, 0.2)))
