"""Explosions, guns and fireworks: a shock, the fireball or the barrel, and what the land sends back."""

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import flicker, laid, path, pluck, smooth_path, ticks
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import METAL, STONE, WOOD, strike
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.recipes.fire import crack
from soundstage.synth.procedural.space import echoing


def blast(rng: np.random.Generator, milliseconds: float) -> Floats:
    """A Friedlander wave: pressure leaps up, falls through zero, and is sucked back (1946)."""
    time = ticks(0.001 * milliseconds * 8) / (0.001 * milliseconds)
    wave = (1 - time) * np.exp(-1.2 * time)
    return np.asarray(wave * (1 + 0.1 * rng.standard_normal(len(wave))))


@hit(
    "explosion",
    Parameter("size", 0.6, doc="grenade (0) to great bomb (1)"),
    Parameter("distance", 0.3, doc="near (0) to beyond the hills (1)"),
    Parameter("debris", 0.5, doc="what rains down after"),
    Parameter("echo", 0.5, doc="what the land or the streets send back"),
    every=6.0,
    jitter=0.4,
)
def explosion(making: Making) -> Floats:
    """A shock front, the fireball's roar that sinks and spreads, debris, and a long rumble."""
    rng, size, far = making.rng, making["size"], making["distance"]
    seconds = 2.2 + 3.2 * size
    edge = 6000 * 0.08**far
    front = peaked(blast(rng, 6 + 14 * size)) * (1 - 0.6 * far)
    bang = peaked(hiss(rng, 0.4, ((60, 0), (300, 0), (edge, -7))) * pluck(0.4, 0.0006, 0.28))
    roar = hiss(rng, seconds, ((28, -2), (65, 0), (200, -5), (700, -16))) * pluck(
        seconds, 0.01 + 0.1 * far, seconds * 0.8
    )
    roar *= 1 + 0.45 * flicker(rng, seconds, 11)
    body = (
        hiss(rng, seconds, ((120, -2), (500, 0), (edge, -13)))
        * pluck(seconds, 0.006, seconds * 0.45)
        * (1 + 0.5 * flicker(rng, seconds, 23))
    )
    parts = [
        (0.0, front),
        (0.0, (1.0 - 0.5 * far) * bang),
        (0.0, 1.0 * peaked(roar)),
        (0.004, (0.6 - 0.4 * far) * peaked(body)),
    ]
    for at in 0.25 + rng.gamma(1.8, seconds / 8, round(70 * making["debris"] * (1 - far))):
        stone = strike(
            rng, rng, (STONE, WOOD, METAL)[int(rng.choice(3, p=(0.6, 0.3, 0.1)))], rng.uniform(0.5, 2.0), 0.8, 0.5
        )
        parts.append((float(at), peaked(stone) * rng.lognormal(-2.6, 0.6)))
    sound: Floats = np.tanh(1.6 * peaked(laid(seconds, parts)))
    if making["echo"] <= 0:
        return sound
    return echoing(rng, sound, 1.5 + 2.5 * size, -22 + 12 * making["echo"])


# Per kind of gun: blast (ms), crack band (Hz), level of the muzzle's body (Hz), tail (s), mechanics.
_GUNS: tuple[tuple[float, tuple[float, float], float, float, float], ...] = (
    (1.1, (600, 9000), 420, 0.9, 0.35),
    (0.9, (900, 12000), 300, 1.8, 0.25),
    (2.2, (300, 7000), 190, 1.4, 0.4),
    (3.0, (250, 5000), 240, 1.2, 0.1),
    (0.5, (1500, 9000), 900, 0.2, 0.1),
)


@hit(
    "gunshot",
    Parameter("kind", 0, 0, 4, "0 pistol, 1 rifle, 2 shotgun, 3 musket, 4 cap gun"),
    Parameter("distance", 0.2, doc="at hand (0) to far off (1)"),
    Parameter("echo", 0.5, doc="room or open land that answers"),
    Parameter("rounds", 1, 1, 40, "shots in a burst"),
    Parameter("rate", 10.0, 1.0, 20.0, "shots a second in a burst"),
    Parameter("muffled", 0.0, doc="a silencer"),
    every=1.6,
    jitter=0.4,
)
def gunshot(making: Making) -> Floats:
    """Muzzle blast, supersonic crack, the action's clatter, and the answer of the surroundings."""
    rng = making.rng
    parts = [
        (n / making["rate"] * (float(rng.normal(1, 0.01)) if n else 1.0), _shot(making) * rng.uniform(0.85, 1))
        for n in range(making.choice("rounds"))
    ]
    length = max(at for at, _ in parts) + len(parts[-1][1]) / SAMPLE_RATE
    dry = laid(length, parts)
    if making["echo"] <= 0:
        return dry
    tail = _GUNS[making.choice("kind")][3] * (0.6 + making["echo"])
    return echoing(
        rng,
        dry,
        tail,
        -26 + 14 * making["echo"] + 8 * making["distance"],
        ((80, -4), (400, 0), (1500, -4), (5000, -16)),
    )


def _shot(making: Making) -> Floats:
    rng, far, muffled = making.rng, making["distance"], making["muffled"]
    milliseconds, (low, high), hertz, _, works = _GUNS[making.choice("kind")]
    edge = high * 0.12**far
    report = peaked(blast(rng, milliseconds * (1 + far)))
    snap = peaked(
        hiss(rng, 0.12, ((low * 0.5, -2), (low * 1.5, 0), (max(edge, low * 2), -4))) * pluck(0.12, 0.0003, 0.05)
    )
    body = peaked(hiss(rng, 0.3, ((hertz * 0.3, -2), (hertz, 0), (hertz * 4, -9))) * pluck(0.3, 0.0008, 0.2))
    parts = [
        (0.0, (1 - 0.9 * muffled) * report),
        (0.0, 0.9 * (1 - 0.75 * muffled) * snap),
        (0.0, 0.55 * (1 - 0.5 * muffled) * body),
    ]
    if muffled > 0:
        parts.append(
            (
                0.0,
                0.6 * muffled * peaked(hiss(rng, 0.09, ((500, -2), (2000, 0), (6000, -6))) * pluck(0.09, 0.0006, 0.07)),
            )
        )
    if works > 0 and far < 0.4:
        parts += [
            (0.03 + 0.03 * n, works * 0.25 * peaked(strike(rng, making.timbre(), METAL, 0.4, 0.9, 0.06)))
            for n in range(2)
        ]
    return np.asarray(np.tanh(1.8 * laid(0.4, parts)))


@hit(
    "cannon",
    Parameter("size", 0.6, doc="field gun (0) to ship's battery (1)"),
    Parameter("distance", 0.2, doc="near (0) to far (1)"),
    every=5.0,
    jitter=0.3,
)
def cannon(making: Making) -> Floats:
    """A great gun: one round, chesty report, and its roll over the land."""
    rng, size, far = making.rng, making["size"], making["distance"]
    edge = 3500 * 0.1**far
    boom = peaked(hiss(rng, 1.1, ((35, -1), (90 - 30 * size, 0), (300, -6), (edge, -20))) * pluck(1.1, 0.0012, 0.8))
    report = peaked(blast(rng, 9 + 8 * size))
    bark = peaked(hiss(rng, 0.25, ((150, 0), (600, -2), (max(edge, 400), -9))) * pluck(0.25, 0.0006, 0.16))
    dry = np.tanh(1.5 * laid(1.2, [(0.0, report), (0.0, boom), (0.0, 0.6 * (1 - far) * bark)]))
    return echoing(rng, dry, 3.0 + 1.5 * size, -12 + 4 * far)


@hit(
    "firework",
    Parameter("rise", 0.0, 0.0, 2.0, "seconds that the rocket whistles up before it bursts (the anchor is the launch)"),
    Parameter("size", 0.5, doc="small (0) to shell (1)"),
    Parameter("crackle", 0.6, doc="stars that crackle after"),
    Parameter("distance", 0.4, doc="near (0) to far (1)"),
    every=1.8,
    jitter=0.5,
)
def firework(making: Making) -> Floats:
    """A rocket that bursts in the sky: the report, its echo, stars that crackle."""
    rng, size, far = making.rng, making["size"], making["distance"]
    parts, burst = [], making["rise"]
    if burst > 0:
        hertz = path(burst, ((0, 1500), (0.4, 2600), (1, 3300))) * (1 + 0.01 * flicker(rng, burst, 30))
        scream = (
            np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE) * 0.35
            + 0.6 * hiss(rng, burst, band(1200, 7000))[: len(hertz)]
        )
        parts.append((0.0, 0.35 * peaked(scream * path(burst, ((0, 1), (0.3, 0.7), (1, 0.1))))))
    air = hiss(rng, 0.6, ((50, 0), (220, -2), (4000 * 0.2**far, -12))) * pluck(0.6, 0.0008, 0.4)
    report = laid(0.6, [(0.0, peaked(blast(rng, 4 + 8 * size))), (0.0, 0.8 * peaked(air))])
    parts.append((burst, np.tanh(1.4 * echoing(rng, report, 1.8, -13))))
    for at in burst + 0.25 + rng.gamma(2.2, 0.28, round(170 * making["crackle"])):
        parts.append((float(at), peaked(crack(rng)) * rng.lognormal(-2.2, 0.5)))
    return laid(burst + 2.6, parts)


@hit("firecrackers", Parameter("count", 22, 2, 120, "bangs"), every=4.0)
def firecrackers(making: Making) -> Floats:
    """A string of crackers that goes off helter-skelter."""
    rng, parts, time = making.rng, [], 0.0
    for _ in range(making.choice("count")):
        air = hiss(rng, 0.08, band(700, 8000)) * pluck(0.08, 0.0003, 0.04)
        bang = laid(0.08, [(0.0, peaked(blast(rng, rng.uniform(0.5, 1.4)))), (0.0, 0.6 * peaked(air))])
        parts.append((time, bang * rng.uniform(0.4, 1.0)))
        time += rng.exponential(0.06)
    return echoing(rng, laid(time + 0.15, parts), 0.7, -20, ((200, -3), (900, 0), (4000, -9)))


@hit(
    "rocket",
    Parameter("size", 0.6, doc="firework (0) to launch vehicle (1)"),
    Parameter("length", 4.0, 0.6, 12.0, "seconds"),
    every=10.0,
)
def rocket(making: Making) -> Floats:
    """A rocket that leaves: ignition, a tearing roar that crackles, climbing away."""
    rng, size, seconds = making.rng, making["size"], making["length"]
    low = 160 - 120 * size
    roar = hiss(rng, seconds, ((low, 0), (low * 4, -3), (2500, -11), (8000, -22))) * (
        1 + 0.35 * flicker(rng, seconds, 18)
    )
    tear = (
        hiss(rng, seconds, ((500, -2), (1800, 0), (7000, -8))) * np.clip(flicker(rng, seconds, 55) + 0.3, 0, None) ** 2
    )
    loud = smooth_path(seconds, ((0, 0.6), (0.06, 1), (0.4, 0.7), (1, 0)))
    return np.asarray(np.tanh(0.8 * (roar + (0.9 - 0.4 * size) * tear) * loud))


@hit(
    "whizz",
    Parameter("ricochet", 0.0, doc="a bullet past (0) or off a stone (1)"),
    Parameter("pitch", 0.5, doc="low to high"),
    every=1.8,
    jitter=0.4,
)
def whizz(making: Making) -> Floats:
    """A bullet: the snap as it passes or strikes, and its tumbling whine."""
    rng, pitch = making.rng, making["pitch"]
    seconds = 0.35 + 0.55 * making["ricochet"]
    top = (1600 + 2600 * pitch) * float(rng.uniform(0.85, 1.2))
    hertz = path(seconds, ((0, top), (0.3, top * 0.8), (1, top * 0.33))) * (
        1 + 0.03 * np.sin(2 * np.pi * 38 * ticks(seconds))
    )
    whine = np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE) + 0.4 * np.sin(
        4 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    )
    air = hiss(rng, seconds, band(1500, 8000))
    tail = (0.6 * making["ricochet"] * whine + 0.4 * air) * pluck(seconds, 0.004, seconds * 1.2)
    snap = peaked(hiss(rng, 0.05, ((700, -3), (2500, 0), (9000, -4))) * pluck(0.05, 0.0002, 0.02))
    return laid(seconds, [(0.0, snap), (0.0, 0.55 * peaked(tail))])
