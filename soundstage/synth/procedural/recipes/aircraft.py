"""Helicopters, propellers and jets."""

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import flicker
from soundstage.synth.procedural.noise import Floats, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, Pass, bed, hit
from soundstage.synth.procedural.space import passing
from soundstage.synth.procedural.streams import Stream, hum, mixed, moved, pulsed, scaled, swell, texture, wander
from soundstage.synth.procedural.tones import phase_of, read, wave


@bed(
    "helicopter",
    Parameter("blades", 12.5, 8, 30, "blade passes a second"),
    Parameter("slap", 0.6, doc="how hard the blades slap"),
    Parameter("turbine", 0.3, doc="whine of the engine"),
)
def helicopter(making: Making) -> Stream:
    """A rotor: low thumps and slaps of air at the blade rate, tail rotor, turbine."""
    rng, rate = making.rng, making["blades"]
    thump = texture(rng, ((22, -2), (60, 0), (150, -4), (420, -16)), 0.3, 0.8)
    slap = texture(rng, ((180, -4), (600, 0), (1800, -7), (5000, -18)), 0.6, 0.8)
    tail = hum(rng, tuple(rate * 5.4 * n for n in (1, 2, 3, 4)), (1, 0.6, 0.35, 0.2), 0.003)
    return mixed(
        scaled(moved(pulsed(thump, rng, rate, 0.95, 3.0, 0.004), wander(rng, 3.0), swell(1.5)), 1.4),
        scaled(moved(pulsed(slap, rng, rate, 0.93, 5.0, 0.004), wander(rng, 2.2), swell(2.5)), 1.2 * making["slap"]),
        scaled(tail, 0.18),
        scaled(texture(rng, ((250, -2), (900, -4), (4000, -14))), 0.10),
        scaled(hum(rng, (2700, 4050, 5400), (1, 0.5, 0.3), 0.002), 0.12 * making["turbine"]),
    )


@bed(
    "propeller",
    Parameter("blades", 78, 20, 900, "blade passes a second"),
    Parameter("engines", 2, 1, 4, "how many, beating against each other"),
    Parameter("rough", 0.3, doc="smooth to rattling"),
    Parameter("air", 0.4, doc="rush of air"),
)
def propeller(making: Making) -> Stream:
    """Propellers: a saw of blade passes, beating where there are several, and rushing air."""
    rng, rate = making.rng, making["blades"]
    number = np.arange(1, 26)
    gains = number**-0.85 * np.exp(-number / 14)
    layers = []
    for _ in range(making.choice("engines")):
        own = rate * float(rng.normal(1, 0.008))
        layers.append(
            moved(
                hum(
                    rng,
                    tuple(own * number),
                    tuple(gains * rng.uniform(0.7, 1.2, len(number))),
                    0.0015 + 0.004 * making["rough"],
                ),
                wander(rng, 3.0),
                swell(1.5),
            )
        )
    exhaust = texture(rng, ((60, 0), (250, -3), (1200, -12), (4000, -24)), 0.6, 0.8)
    layers.append(scaled(pulsed(exhaust, rng, rate / 2, 0.5, 1.5, 0.004), 0.4 + 0.5 * making["rough"]))
    layers.append(scaled(texture(rng, ((400, -2), (1500, 0), (5000, -10))), 0.4 * making["air"]))
    return mixed(*layers)


@bed(
    "jet",
    Parameter("thrust", 0.5, doc="idle (0) to take-off (1)"),
    Parameter("whine", 0.4, doc="fan and compressor tones"),
    Parameter("inside", 0.0, doc="outside (0) to in the cabin (1)"),
)
def jet(making: Making) -> Stream:
    """A jet: the torn roar of its stream, low and wide, and the fan's whine."""
    rng, thrust, inside = making.rng, making["thrust"], making["inside"]
    roar = texture(rng, ((40, -2), (160, 0), (700, -3 - 10 * inside), (3000, -11 - 16 * inside), (9000, -24)), 0.8, 0.7)
    tear = texture(rng, ((300, -2), (1000, 0), (3500, -8)), 0.9, 0.5)
    fan = 1700 + 1300 * thrust
    return mixed(
        moved(roar, wander(rng, 0.8, 0.6), swell(1.0 + thrust)),
        scaled(moved(tear, wander(rng, 0.12, 0.6), swell(5)), 0.35 * thrust * (1 - inside)),
        scaled(hum(rng, (fan, fan * 1.503, fan * 2, fan * 3.01), (1, 0.5, 0.5, 0.2), 0.002), 0.35 * making["whine"]),
    )


def _roaring(rng: np.random.Generator, frames: int, whine: float) -> tuple[Floats, Floats]:
    seconds = frames / SAMPLE_RATE + 0.001
    roar = hiss(rng, seconds, ((35, -1), (120, 0), (600, -6), (2500, -18)))[:frames] * (
        1 + 0.3 * flicker(rng, seconds, 9)[:frames]
    )
    tear = hiss(rng, seconds, ((400, -2), (1500, 0), (6000, -10)))[:frames] * (
        1 + 0.5 * flicker(rng, seconds, 30)[:frames]
    )
    hertz = np.full(frames, 2600.0)
    tone = read(wave((1, 0.4, 0.3)), phase_of(hertz * (1 + 0.004 * flicker(rng, seconds, 12)[:frames])))
    return roar, 0.7 * tear + whine * tone


@hit(
    "flyby",
    Parameter("kind", 0, 0, 2, "0 jet, 1 propeller, 2 helicopter"),
    Parameter("velocity", 110, 15, 300, "metres a second"),
    Parameter("distance", 120, 10, 800, "metres"),
    every=15.0,
)
def flyby(making: Making) -> Pass:
    """An aircraft overhead: swelling, bending in pitch, gone; the anchor is where it is closest."""
    rng, kind = making.rng, making.choice("kind")
    seconds = float(np.clip(making.seconds, 4.0, 14.0))
    rate = (0.0, 85.0, 12.0)[kind]

    def source(frames: int) -> tuple[Floats, Floats]:
        roar, tear = _roaring(rng, frames, 0.25 if kind == 0 else 0.0)
        if kind == 0:
            return roar, tear
        phase = phase_of(np.full(frames, rate))
        if kind == 1:
            number = np.arange(1, 40)
            saw = read(wave(number**-0.8 * np.exp(-number / 20), rng.uniform(0, 6.28, len(number))), phase)
            return saw + 0.15 * roar, 0.15 * tear
        chop = (0.5 + 0.5 * np.cos(2 * np.pi * phase)) ** 4
        return (0.1 + chop) * roar * 2, (0.1 + chop) * tear

    sound, lead = passing(source, min(making["velocity"], 300), making["distance"], seconds, bool(rng.uniform() < 0.5))
    return Pass(sound, lead)
