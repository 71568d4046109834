"""What bodies do without a voice: breath, heart, hands, mouths."""

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import decay, flicker, laid, path, pluck, smooth_path, ticks
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import BODY, METAL, PLASTIC, strike
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, hit
from soundstage.synth.procedural.recipes.water import bubble
from soundstage.synth.procedural.recipes.weapons import air_sweep
from soundstage.synth.procedural.tones import whistle


@hit("heartbeat", Parameter("close", 0.5, doc="felt (0) to heard in the head (1)"), every=0.86, jitter=0.03)
def heartbeat(making: Making) -> Floats:
    """Two dull thumps: the valves shut, first the great ones, then the small."""
    first, second = _thump(making.rng, 48, 0.16), _thump(making.rng, 62, 0.11)
    return laid(
        0.6,
        [
            (0.0, first),
            (0.3, 0.65 * second),
            (0.0, 0.12 * making["close"] * hiss(making.rng, 0.6, band(80, 300)) * pluck(0.6, 0.05, 0.5)),
        ],
    )


def _thump(rng: np.random.Generator, hertz: float, seconds: float) -> Floats:
    time = ticks(seconds)
    tone = np.sin(2 * np.pi * hertz * time * (1 - 0.8 * time)) + 0.35 * np.sin(4.6 * np.pi * hertz * time)
    return np.asarray(tone * pluck(seconds, 0.006, seconds * 1.3) * rng.uniform(0.92, 1))


@hit(
    "breath",
    Parameter("effort", 0.3, doc="calm (0) to gasping (1)"),
    Parameter("out", 1.0, doc="in (0) or out (1)"),
    Parameter("mask", 0.0, doc="through a diver's mouthpiece"),
    every=1.9,
    jitter=0.1,
)
def breath(making: Making) -> Floats:
    """One breath: noise shaped by the throat, in on even hits, out on odd ones."""
    rng, effort = making.rng, making["effort"]
    seconds = 1.2 - 0.75 * effort
    outward = (making.index % 2 == 1) == (making["out"] > 0.5)
    throat = (
        ((400, -6), (1100, 0), (1900, -3), (3200, -6), (7000, -16))
        if outward
        else ((700, -8), (1700, 0), (2800, -2), (6500, -10))
    )
    sound = (
        hiss(rng, seconds, throat)
        * smooth_path(seconds, ((0, 0.25), (0.25, 1), (0.6, 0.6), (1, 0)))
        * (1 + 0.2 * flicker(rng, seconds, 18))
    )
    if making["mask"] <= 0:
        return sound
    parts = [(0.0, 0.6 * peaked(sound))]
    if outward:
        parts += [
            (float(at), making["mask"] * bubble(rng, 150, 900) * rng.uniform(0.3, 1))
            for at in rng.beta(1.4, 2, 45) * 1.4
        ]
    return laid(seconds + 1.0, parts)


@hit("sneeze", every=4.0)
def sneeze(making: Making) -> Floats:
    """Breath that bursts out, without a voice."""
    rng = making.rng
    burst = hiss(rng, 0.35, ((500, -4), (1800, 0), (6000, -3), (11000, -8))) * pluck(0.35, 0.004, 0.3)
    return laid(0.5, [(0.0, peaked(burst)), (0.0, 0.3 * peaked(strike(rng, making.timbre(), BODY, 1.0, 0.5)))])


@hit("snap", Parameter("dry", 0.7, doc="soft to crisp"), every=0.7, jitter=0.05)
def snap(making: Making) -> Floats:
    """Fingers: a finger slaps the palm's hollow."""
    rng = making.rng
    hertz = float(making.timbre().uniform(1500, 2400))
    pop = np.sin(2 * np.pi * hertz * ticks(0.04)) * decay(0.04, 0.022)
    return laid(0.08, [(0.0, 0.8 * pop), (0.0, 0.6 * peaked(hiss(rng, 0.03, band(1200, 7000)) * decay(0.03, 0.012)))])


@hit(
    "crunch",
    Parameter("wet", 0.3, doc="crisps (0) to an apple's flesh (1)"),
    Parameter("length", 0.28, 0.05, 1.5, "seconds"),
    every=0.62,
    jitter=0.15,
)
def crunch(making: Making) -> Floats:
    """Teeth through something brittle: a flurry of cracks heard through the jaw."""
    rng, wet, seconds = making.rng, making["wet"], making["length"]
    parts = []
    for n, at in enumerate(np.sort(rng.beta(1, 2, int(55 * (1 - 0.5 * wet))) * seconds)):
        hertz = float(np.exp(rng.normal(np.log(2300 - 900 * wet), 0.5)))
        parts.append(
            (
                float(at) if n else 0.0,
                peaked(hiss(rng, 0.014, band(hertz * 0.5, hertz * 1.7)) * pluck(0.014, 0.0003, 0.01))
                * rng.lognormal(-0.9, 0.6),
            )
        )
    if wet > 0.2:
        parts += [(float(t), 0.5 * wet * bubble(rng, 500, 1800)) for t in rng.uniform(0.02, seconds, 8)]
    return laid(seconds + 0.05, parts)


@hit(
    "mouth",
    Parameter("wet", 0.6, doc="dry lips (0) to slurping (1)"),
    Parameter("length", 0.3, 0.05, 1.5, "seconds"),
    every=0.8,
    jitter=0.25,
)
def mouth(making: Making) -> Floats:
    """Lips and tongue: smacks, slurps, chewing with a wet mouth."""
    rng, wet, seconds = making.rng, making["wet"], making["length"]
    smack = peaked(hiss(rng, 0.03, ((600, -3), (1500, 0), (4500, -7))) * pluck(0.03, 0.0008, 0.02))
    air = (
        hiss(rng, seconds, ((800, -4), (2200, 0), (6000, -8)))
        * smooth_path(seconds, ((0, 0.3), (0.5, 1), (1, 0)))
        * np.abs(flicker(rng, seconds, 38))
    )
    parts = [(0.0, 0.7 * smack), (0.0, 0.4 * wet * peaked(air))]
    parts += [
        (float(at), 0.6 * bubble(rng, 500, 2600) * rng.uniform(0.2, 1))
        for at in rng.uniform(0, seconds, int(26 * wet * seconds / 0.3))
    ]
    return laid(seconds + 0.08, parts)


@hit(
    "whistle",
    Parameter("pitch", 1500, 400, 5000, "Hz"),
    Parameter("pea", 0.0, doc="lips (0) to a referee's pea whistle (1)"),
    Parameter("length", 0.7, 0.08, 4.0, "seconds"),
    Parameter("glide", 0.1, -1.0, 1.0, "octaves it rises"),
    every=1.6,
    jitter=0.3,
)
def whistling(making: Making) -> Floats:
    """A whistle of lips, a referee's, a kettle's or a slide whistle's."""
    rng, seconds, hertz = making.rng, making["length"], making["pitch"]
    end = hertz * 2 ** making["glide"]
    points = ((0, hertz * 0.96), (0.1, hertz), (0.8, end), (1, end * 0.97))
    tone = whistle(
        rng, seconds, points, ((0, 0.2), (0.06, 1), (0.85, 0.9), (1, 0)), 0.012 * (1 - making["pea"]), 5.5, 0.12
    )
    if making["pea"] > 0:
        beat = np.sin(2 * np.pi * (34 * ticks(seconds) + 0.4 * flicker(rng, seconds, 9)))
        second = whistle(
            rng,
            seconds,
            tuple((at, h * 1.045) for at, h in points),
            ((0, 0.2), (0.05, 1), (0.9, 1), (1, 0)),
            0.0,
            5.5,
            0.3,
        )
        tone = (tone + making["pea"] * second) * (1 - 0.45 * making["pea"] * (0.5 + 0.5 * beat))
    return tone + 0.05 * hiss(rng, seconds, band(hertz * 0.8, hertz * 3))[: len(tone)] * path(
        seconds, ((0, 1), (0.9, 1), (1, 0))
    )


@hit("flatulence", Parameter("pitch", 90, 40, 250, "Hz"), Parameter("length", 0.6, 0.1, 2.0, "seconds"), every=3.0)
def flatulence(making: Making) -> Floats:
    """Loose flesh that flaps: burps, and worse."""
    rng, seconds = making.rng, making["length"]
    hertz = making["pitch"] * path(seconds, ((0, 0.8), (0.3, 1.15), (1, 0.7))) * (1 + 0.15 * flicker(rng, seconds, 16))
    phase = np.cumsum(hertz) / SAMPLE_RATE
    flaps = np.exp(-8 * np.mod(phase, 1.0)) * (1 + 0.4 * flicker(rng, seconds, 50))
    flesh = (flaps - 0.12) * hiss(rng, seconds, ((120, 0), (420, -1), (1600, -8), (4000, -18)))
    loud = path(seconds, ((0, 0.6), (0.1, 1), (0.8, 0.7), (1, 0)))
    return np.asarray((flesh + 0.5 * (flaps - flaps.mean())) * loud)


@hit("snore", every=3.6, jitter=0.06)
def snore(making: Making) -> Floats:
    """A soft palate that flutters as the breath goes in, then the breath let out."""
    rng = making.rng
    rate = 34 * smooth_path(1.3, ((0, 0.8), (0.5, 1.1), (1, 0.9))) * (1 + 0.12 * flicker(rng, 1.3, 10))
    flutter = np.exp(-5 * np.mod(np.cumsum(rate) / SAMPLE_RATE, 1.0))
    rasp = (
        hiss(rng, 1.3, ((90, -2), (350, 0), (1100, -6), (3500, -16)))
        * flutter
        * smooth_path(1.3, ((0, 0.25), (0.5, 1), (1, 0)))
    )
    out = hiss(rng, 1.2, ((400, -4), (1200, 0), (4000, -9))) * smooth_path(1.2, ((0, 0), (0.25, 1), (1, 0)))
    return laid(3.0, [(0.0, peaked(rasp)), (1.7, 0.12 * peaked(out))])


@hit("golf", every=4.0)
def golf(making: Making) -> Floats:
    """A golf swing: the air, the crack of club on ball (the anchor is the start of the swing)."""
    rng = making.rng
    swing = peaked(air_sweep(rng, 0.55, 300, 2600, 0.75, 0.6))
    head = peaked(strike(rng, making.timbre(), METAL, 0.45, 1.0, 0.05))
    ball = peaked(strike(rng, making.timbre(), PLASTIC, 0.35, 1.0, 0.3))
    return laid(
        1.0,
        [
            (0.0, 0.35 * swing),
            (0.0, 0.06 * peaked(hiss(rng, 0.05, band(400, 2500)) * decay(0.05, 0.05))),
            (0.4, 0.6 * head),
            (0.4, ball),
        ],
    )
