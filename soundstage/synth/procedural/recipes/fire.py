"""Fire from a match to a blaze."""

import numpy as np

from soundstage.synth.procedural.envelopes import decay, flicker, laid, path, pluck, smooth_path
from soundstage.synth.procedural.grains import bank, cloud, picked, strewn
from soundstage.synth.procedural.modal import WOOD, strike
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.streams import Stream, mixed, moved, scaled, swell, texture, wander


def crack(rng: np.random.Generator) -> Floats:
    """Wood that bursts: a click with a short woody body, of very uneven size."""
    hertz = float(np.exp(rng.uniform(np.log(900), np.log(7000))))
    click = hiss(rng, 0.03, band(hertz * 0.6, hertz * 1.7)) * decay(0.03, rng.uniform(0.003, 0.02))
    if rng.uniform() < 0.25:
        click[:1200] += 0.6 * strike(rng, rng, WOOD, rng.uniform(0.2, 0.5), 1.0, 0.4)[:1200] / 2
    return click


@bed(
    "fire",
    Parameter("size", 0.4, doc="candle (0) to blaze (1)"),
    Parameter("crackle", 0.6, doc="how much the wood cracks"),
    Parameter("roar", 0.4, doc="the draught of the flames"),
)
def fire(making: Making) -> Stream:
    """Flames: a fluttering low roar, the hiss of gas, and cracks that come in flurries."""
    rng, size = making.rng, making["size"]
    edge = 700 - 350 * size
    roar = moved(texture(rng, ((35, -2), (90, 0), (edge, -6), (1600, -20)), 0.6, 0.7), wander(rng, 0.35, 0.6), swell(5))
    gas = moved(texture(rng, ((900, -3), (2500, 0), (8000, -6)), 0.9, 0.8), wander(rng, 0.8, 0.6), swell(5))
    flurries = moved(cloud(rng, crack, 14 + 70 * size, 1.1), wander(rng, 1.1, 0.5), swell(7))
    single = strewn(rng, picked(bank(rng, crack, 40)), 1.5 + 4 * making["crackle"], 0.8)
    return mixed(
        scaled(roar, making["roar"] * (0.10 + 0.5 * size)),
        scaled(gas, 0.012 + 0.05 * size),
        scaled(flurries, 0.3 * making["crackle"]),
        scaled(single, 0.6 * making["crackle"]),
    )


@bed("torch", Parameter("force", 0.6, doc="pilot flame (0) to full jet (1)"))
def torch(making: Making) -> Stream:
    """A gas jet: hard broad hiss with a hollow roar."""
    rng, force = making.rng, making["force"]
    jet = texture(rng, ((250, -6), (900, 0), (3500, -2), (9000, -9)), 0.4, 0.6)
    roar = texture(rng, ((60, 0), (160, -2), (400, -12)), 0.4, 0.5)
    return mixed(
        moved(jet, wander(rng, 0.3, 0.6), swell(1.5)), scaled(moved(roar, wander(rng, 0.2, 0.6), swell(3)), 0.7 * force)
    )


@hit("flare", Parameter("size", 0.6, doc="lighter (0) to fireball (1)"), every=3.0)
def flare(making: Making) -> Floats:
    """Fuel that catches: a deep whoosh that swells at once and licks away."""
    rng, size = making.rng, making["size"]
    seconds = 0.5 + 1.6 * size
    low = hiss(rng, seconds, ((35, -2), (110, 0), (500 - 250 * size, -6), (1500, -18)))
    low *= smooth_path(seconds, ((0, 0.25), (0.12, 1), (0.4, 0.45), (1, 0))) * (1 + 0.5 * flicker(rng, seconds, 16))
    air = hiss(rng, seconds, ((500, 0), (2200, -3), (7000, -10))) * smooth_path(
        seconds, ((0, 0.3), (0.07, 1), (0.3, 0.25), (1, 0))
    )
    return low + (0.45 - 0.2 * size) * air


@hit("match", Parameter("flame", 0.6, doc="how much the flame flares"), every=4.0)
def match(making: Making) -> Floats:
    """A match on its box: the scratch, the hiss as it lights, a small flame."""
    rng = making.rng
    scratch = (
        hiss(rng, 0.22, ((1500, -4), (4000, 0), (9000, -3)))
        * (0.6 + 0.4 * flicker(rng, 0.22, 160))
        * path(0.22, ((0, 0.5), (0.6, 1), (1, 0)))
    )
    flash = hiss(rng, 0.9, ((400, -8), (2500, 0), (9000, -3))) * smooth_path(
        0.9, ((0, 0), (0.08, 1), (0.35, 0.25), (1, 0))
    )
    puff = hiss(rng, 0.9, ((60, 0), (300, -4), (900, -14))) * smooth_path(0.9, ((0, 0), (0.12, 1), (1, 0)))
    return laid(1.2, [(0, scratch), (0.16, making["flame"] * (flash * (1 + 0.4 * flicker(rng, 0.9, 40)) + 0.5 * puff))])


@hit("lighter", Parameter("flame", 0.4, doc="how much the flame flares"), every=3.0)
def lighter(making: Making) -> Floats:
    """A lighter: the wheel's rasp on the flint, then gas that catches."""
    rng = making.rng
    teeth = [
        (0.0025 * n + 0.0006 * rng.uniform(), hiss(rng, 0.004, band(2500, 11000)) * decay(0.004, 0.003))
        for n in range(16)
    ]
    gas = hiss(rng, 0.6, ((200, -3), (700, 0), (5000, -9))) * pluck(0.6, 0.02, 0.6)
    return laid(0.7, [*teeth, (0.045, 0.5 * making["flame"] * gas)])


@hit("torch burst", Parameter("length", 2.2, 0.3, 8.0, "seconds"), every=5.0, jitter=0.4)
def torch_burst(making: Making) -> Floats:
    """A burner opened and shut: a hot-air balloon's."""
    rng, seconds = making.rng, making["length"]
    roar = hiss(rng, seconds, ((70, 0), (250, -1), (900, -4), (4000, -8), (9000, -16)))
    return roar * (1 + 0.2 * flicker(rng, seconds, 12)) * path(seconds, ((0, 0.7), (0.04, 1), (0.9, 0.9), (1, 0)))
