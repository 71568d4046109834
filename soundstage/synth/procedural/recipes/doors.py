"""Doors, locks, latches, hinges, drawers."""

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import decay, flicker, laid, path, pluck, smooth_path
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import BODY, METAL, PLASTIC, WOOD, strike
from soundstage.synth.procedural.noise import Floats, filtered, hiss, through
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.recipes.friction import stick_slip

_METAL = Parameter("metal", 0.0, doc="wood (0) to metal (1)")


def click(
    rng: np.random.Generator, timbre: np.random.Generator, hertz: float, metal: float, length: float = 0.03
) -> Floats:
    """A small mechanical part that snaps: latch, switch, key, tooth."""
    body = peaked(
        strike(
            rng,
            timbre,
            METAL if metal > 0.5 else PLASTIC,
            700 / hertz if metal <= 0.5 else 1500 / hertz,
            0.9,
            0.06 if metal > 0.5 else 0.4,
        )
    )
    tick = peaked(hiss(rng, 0.012, ((hertz * 0.5, -3), (hertz * 1.5, 0), (hertz * 4, -5))) * decay(0.012, 0.006))
    return laid(length, [(0.0, 0.7 * body[: int(length * SAMPLE_RATE)]), (0.0, 0.7 * tick)])


@hit(
    "knock",
    Parameter("size", 0.8, 0.3, 3.0, "times a common door"),
    _METAL,
    Parameter("times", 1, 1, 8, "knocks in a row"),
    every=0.28,
    jitter=0.07,
)
def knock(making: Making) -> Floats:
    """Knuckles on a door."""
    rng, parts, time = making.rng, [], 0.0
    for _ in range(making.choice("times")):
        panel = peaked(
            strike(
                rng,
                making.timbre(),
                METAL if making["metal"] > 0.5 else WOOD,
                1.2 * making["size"] * (2.0 if making["metal"] > 0.5 else 1.0),
                0.4 + 0.4 * making.strength,
                0.12 if making["metal"] > 0.5 else 0.7,
            )
        )
        knuckle = peaked(hiss(rng, 0.03, ((250, -2), (900, 0), (3500, -9))) * decay(0.03, 0.016))
        parts += [(time, panel * rng.uniform(0.8, 1.0)), (time, 0.5 * knuckle)]
        time += 0.2 * rng.uniform(0.9, 1.1)
    return laid(time + 0.3, parts)


@hit(
    "door shut",
    Parameter("force", 0.5, doc="gently (0) to slammed (1)"),
    Parameter("size", 1.0, 0.3, 4.0, "cupboard (0.3) to gate (4)"),
    _METAL,
    Parameter("latch", 0.6, doc="how loud the latch is"),
    every=4.0,
)
def door_shut(making: Making) -> Floats:
    """A door that falls shut: air, the leaf in its frame, the latch, what rattles after."""
    rng, force, size, metal = (
        making.rng,
        making["force"] * (0.5 + 0.5 * making.strength),
        making["size"],
        making["metal"],
    )
    leaf = peaked(
        strike(
            rng,
            making.timbre(),
            METAL if metal > 0.5 else WOOD,
            (3.2 if metal > 0.5 else 1.6) * size,
            0.3 + 0.7 * force,
            0.16 if metal > 0.5 else 0.9,
        )
    )
    boom = peaked(strike(rng, making.timbre(), BODY, 1.1 * size**0.5, 0.3 + 0.6 * force))
    bang = peaked(
        hiss(rng, 0.12, ((120, 0), (500, -3), (1500 + 3000 * force, -12))) * pluck(0.12, 0.0008, 0.05 + 0.08 * force)
    )
    parts = [(0.0, 0.55 * leaf), (0.0, (0.4 + 0.5 * force) * boom), (0.0, (0.3 + 0.5 * force) * bang)]
    latch = float(rng.uniform(0.018, 0.035))
    parts.append(
        (latch, making["latch"] * (0.35 - 0.15 * force) * peaked(click(rng, making.timbre(), 2200, 1.0, 0.08)))
    )
    for at in rng.uniform(0.04, 0.22, round(5 * force)):
        parts.append((float(at), 0.13 * force * leaf))
    return laid(0.5 + 0.5 * force, parts)


@hit(
    "door open",
    Parameter("creak", 0.2, doc="how much the hinge speaks"),
    Parameter("size", 1.0, 0.3, 4.0, "cupboard (0.3) to gate (4)"),
    _METAL,
    every=4.0,
)
def door_open(making: Making) -> Floats:
    """The handle turns, the latch springs back, the leaf comes off its frame and swings."""
    rng, size = making.rng, making["size"]
    parts = [
        (0.0, 0.7 * peaked(click(rng, making.timbre(), 1700, 1.0, 0.09))),
        (0.11 * float(rng.uniform(0.8, 1.2)), peaked(click(rng, making.timbre(), 1100, 1.0, 0.09))),
        (
            0.15,
            0.45
            * peaked(
                strike(
                    rng,
                    making.timbre(),
                    METAL if making["metal"] > 0.5 else WOOD,
                    1.6 * size,
                    0.25,
                    0.15 if making["metal"] > 0.5 else 0.7,
                )
            ),
        ),
    ]
    air = hiss(rng, 0.8, ((100, 0), (350, -4), (1500, -14))) * smooth_path(0.8, ((0, 0), (0.3, 1), (1, 0)))
    parts.append((0.18, 0.12 * peaked(air)))
    if making["creak"] > 0:
        parts.append((0.25, 0.7 * making["creak"] * peaked(creak_sound(rng, making.timbre(), 0.9, 0.5, size))))
    return laid(1.3, parts)


def creak_sound(
    rng: np.random.Generator, timbre: np.random.Generator, seconds: float, pitch: float, size: float
) -> Floats:
    """A hinge or board that sticks and slips: pulses, quicker and slower, ringing in the wood."""
    rate = (
        (22 + 190 * pitch)
        * np.exp(0.5 * flicker(rng, seconds, 2.5) + 0.15 * flicker(rng, seconds, 11))
        * path(seconds, ((0, 0.6), (0.4, 1.2), (1, 0.75)))
    )
    pulses = stick_slip(rng, rate)
    body = peaked(strike(rng, timbre, WOOD, 0.45 * size, 0.9, 0.5))
    tone = through(pulses, body[:3000])
    shriek = filtered(pulses, ((600, -6), (1500, 0), (2600, -2), (5000, -10)))
    return np.asarray(
        (peaked(filtered(tone, ((160, 0), (9000, 0)))) + 0.5 * peaked(shriek))
        * path(seconds, ((0, 0.5), (0.15, 0.9), (0.6, 1), (1, 0)))
    )


@hit(
    "creak",
    Parameter("pitch", 0.4, doc="groaning (0) to squealing (1)"),
    Parameter("length", 1.2, 0.2, 5.0, "seconds"),
    Parameter("size", 1.0, 0.3, 4.0, "hinge (0.3) to ship's timber (4)"),
    every=2.4,
    jitter=0.4,
)
def creak(making: Making) -> Floats:
    """Wood, leather or a hinge that creaks."""
    return creak_sound(making.rng, making.timbre(), making["length"], making["pitch"], making["size"])


@hit(
    "sliding",
    Parameter("length", 0.9, 0.2, 5.0, "seconds"),
    Parameter("weight", 0.5, doc="drawer (0) to garage door (1)"),
    _METAL,
    Parameter("stop", 0.7, doc="the knock at the end"),
    every=3.0,
)
def sliding(making: Making) -> Floats:
    """A thing that slides on its rail and comes to a stop: drawer, window, sliding door."""
    rng, seconds, weight, metal = making.rng, making["length"], making["weight"], making["metal"]
    low = 500 - 320 * weight
    roll = hiss(rng, seconds, ((low, 0), (low * 3, -2), (3000 + 3000 * metal, -10), (9000, -22))) * (
        1 + 0.5 * flicker(rng, seconds, 30) + 0.2 * flicker(rng, seconds, 90)
    )
    roll *= smooth_path(seconds, ((0, 0.55), (0.3, 0.9), (0.85, 1), (1, 0.2)))
    start = peaked(
        strike(rng, making.timbre(), METAL if metal > 0.5 else WOOD, 0.8 + weight, 0.5, 0.1 if metal > 0.5 else 0.5)
    )
    end = peaked(
        strike(
            rng, making.timbre(), METAL if metal > 0.5 else WOOD, 1.2 + 1.6 * weight, 0.8, 0.12 if metal > 0.5 else 0.7
        )
    )
    return laid(seconds + 0.5, [(0.0, 0.35 * start), (0.0, 0.5 * peaked(roll)), (seconds - 0.02, making["stop"] * end)])


@hit(
    "click",
    Parameter("pitch", 1800, 300, 8000, "Hz"),
    _METAL,
    Parameter("second", 0.0, 0.0, 0.6, "seconds after which it clicks back (0: it does not)"),
    Parameter("count", 1, 1, 30, "clicks in a row, as of a ratchet or a lock"),
    Parameter("gap", 0.05, 0.01, 0.5, "seconds between them"),
    Parameter("body", 0.0, doc="the case it sits in"),
    every=0.8,
    jitter=0.25,
)
def clicks(making: Making) -> Floats:
    """A small mechanism: switch, latch, key, shutter, ratchet."""
    rng, hertz, parts = making.rng, making["pitch"], []
    for n in range(making.choice("count")):
        at = n * making["gap"] * (float(rng.uniform(0.85, 1.15)) if n else 1)
        parts.append((at, peaked(click(rng, making.timbre(), hertz, making["metal"])) * rng.uniform(0.75, 1.0)))
        if making["second"] > 0:
            parts.append(
                (
                    at + making["second"] * float(rng.uniform(0.9, 1.1)),
                    0.6 * peaked(click(rng, making.timbre(), hertz * 1.18, making["metal"])),
                )
            )
    if making["body"] > 0:
        parts.append((0.0, making["body"] * peaked(strike(rng, making.timbre(), PLASTIC, 1.1, 0.4, 0.8))))
    return laid(max(at for at, _ in parts) + 0.12, parts)


@hit("car door", Parameter("force", 0.6, doc="gently (0) to slammed (1)"), every=3.0)
def car_door(making: Making) -> Floats:
    """A car door: the seal's thump, sheet metal damped, the double click of the lock."""
    rng, force = making.rng, making["force"]
    thump = peaked(strike(rng, making.timbre(), BODY, 1.0, 0.6))
    sheet = peaked(strike(rng, making.timbre(), METAL, 3.4, 0.6, 0.05))
    seal = peaked(hiss(rng, 0.1, ((120, 0), (600, -4), (2500, -12))) * pluck(0.1, 0.001, 0.07))
    parts = [
        (0.0, thump),
        (0.0, 0.32 * sheet),
        (0.0, (0.25 + 0.3 * force) * seal),
        (0.012, 0.3 * peaked(click(rng, making.timbre(), 1500, 1.0, 0.06))),
        (0.03, 0.22 * peaked(click(rng, making.timbre(), 1900, 1.0, 0.06))),
    ]
    return laid(0.5, parts)
