"""Rubbing, scraping, tearing and rustling."""

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import flicker, laid, path, pluck, smooth_path
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import METAL, STONE, WOOD, strike
from soundstage.synth.procedural.noise import Floats, band, filtered, hiss, through
from soundstage.synth.procedural.recipe import Making, Parameter, hit


def stick_slip(rng: np.random.Generator, rate: Floats) -> Floats:
    """A train of pulses at a running rate (Hz per frame), each a little early or late and of its own force."""
    turns = np.cumsum(rate) / SAMPLE_RATE
    slips = np.flatnonzero(np.diff(np.floor(turns + 0.12 * rng.standard_normal(1)), prepend=np.floor(turns[0]) - 1) > 0)
    pulses = np.zeros(len(rate))
    jitter = (rng.normal(0, 0.05, len(slips)) * SAMPLE_RATE / rate[slips]).astype(int)
    at = np.clip(slips + jitter, 0, len(rate) - 1)
    at[:1] = slips[:1]
    pulses[at] = rng.lognormal(0, 0.35, len(slips))
    return pulses


@hit(
    "brush",
    Parameter("pitch", 2500, 300, 9000, "Hz at the middle of the noise"),
    Parameter("width", 0.6, doc="narrow (0) to broad (1)"),
    Parameter("length", 0.4, 0.05, 4.0, "seconds of a stroke"),
    Parameter("grain", 0.4, doc="smooth (0) to gritty (1)"),
    Parameter("back", 0.0, doc="the stroke back: none (0) to as loud (1)"),
    every=0.8,
    jitter=0.1,
)
def brush(making: Making) -> Floats:
    """A stroke over a surface: broom, cloth, sandpaper, chalk, pencil, skates, a razor's edge."""
    there = _stroke(making, making["pitch"], making["length"])
    if making["back"] <= 0:
        return there
    back = _stroke(making, making["pitch"] * 1.15, making["length"] * 0.9) * making["back"]
    return laid(1.95 * making["length"], [(0.0, there), (making["length"], back)])


def _stroke(making: Making, hertz: float, seconds: float) -> Floats:
    rng, grain = making.rng, making["grain"]
    octaves = 0.35 + 1.5 * making["width"]
    noise = hiss(rng, seconds, ((hertz * 2**-octaves, -4), (hertz, 0), (hertz * 2**octaves, -5)))
    grit = np.abs(hiss(rng, seconds, band(40, 350))) ** 1.5
    return np.asarray(
        noise * (1 - grain + grain * grit) * smooth_path(seconds, ((0, 0.3), (0.2, 1), (0.75, 0.85), (1, 0)))
    )


@hit(
    "cloth",
    Parameter("stiff", 0.3, doc="silk (0) to canvas (1)"),
    Parameter("length", 0.6, 0.1, 3.0, "seconds"),
    every=1.1,
    jitter=0.35,
)
def cloth(making: Making) -> Floats:
    """Clothes that move: soft uneven brushes of noise."""
    rng, stiff, seconds = making.rng, making["stiff"], making["length"]
    noise = hiss(rng, seconds, ((350, -5), (1100 + 900 * stiff, 0), (4500, -8), (9000, -18)))
    folds = np.clip(flicker(rng, seconds, 9) + 0.35, 0, None) ** 1.5 + 0.15
    grain = 1 + stiff * np.abs(hiss(rng, seconds, band(30, 200)))
    return np.asarray(noise * folds * grain * smooth_path(seconds, ((0, 0.35), (0.3, 1), (1, 0))))


@hit("flap", Parameter("size", 0.5, doc="handkerchief (0) to sail (1)"), every=0.42, jitter=0.3)
def flap(making: Making) -> Floats:
    """Cloth that snaps in the wind."""
    rng, size = making.rng, making["size"]
    snap = hiss(rng, 0.16, ((120 - 60 * size, 0), (500, -2), (3000, -9))) * pluck(0.16, 0.003, 0.12 + 0.08 * size)
    rustle = hiss(rng, 0.3, ((700, -3), (2200, 0), (6000, -9))) * pluck(0.3, 0.02, 0.3)
    return laid(0.34, [(0.0, peaked(snap)), (0.0, 0.25 * peaked(rustle))])


@hit(
    "paper",
    Parameter("stiff", 0.4, doc="tissue (0) to card (1)"),
    Parameter("length", 0.45, 0.1, 3.0, "seconds"),
    Parameter("flick", 0.5, doc="the snap of a page turned"),
    every=1.6,
    jitter=0.4,
)
def paper(making: Making) -> Floats:
    """Paper handled: a page that slides, bends and flicks over."""
    rng, stiff, seconds = making.rng, making["stiff"], making["length"]
    slide = hiss(rng, seconds, ((900, -6), (3200, 0), (9000, -4), (14000, -12))) * smooth_path(
        seconds, ((0, 0.35), (0.4, 1), (0.8, 0.4), (1, 0))
    )
    slide *= 0.5 + 0.5 * np.abs(flicker(rng, seconds, 22))
    parts = [(0.0, 0.35 * peaked(slide))]
    for at in np.sort(rng.uniform(0, seconds * 0.9, int(26 * seconds))):
        hertz = float(rng.uniform(1800, 6500))
        crackle = hiss(rng, 0.012, band(hertz * 0.6, hertz * 1.6)) * pluck(0.012, 0.0005, 0.008)
        parts.append((float(at), stiff * rng.lognormal(-1.3, 0.6) * peaked(crackle)))
    if making["flick"] > 0:
        parts.append(
            (
                0.6 * seconds,
                making["flick"]
                * 0.6
                * peaked(hiss(rng, 0.05, ((500, -2), (2200, 0), (7000, -6))) * pluck(0.05, 0.0015, 0.04)),
            )
        )
    return laid(seconds + 0.06, parts)


@hit(
    "tear",
    Parameter("length", 0.7, 0.1, 3.0, "seconds"),
    Parameter("coarse", 0.4, doc="paper (0) to cloth and Velcro (1)"),
    every=2.0,
)
def tear(making: Making) -> Floats:
    """Fibres that give way one after another, quicker and quicker."""
    rng, seconds, coarse = making.rng, making["length"], making["coarse"]
    rate = (
        (420 - 250 * coarse) * path(seconds, ((0, 0.5), (0.5, 1), (1, 1.5))) * np.exp(0.35 * flicker(rng, seconds, 14))
    )
    pulses = stick_slip(rng, rate)
    fibre = hiss(rng, 0.006, ((900, -4), (3200 - 1200 * coarse, 0), (9000, -4))) * pluck(0.006, 0.0003, 0.005)
    torn = through(pulses, fibre)
    return peaked(torn) * path(seconds, ((0, 0.6), (0.3, 1), (0.9, 1), (1, 0)))


@hit("zip", Parameter("length", 0.7, 0.15, 3.0, "seconds"), Parameter("up", 1.0, doc="down (0) or up (1)"), every=2.5)
def zipper(making: Making) -> Floats:
    """A zip: tooth after tooth, its pitch the speed of the hand."""
    rng, seconds = making.rng, making["length"]
    first, last = (0.55, 1.25) if making["up"] > 0.5 else (1.25, 0.6)
    rate = (
        150 / seconds**0.5 * path(seconds, ((0, first), (0.5, 1.0), (1, last))) * np.exp(0.1 * flicker(rng, seconds, 7))
    )
    pulses = stick_slip(rng, rate)
    tooth = hiss(rng, 0.008, ((1500, -5), (4200, 0), (9500, -3))) * pluck(0.008, 0.0003, 0.006)
    clicks = through(pulses, tooth)
    return peaked(clicks) * path(seconds, ((0, 0.7), (0.5, 1), (0.97, 0.9), (1, 0)))


@hit(
    "scrape",
    Parameter("material", 1, 0, 2, "0 wood, 1 metal, 2 stone"),
    Parameter("length", 0.7, 0.1, 4.0, "seconds"),
    Parameter("pitch", 0.5, doc="low groan (0) to shriek (1)"),
    every=1.8,
    jitter=0.25,
)
def scrape(making: Making) -> Floats:
    """Something dragged over something hard: rough contact that sets the body ringing."""
    rng, seconds = making.rng, making["length"]
    material = (WOOD, METAL, STONE)[making.choice("material")]
    rough = np.abs(hiss(rng, seconds, band(25, 160))) * hiss(
        rng, seconds, ((400, -4), (1500 + 3000 * making["pitch"], 0), (9000, -6))
    )
    rate = (60 + 500 * making["pitch"]) * np.exp(0.3 * flicker(rng, seconds, 5))
    drive = peaked(rough) + 0.6 * stick_slip(rng, rate) * peaked(np.abs(hiss(rng, seconds, band(3, 12))))
    body = peaked(
        strike(rng, making.timbre(), material, 1.3 - 0.9 * making["pitch"], 1.0, 0.25 if material == METAL else 0.8)
    )
    rung = through(drive, body[:9000])
    return (peaked(rung) + 0.35 * peaked(rough)) * path(seconds, ((0, 0.55), (0.15, 1), (0.8, 0.8), (1, 0)))


@hit(
    "squeak",
    Parameter("pitch", 0.5, doc="low (0) to high (1)"),
    Parameter("length", 0.25, 0.05, 2.0, "seconds"),
    every=1.2,
    jitter=0.3,
)
def squeak(making: Making) -> Floats:
    """Rubber, a wheel, a pulley: a rough tone that bends."""
    rng, seconds = making.rng, making["length"]
    hertz = (
        (500 + 1800 * making["pitch"])
        * smooth_path(seconds, ((0, 0.8), (0.5, 1.1), (1, 0.85)))
        * (1 + 0.02 * flicker(rng, seconds, 40))
    )
    tone = np.zeros(len(hertz))
    for number in range(1, 7):
        tone += np.sin(2 * np.pi * number * np.cumsum(hertz) / SAMPLE_RATE) / number
    return filtered(
        tone + 0.15 * hiss(rng, seconds, band(1500, 8000)), ((400, -3), (1500, 0), (4000, -4), (9000, -14))
    ) * smooth_path(seconds, ((0, 0.3), (0.2, 1), (1, 0)))
