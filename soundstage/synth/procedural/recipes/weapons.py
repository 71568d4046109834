"""Blades, bows and whips; and the air that they cut."""

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import faded, flicker, laid, path, pluck, smooth_path
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import BODY, WOOD, ring, strike, struck
from soundstage.synth.procedural.noise import Floats, band, hiss, sweep_bins, swept
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.recipes.explosions import blast
from soundstage.synth.procedural.recipes.water import bubble


def air_sweep(
    rng: np.random.Generator, seconds: float, low: float, high: float, peak: float, narrow: float = 0.6
) -> Floats:
    """Air cut by something quick: noise whose middle runs up to `high` Hz at the share `peak` and back down."""
    bins = sweep_bins()
    share = np.linspace(0, 1, 40)
    bump = np.where(share < peak, (share / peak) ** 1.7, ((1 - share) / (1 - peak)) ** 1.3)
    middle = low * (high / low) ** bump
    octaves = np.log2(np.maximum(bins[None, :], 20) / middle[:, None])
    gains = np.exp(-0.5 * (octaves / narrow) ** 2) * (0.03 + bump[:, None] ** 1.6)
    return faded(swept(hiss(rng, seconds, band(80, 14_000)), gains), 0.02)


@hit(
    "whoosh",
    Parameter("speed", 0.5, doc="slow (0) to a flick (1)"),
    Parameter("size", 0.5, doc="switch (0) to great body (1)"),
    Parameter("tone", 0.0, doc="a blade that sings in it"),
    every=1.5,
    jitter=0.3,
)
def whoosh(making: Making) -> Floats:
    """Air that gives way to something quick: noise that rises and falls in pitch and strength."""
    rng, speed, size = making.rng, making["speed"], making["size"]
    seconds = 0.22 + 1.1 * (1 - speed) ** 1.5
    low = 650 - 500 * size
    sound = peaked(
        air_sweep(rng, seconds, low, low * (3 + 4 * speed), float(rng.uniform(0.38, 0.5)), 0.55 + 0.3 * size)
    )
    rush = hiss(rng, 0.012, band(low, low * 3)) * pluck(0.012, 0.001, 0.02)
    parts = [(0.0, sound), (0.0, 0.06 * peaked(rush))]
    if making["tone"] > 0:
        hertz = (900 + 900 * speed) * path(seconds, ((0, 0.85), (0.45, 1.15), (1, 0.8)))
        hum = np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE) * smooth_path(seconds, ((0, 0), (0.45, 1), (1, 0)))
        parts.append((0.0, 0.35 * making["tone"] * hum))
    return laid(seconds + 0.01, parts)


@hit(
    "blade",
    Parameter("size", 0.6, doc="knife (0) to two-hander (1)"),
    Parameter("ring", 0.7, doc="how long the steel sings"),
    Parameter("slide", 0.3, doc="steel that slides on steel after the blow"),
    every=1.0,
    jitter=0.35,
)
def blade(making: Making) -> Floats:
    """Steel on steel: two blades ring at once, with a rattle and a slide."""
    rng, size = making.rng, making["size"]
    sound = [
        peaked(_steel(rng, np.random.default_rng([making.seed, 5, n]), size * (0.8 + 0.35 * n), making["ring"]))
        for n in range(2)
    ]
    tick = peaked(hiss(rng, 0.02, band(2500, 12_000)) * pluck(0.02, 0.0002, 0.01))
    parts = [(0.0, 0.8 * sound[0]), (0.0, 0.7 * sound[1]), (0.0, 0.5 * tick)]
    parts += [
        (float(t), 0.35 * float(rng.uniform(0.4, 1)) * sound[n % 2])
        for n, t in enumerate(np.sort(rng.uniform(0.015, 0.07, 3)))
    ]
    if making["slide"] > 0:
        parts.append((0.05, 0.35 * making["slide"] * peaked(shing(rng, 0.45, 1.0))))
    return laid(0.5 + 1.5 * making["ring"], parts)


def _steel(rng: np.random.Generator, timbre: np.random.Generator, size: float, sing: float) -> Floats:
    """A thin bar: dense inharmonic modes, the high ones nearly as long-lived as the low."""
    low = 1500 - 750 * min(size, 1.2)
    ratios = np.array((1.0, 1.83, 2.76, 3.9, 5.4, 6.6, 8.93, 10.4, 13.3)) * np.exp(timbre.normal(0, 0.03, 9))
    gains = np.exp(rng.normal(0, 0.4, 9)) * np.array((0.4, 0.7, 1, 1, 0.8, 0.7, 0.5, 0.4, 0.3))
    sixty = (0.25 + 1.5 * sing) * ratios**-0.25
    return struck(ring(low * ratios, sixty, gains, 0.4 + 1.4 * sing), 0.00015)


def shing(rng: np.random.Generator, seconds: float, rising: float) -> Floats:
    """Steel drawn along steel: a rising hiss with the blade's ring in it."""
    first, last = (2800.0, 6500.0) if rising > 0.5 else (6000.0, 3000.0)
    bins = sweep_bins()
    middle = np.geomspace(first, last, 30)[:, None]
    gains = np.exp(-0.5 * (np.log2(np.maximum(bins, 50)[None, :] / middle) / 0.4) ** 2)
    gains += 1.3 * np.exp(-0.5 * (np.log2(np.maximum(bins, 50)[None, :] / (middle * 1.52)) / 0.05) ** 2)
    rasp = hiss(rng, seconds, band(1200, 15_000)) * (0.6 + 0.4 * np.abs(hiss(rng, seconds, band(60, 400))))
    return swept(rasp, gains) * path(seconds, ((0, 0.55), (0.5, 1), (0.9, 0.6), (1, 0)))


@hit(
    "draw blade",
    Parameter("length", 0.6, 0.15, 2.0, "seconds"),
    Parameter("away", 0.0, doc="out of (0) or into (1) the sheath"),
    every=2.0,
)
def draw_blade(making: Making) -> Floats:
    """A blade drawn or sharpened: a rising hiss, then it sings free."""
    rng, seconds = making.rng, making["length"]
    free = peaked(_steel(rng, making.timbre(), 0.7, 0.6))
    return laid(
        seconds + 0.9,
        [(0.0, peaked(shing(rng, seconds, 1 - making["away"]))), (0.85 * seconds, 0.3 * (1 - making["away"]) * free)],
    )


@hit("stab", Parameter("wet", 0.6, doc="cloth (0) to flesh (1)"), every=1.5)
def stab(making: Making) -> Floats:
    """A blade or an arrow that goes in: a thump, a tear, a squelch."""
    rng, wet = making.rng, making["wet"]
    thump = peaked(strike(rng, making.timbre(), BODY, 0.8, 0.8))
    rip = peaked(
        hiss(rng, 0.09, ((900, -2), (2800, 0), (8000, -5)))
        * pluck(0.09, 0.0008, 0.08)
        * (1 + 0.6 * flicker(rng, 0.09, 120))
    )
    parts = [(0.0, 0.8 * thump), (0.0, 0.5 * rip)]
    parts += [(float(at), wet * 0.5 * bubble(rng, 300, 1400) * rng.uniform(0.3, 1)) for at in rng.gamma(1.5, 0.045, 14)]
    return laid(0.4, parts)


@hit(
    "arrow",
    Parameter("hit", 0.0, 0.0, 2.0, "seconds of flight before it strikes (0: it does not)"),
    Parameter("target", 0.5, doc="straw (0) to wood (1)"),
    every=2.5,
)
def arrow(making: Making) -> Floats:
    """A bow let go: the string's thrum, the shaft's flutter, and the target if it is near."""
    rng = making.rng
    string = ring(
        np.array([118.0, 236, 355, 474, 590]),
        np.array([0.2, 0.16, 0.12, 0.1, 0.08]),
        np.array([1, 0.8, 0.5, 0.4, 0.3]),
        0.25,
    )
    snap = peaked(hiss(rng, 0.06, ((400, -2), (1500, 0), (6000, -7))) * pluck(0.06, 0.0005, 0.05))
    flight = peaked(air_sweep(rng, 0.5, 1500, 4200, 0.2, 0.35)) * (1 + 0.5 * flicker(rng, 0.5, 60))
    parts = [(0.0, 0.7 * peaked(string)), (0.0, 0.6 * snap), (0.01, 0.35 * flight)]
    if making["hit"] > 0:
        parts.append((making["hit"], arrow_in(making)))
    return laid(max(0.6, making["hit"] + 0.6), parts)


def arrow_in(making: Making) -> Floats:
    """An arrow that strikes and quivers."""
    rng = making.rng
    thud = peaked(
        strike(rng, making.timbre(), WOOD, 0.9 + 0.4 * (1 - making["target"]), 0.9, 0.25 + 0.5 * making["target"])
    )
    quiver = ring(np.array([52.0, 104, 165, 330]), np.array([0.3, 0.25, 0.2, 0.12]), np.array([1, 0.6, 0.4, 0.2]), 0.35)
    return laid(0.5, [(0.0, thud), (0.006, 0.35 * peaked(quiver))])


@hit("arrow hit", Parameter("target", 0.8, doc="straw (0) to wood (1)"), every=2.5)
def arrow_hit(making: Making) -> Floats:
    """An arrow or a dart that strikes."""
    return arrow_in(making)


@hit(
    "whip",
    Parameter("swing", 0.0, doc="the air before it (the anchor is then the start of the swing)"),
    every=1.8,
    jitter=0.2,
)
def whip(making: Making) -> Floats:
    """A whip's tip breaks the sound barrier: a tiny shock wave."""
    rng = making.rng
    air = hiss(rng, 0.09, ((900, -2), (3000, 0), (12_000, -4))) * pluck(0.09, 0.0002, 0.03)
    shock = laid(0.09, [(0.0, peaked(blast(rng, 0.35))), (0.0, 0.8 * peaked(air))])
    if making["swing"] <= 0:
        return laid(0.3, [(0.0, shock)])
    return laid(0.6, [(0.0, 0.25 * making["swing"] * peaked(air_sweep(rng, 0.25, 500, 4000, 0.9))), (0.23, shock)])
