"""What has no source in the world: drones, magic, lasers, risers, computers."""

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import decay, flicker, laid, path, pluck, smooth_path, ticks
from soundstage.synth.procedural.grains import bank, cloud, peaked, picked, strewn
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.recipes.fire import crack
from soundstage.synth.procedural.recipes.weapons import air_sweep
from soundstage.synth.procedural.streams import Stream, hum, mixed, moved, pulsed, scaled, swell, texture, wander
from soundstage.synth.procedural.tones import phase_of, read, wave


@bed(
    "drone",
    Parameter("pitch", 55, 25, 400, "Hz"),
    Parameter("dark", 0.6, doc="bright (0) to dark (1)"),
    Parameter("tension", 0.4, doc="consonant (0) to clashing (1)"),
    Parameter("air", 0.3, doc="breath of noise"),
    Parameter("pulse", 0.0, 0.0, 8.0, "beats a second (0: none)"),
)
def drone(making: Making) -> Stream:
    """A slow chord of slightly wrong partials that drift against each other."""
    rng, pitch, clash = making.rng, making["pitch"], making["tension"]
    ratios = (1.0, 1.498, 2.0, 2.0 + 0.12 * clash, 3.0 - 0.17 * clash, 4.02, 5.6 + 0.3 * clash)
    layers = []
    for n, ratio in enumerate(ratios):
        tone = hum(
            rng,
            tuple(pitch * ratio * k for k in (1, 2, 3)),
            (1.0, 0.35 * (1 - making["dark"]), 0.2 * (1 - making["dark"])),
            0.004,
        )
        layers.append(scaled(moved(tone, wander(rng, 5.0 + n, 0.2), swell(7)), (1 - 0.5 * making["dark"]) ** n))
    breath = texture(rng, ((150, -3), (600, 0), (1800, -10)), 1.0, 3.0)
    layers.append(scaled(moved(breath, wander(rng, 4.0), swell(7)), 0.5 * making["air"]))
    whole = mixed(*layers)
    return pulsed(whole, rng, making["pulse"], 0.85, 1.5, 0.0) if making["pulse"] > 0 else whole


@bed(
    "shimmer",
    Parameter("bright", 0.6, doc="low (0) to high (1)"),
    Parameter("rate", 0.5, doc="sparse (0) to dense (1)"),
)
def shimmer(making: Making) -> Stream:
    """A glitter of tiny bells over a soft halo."""
    rng = making.rng
    scale = (1, 9 / 8, 5 / 4, 3 / 2, 5 / 3, 2)
    base = 900 * 2.2 ** making["bright"]

    def grain(chance: np.random.Generator) -> Floats:
        hertz = base * scale[int(chance.integers(6))] * 2.0 ** int(chance.integers(0, 3))
        return np.asarray(np.sin(2 * np.pi * min(hertz, 15_000) * ticks(0.5)) * pluck(0.5, 0.002, 0.45))

    halo = hum(rng, tuple(base * ratio for ratio in scale), (1,) * 6, 0.004)
    return mixed(
        scaled(cloud(rng, grain, 5 + 25 * making["rate"], 0.6), 0.7),
        scaled(moved(halo, wander(rng, 2.0), swell(6)), 0.08),
    )


@hit(
    "riser",
    Parameter("length", 3.0, 0.5, 12.0, "seconds"),
    Parameter("fall", 0.0, doc="rising (0) or falling (1)"),
    every=6.0,
)
def riser(making: Making) -> Floats:
    """Noise and tones that climb together to a stop."""
    rng, seconds = making.rng, making["length"]
    up = making["fall"] < 0.5
    noise = peaked(air_sweep(rng, seconds, 200, 6500, 0.97 if up else 0.03, 0.7))
    climb = path(seconds, ((0, 110), (1, 880)) if up else ((0, 880), (1, 90)))
    tone = sum(
        (np.sin(2 * np.pi * np.cumsum(climb * r) / SAMPLE_RATE) for r in (1, 1.012, 2.02, 3.0)), np.zeros(len(climb))
    )
    loud = path(seconds, ((0, 0.05), (0.96, 1), (1, 0)) if up else ((0, 1), (0.5, 0.4), (1, 0)))
    return (0.8 * noise + 0.35 * peaked(tone)) * loud


@hit(
    "boom",
    Parameter("pitch", 52, 25, 120, "Hz"),
    Parameter("length", 2.5, 0.4, 8.0, "seconds"),
    Parameter("brass", 0.0, doc="a blare on top"),
    Parameter("drop", 0.5, 0.0, 2.0, "octaves it sinks"),
    every=5.0,
)
def boom(making: Making) -> Floats:
    """A trailer's low hit: a sub that sinks, a soft blow, perhaps a blare."""
    rng, seconds = making.rng, making["length"]
    hertz = making["pitch"] * 2 ** (making["drop"] * (np.exp(-ticks(seconds) * 6) - 0.5))
    sub = np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE) + 0.3 * np.sin(4 * np.pi * np.cumsum(hertz) / SAMPLE_RATE)
    parts = [
        (0.0, sub * pluck(seconds, 0.003, seconds)),
        (0.0, 0.5 * peaked(hiss(rng, 0.3, ((60, 0), (300, -5), (2000, -16))) * pluck(0.3, 0.001, 0.2))),
    ]
    if making["brass"] > 0:
        blare = np.zeros(len(ticks(seconds)))
        for ratio in (1, 1.005, 1.5, 2.0, 2.99):
            number = np.arange(1, 40)
            blare += read(
                wave(number**-0.75 * np.exp(-number / 14)),
                phase_of(np.full(len(blare), making["pitch"] * 1.05 * ratio), float(rng.uniform())),
            )
        growl = 1 + 0.25 * flicker(rng, seconds, 25)
        parts.append(
            (0.0, making["brass"] * peaked(blare * growl * path(seconds, ((0, 0.6), (0.08, 1), (0.4, 0.5), (1, 0)))))
        )
    return np.asarray(np.tanh(1.3 * laid(seconds, parts)))


@hit(
    "zap",
    Parameter("pitch", 1600, 200, 6000, "Hz at its start"),
    Parameter("fall", 2.5, -3.0, 5.0, "octaves it falls"),
    Parameter("length", 0.35, 0.05, 3.0, "seconds"),
    Parameter("noise", 0.2, doc="tone (0) to spark (1)"),
    Parameter("wobble", 0.0, doc="trembling"),
    every=0.9,
    jitter=0.3,
)
def zap(making: Making) -> Floats:
    """A laser, a spark, a teleport: a tone that falls fast, with noise."""
    rng, seconds = making.rng, making["length"]
    share = ticks(seconds) / seconds
    hertz = making["pitch"] * float(rng.uniform(0.93, 1.07)) * 2 ** (-making["fall"] * share**0.6)
    hertz = np.clip(hertz * (1 + 0.2 * making["wobble"] * np.sin(2 * np.pi * 23 * ticks(seconds))), 30, 12_000)
    number = np.arange(1, 9)
    tone = read(wave(number**-1.1), phase_of(hertz))
    spark = hiss(rng, seconds, ((1200, -4), (4500, 0), (12_000, -3))) * np.clip(
        flicker(rng, seconds, 110) + 0.1, 0, None
    )
    loud = path(seconds, ((0, 0.8), (0.04, 1), (0.6, 0.5), (1, 0)))
    return (peaked(tone) * (1 - making["noise"]) + 1.2 * making["noise"] * peaked(spark)) * loud


@bed("field", Parameter("pitch", 90, 30, 600, "Hz"), Parameter("energy", 0.5, doc="calm (0) to crackling (1)"))
def field(making: Making) -> Stream:
    """A force field: a beating hum, a phasing hiss, discharges."""
    rng, pitch = making.rng, making["pitch"]
    number = np.arange(1, 16)
    core = hum(rng, tuple(pitch * number), tuple(number**-0.9), 0.006)
    hiss_band = texture(rng, ((900, -4), (2400, 0), (6000, -6)), 0.9, 0.5)
    return mixed(
        moved(pulsed(core, rng, 3.1, 0.35, 1.0, 0.1), wander(rng, 1.2), swell(2)),
        scaled(pulsed(hiss_band, rng, 0.4, 0.8, 1.0, 0.2), 0.12 + 0.2 * making["energy"]),
        scaled(strewn(rng, picked(bank(rng, crack, 24)), 1 + 12 * making["energy"], 0.8), 0.5 * making["energy"]),
    )


@hit("boing", Parameter("pitch", 160, 60, 600, "Hz"), every=1.5)
def boing(making: Making) -> Floats:
    """A spring let go: a tone that wobbles as it dies."""
    rng, seconds = making.rng, 1.0
    time = ticks(seconds)
    hertz = making["pitch"] * (
        1 + 0.35 * np.exp(-time * 3) * np.sin(2 * np.pi * (9 + 5 * time) * time + float(rng.uniform(0, 0.4)))
    )
    tone = read(wave(np.arange(1, 20) ** -0.9), phase_of(hertz))
    return np.asarray(tone * pluck(seconds, 0.002, 0.9))


@hit(
    "spell",
    Parameter("length", 1.8, 0.4, 6.0, "seconds"),
    Parameter("bright", 0.6, doc="dark (0) to bright (1)"),
    every=4.0,
)
def spell(making: Making) -> Floats:
    """Magic: a breath of air, a glissando of small bells, a shimmer that lingers."""
    rng, seconds = making.rng, making["length"]
    parts = [(0.0, 0.5 * peaked(air_sweep(rng, seconds * 0.7, 400, 5000, 0.4, 0.7)))]
    scale = (1, 9 / 8, 5 / 4, 3 / 2, 5 / 3)
    count = 26
    for n in range(count):
        hertz = (500 + 600 * making["bright"]) * scale[n % 5] * 2.0 ** (n // 5 / 2)
        bell = np.sin(2 * np.pi * min(hertz, 14_000) * ticks(0.7)) * decay(0.7, 0.6)
        parts.append((0.4 * seconds * n / count, bell * rng.uniform(0.08, 0.22)))
    parts.append(
        (
            0.2 * seconds,
            0.06
            * hiss(rng, 0.8 * seconds, band(5000, 14_000))
            * smooth_path(0.8 * seconds, ((0, 0), (0.3, 1), (1, 0))),
        )
    )
    return laid(seconds + 0.4, parts)
