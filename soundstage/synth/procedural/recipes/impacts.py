"""Blows on things: one body struck, many that fall, what breaks."""

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import decay, flicker, laid, path, pluck, smooth_path
from soundstage.synth.procedural.grains import cloud, peaked
from soundstage.synth.procedural.modal import (
    BELL,
    BODY,
    CERAMIC,
    GLASS,
    MATERIALS,
    METAL,
    PLASTIC,
    STONE,
    WOOD,
    ring,
    strike,
    struck,
)
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.streams import Stream, mixed, moved, scaled, swell, texture, wander

_MATERIAL = Parameter(
    "material", WOOD, 0, len(MATERIALS) - 1, "0 wood, 1 metal, 2 glass, 3 stone, 4 plastic, 5 ceramic, 6 body"
)
_SIZE = Parameter("size", 1.0, 0.1, 8.0, "times a hand-sized piece: larger is lower and longer")


def blow(making: Making, material: int, size: float, hardness: float, sustain: float = 1.0) -> Floats:
    """One blow, harder and brighter the stronger the hit."""
    return strike(making.rng, making.timbre(), material, size, hardness * (0.4 + 0.6 * making.strength), sustain)


@hit(
    "impact",
    _MATERIAL,
    _SIZE,
    Parameter("hardness", 0.7, doc="soft mallet (0) to steel (1)"),
    Parameter("sustain", 1.0, 0.02, 4.0, "times the material's decay"),
    Parameter("bounces", 0, 0, 8, "how often it bounces after the first"),
    Parameter("thud", 0.0, doc="weight of the ground under it"),
    every=1.2,
    jitter=0.2,
)
def impact(making: Making) -> Floats:
    """A thing struck or dropped, by modal synthesis; it may bounce to rest."""
    rng, material = making.rng, making.choice("material")
    first = peaked(blow(making, material, making["size"], making["hardness"], making["sustain"]))
    parts, time, gap, loud = [(0.0, first)], 0.0, 0.17 * float(rng.uniform(0.8, 1.2)), 0.5
    if making["thud"] > 0:
        parts.append((0.0, making["thud"] * peaked(strike(rng, making.timbre(), BODY, 1.2, 0.5))))
    for _ in range(making.choice("bounces")):
        time, gap = time + gap, gap * rng.uniform(0.55, 0.75)
        parts.append(
            (time, loud * peaked(blow(making, material, making["size"], making["hardness"] * 0.7, making["sustain"])))
        )
        loud *= 0.6
    return laid(time + max(len(sound) for _, sound in parts) / SAMPLE_RATE, parts)


@hit(
    "clatter",
    _MATERIAL,
    _SIZE,
    Parameter("count", 14, 2, 200, "blows"),
    Parameter("length", 0.7, 0.05, 8.0, "seconds over which they fall"),
    Parameter("sustain", 0.5, 0.02, 3.0, "times the material's decay"),
    Parameter("even", 0.0, doc="thinning out (0) to spread evenly (1)"),
    Parameter("hardness", 0.8, doc="soft (0) to hard (1)"),
    every=1.8,
    jitter=0.3,
)
def clatter(making: Making) -> Floats:
    """Several things of one material that knock together: dishes, keys, coins, chains, debris."""
    rng, material, seconds = making.rng, making.choice("material"), making["length"]
    pieces = [
        peaked(
            strike(
                rng,
                np.random.default_rng([making.seed, 4, n]),
                material,
                making["size"] * float(rng.uniform(0.65, 1.5)),
                making["hardness"],
                making["sustain"],
            )
        )
        for n in range(9)
    ]
    count = making.choice("count")
    spread = rng.uniform(0, 1, count) if making["even"] > 0.5 else rng.beta(1, 2.4, count)
    times = np.sort(spread) * seconds
    times -= times[0]
    parts = []
    for n, time in enumerate(times):
        fall = 1.0 if making["even"] > 0.5 else 1.0 - 0.7 * time / seconds
        parts.append(
            (float(time), pieces[int(rng.integers(len(pieces)))] * fall * (0.9 if n == 0 else rng.lognormal(-0.7, 0.5)))
        )
    return laid(seconds + max(map(len, pieces)) / SAMPLE_RATE, parts)


# How each material breaks: band of the first crack, pieces, their size, length of the shower.
_BREAKS = {
    WOOD: ((250, 4500), 26, 0.45, 0.55),
    METAL: ((300, 6000), 30, 1.3, 1.0),
    GLASS: ((1500, 12000), 75, 0.75, 1.1),
    STONE: ((120, 5000), 55, 0.8, 1.3),
    PLASTIC: ((500, 6000), 14, 0.6, 0.4),
    CERAMIC: ((900, 9000), 36, 0.7, 0.8),
    BODY: ((200, 2500), 5, 0.5, 0.15),
}


@hit(
    "breaking",
    _MATERIAL,
    Parameter("size", 0.5, doc="small (0) to large (1)"),
    Parameter("debris", 0.6, doc="how many pieces fall"),
    every=4.0,
)
def breaking(making: Making) -> Floats:
    """A thing that breaks: the crack, the burst of fragments, pieces that fall and come to rest."""
    rng, material, size = making.rng, making.choice("material"), making["size"]
    (low, high), pieces, scale, shower = _BREAKS[material]
    crack = hiss(rng, 0.16, ((low, -2), (low * 2.2, 0), (high, -6))) * pluck(0.16, 0.0006, 0.08 + 0.08 * size)
    body = peaked(strike(rng, making.timbre(), material, scale * (1.2 + 1.4 * size), 1.0, 0.35))
    parts = [(0.0, 0.9 * peaked(crack)), (0.0, 0.75 * body)]
    if material == BODY:
        parts += [(float(t), 0.6 * peaked(strike(rng, rng, STONE, 0.5, 1.0, 0.5))) for t in rng.uniform(0, 0.05, 4)]
    length = shower * (0.5 + size)
    for at in rng.gamma(1.3, length / 4.5, round(pieces * (0.3 + 1.1 * making["debris"]) * (0.5 + size))):
        shard = peaked(strike(rng, rng, material, scale * rng.uniform(0.25, 1.1), 1.0, rng.uniform(0.15, 0.7)))
        parts.append((float(at), shard * rng.lognormal(-1.4, 0.6) * np.exp(-1.2 * at / length)))
    return laid(length * 1.3 + 0.3, parts)


@hit(
    "crash",
    Parameter("size", 0.6, doc="a fall (0) to a collapse (1)"),
    Parameter("metal", 0.6, doc="rubble (0) to sheet metal (1)"),
    Parameter("glass", 0.4, doc="windows that burst"),
    every=8.0,
)
def crash(making: Making) -> Floats:
    """A great crash: a blow with weight, metal that buckles, glass, rubble that settles."""
    rng, size, metal = making.rng, making["size"], making["metal"]
    seconds = 1.4 + 2.2 * size
    boom = hiss(rng, 0.7, ((35, 0), (110, -1), (450, -10))) * pluck(0.7, 0.003, 0.55)
    bang = hiss(rng, 0.35, ((150, -2), (800, 0), (5000, -8))) * pluck(0.35, 0.0008, 0.25)
    parts = [(0.0, 0.9 * peaked(boom)), (0.0, 0.9 * peaked(bang))]
    for at in np.concatenate([[0.0], rng.gamma(1.4, 0.13 + 0.1 * size, 8)]):
        sheet = peaked(strike(rng, rng, METAL, rng.uniform(1.5, 4.0), 0.8, 0.12))
        parts.append((float(at), metal * sheet * rng.uniform(0.25, 0.75)))
    for at in rng.gamma(1.6, seconds / 7, round(90 * size)):
        stone = peaked(strike(rng, rng, (STONE, WOOD, PLASTIC)[int(rng.integers(3))], rng.uniform(0.6, 2.0), 0.8, 0.7))
        parts.append((float(at), (1.1 - metal) * stone * rng.lognormal(-1.4, 0.5)))
    for at in 0.05 + rng.gamma(1.5, seconds / 9, round(60 * making["glass"])):
        parts.append(
            (
                float(at),
                making["glass"]
                * peaked(strike(rng, rng, GLASS, rng.uniform(0.4, 1.0), 1.0, 0.5))
                * rng.lognormal(-1.9, 0.5),
            )
        )
    rubble = hiss(rng, seconds, ((60, 0), (300, -3), (1500, -9), (5000, -18))) * path(
        seconds, ((0, 0.2), (0.1, 1), (0.5, 0.4), (1, 0))
    )
    parts.append((0.0, rubble * (1 + 0.5 * flicker(rng, seconds, 14)) * 0.12 * (0.4 + size)))
    return laid(seconds, parts)


@bed(
    "slide",
    Parameter("size", 0.6, doc="pebbles (0) to mountainside (1)"),
    Parameter("hard", 0.7, doc="snow (0) to rock (1)"),
    Parameter("powder", 0.3, doc="hiss of what is fine"),
)
def slide(making: Making) -> Stream:
    """A slope that comes down: a rolling rumble, stones on stones without end."""
    rng, size, hard = making.rng, making["size"], making["hard"]

    def stone(chance: np.random.Generator) -> Floats:
        return strike(chance, chance, STONE, chance.uniform(0.7, 1.2 + 3.5 * size), 0.8, 1.2)

    rumble = texture(rng, ((30, 0), (90, -1), (300, -7), (1500, -18), (5000, -30)), 0.9, 0.8)
    return mixed(
        scaled(moved(rumble, wander(rng, 0.9, 0.6), swell(4)), 0.3 + 0.9 * size),
        scaled(cloud(rng, stone, 45 + 60 * size, 0.7), 0.8 * hard),
        scaled(
            moved(texture(rng, ((500, -3), (1800, 0), (6000, -8))), wander(rng, 1.0), swell(3)), 0.5 * making["powder"]
        ),
    )


@hit(
    "thud",
    Parameter("weight", 0.6, doc="light (0) to very heavy (1)"),
    Parameter("cloth", 0.3, doc="clothes and limbs in it"),
    Parameter("crack", 0.0, doc="bones or slap on top"),
    every=1.5,
    jitter=0.3,
)
def thud(making: Making) -> Floats:
    """A body or a sack that falls, a fist, a kick: weight, a little cloth, perhaps a crack."""
    rng, weight = making.rng, making["weight"]
    low = peaked(blow(making, BODY, 0.7 + 1.1 * weight, 0.7))
    floor = peaked(hiss(rng, 0.14, ((60, 0), (180, -2), (700, -12))) * pluck(0.14, 0.002, 0.1))
    parts = [(0.0, low), (0.0, 0.5 * floor)]
    if making["cloth"] > 0:
        rustle = (
            hiss(rng, 0.2, ((500, -3), (1500, 0), (5000, -10)))
            * pluck(0.2, 0.004, 0.16)
            * (1 + 0.6 * flicker(rng, 0.2, 60))
        )
        parts += [
            (0.0, 0.28 * making["cloth"] * peaked(rustle)),
            (float(rng.uniform(0.07, 0.12)), 0.35 * making["cloth"] * low),
        ]
    if making["crack"] > 0:
        snap = hiss(rng, 0.05, ((700, -4), (1600, 0), (5000, -6))) * pluck(0.05, 0.0004, 0.03)
        parts.append((0.0, making["crack"] * peaked(snap)))
    return laid(0.55, parts)


@hit(
    "ball",
    Parameter("size", 0.5, doc="table tennis (0) to basket (1)"),
    Parameter("ring", 0.5, doc="how much the ball's hollow rings"),
    Parameter("bounces", 0, 0, 12, "times it bounces by itself"),
    every=0.75,
    jitter=0.05,
)
def ball(making: Making) -> Floats:
    """A ball that bounces: the floor's thud, the slap of the skin, the hollow's short note."""
    rng, size = making.rng, making["size"]
    bounce = _bounce(making, size)
    parts, time, gap, loud = [(0.0, bounce)], 0.0, 0.62, 0.75
    for _ in range(making.choice("bounces")):
        time, gap = time + gap, gap * 0.76
        parts.append((time, loud * _bounce(making, size) * float(rng.uniform(0.9, 1.0))))
        loud *= 0.72
    return laid(time + len(bounce) / SAMPLE_RATE, parts)


def _bounce(making: Making, size: float) -> Floats:
    rng = making.rng
    low = 900 * 0.11**size * float(making.timbre().normal(1, 0.04))
    hollow = ring(
        np.array([low, low * 1.62, low * 2.4, low * 6.1]),
        np.array([0.16, 0.1, 0.08, 0.12]) * (0.25 + 0.75 * size),
        np.array([1, 0.5, 0.3, 0.12 * making["ring"]]),
        0.22,
    )
    slap = hiss(rng, 0.05, ((500, 0), (1800, -4), (6000, -12))) * decay(0.05, 0.02)
    sound = 0.9 * peaked(struck(hollow, 0.0006 + 0.004 * size))
    sound[: len(slap)] += 0.45 * peaked(slap) * (0.5 + 0.5 * making.strength)
    return sound


# Amplitudes of a church bell's partials from the hum note up; the strike note lies an octave below the nominal.
_BELL_GAINS = (0.3, 0.55, 0.8, 0.45, 1.0, 0.75, 0.9, 0.7, 0.55, 0.4)


@hit(
    "bell",
    Parameter("pitch", 440, 60, 5000, "Hz of its note"),
    Parameter("length", 3.0, 0.1, 20.0, "seconds by 60 dB"),
    Parameter("hardness", 0.7, doc="soft to hard clapper"),
    Parameter("pure", 0.0, doc="church bell (0) to bowl or chime (1)"),
    every=2.2,
    jitter=0.02,
)
def bell(making: Making) -> Floats:
    """A bell: its partials from the hum note up, doubled by a slight unevenness so that they beat."""
    timbre, pure = making.timbre(), making["pure"]
    ratios = np.array((1.0, 2.71, 5.15, 8.4, 12.1) if pure > 0.5 else BELL)
    ratios = ratios * np.exp(timbre.normal(0, 0.006, len(ratios)))
    hertz = np.concatenate([ratios, ratios * (1 + timbre.uniform(0.0006, 0.003, len(ratios)))]) * making["pitch"]
    number = np.concatenate([np.arange(len(ratios))] * 2)
    strong = np.array((1, 0.8, 0.6, 0.4, 0.3) if pure > 0.5 else _BELL_GAINS)
    gains = np.tile(strong, 2) * (0.72 + 0.28 * making["hardness"]) ** number
    gains *= np.exp(making.rng.normal(0, 0.15, len(hertz)))
    gains[len(ratios) :] *= 0.6
    sixty = making["length"] * (hertz[0] / hertz) ** 0.65
    seconds = float(min(making["length"] * 1.05, 16.0))
    body = struck(ring(hertz, sixty, gains, seconds), 0.0012 * (1.4 - making["hardness"]))
    clap = hiss(making.rng, 0.03, band(1500, 8000)) * decay(0.03, 0.015)
    body[: len(clap)] += 0.12 * making["hardness"] * peaked(clap) * np.abs(body).max()
    return body * np.linspace(1, 0, len(body)) ** 0.2


@hit(
    "drum",
    Parameter("pitch", 90, 30, 900, "Hz of the skin"),
    Parameter("length", 0.5, 0.05, 3.0, "seconds by 60 dB"),
    Parameter("snare", 0.0, doc="wires under it"),
    Parameter("hardness", 0.5, doc="felt (0) to stick (1)"),
    every=0.6,
    jitter=0.02,
)
def drum(making: Making) -> Floats:
    """A skin on a shell: the modes of a circular membrane, pulled up a little by the blow."""
    rng, hertz, seconds = making.rng, making["pitch"], making["length"]
    ratios = np.array((1, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.5))
    gains = np.array((1, 0.7, 0.55, 0.5, 0.4, 0.35, 0.3, 0.25)) * np.exp(rng.normal(0, 0.15, 8))
    skin = ring(hertz * ratios, seconds / ratios**0.8, gains, seconds)
    skin = peaked(struck(skin, 0.0004 + 0.004 * (1 - making["hardness"])))
    snap = hiss(rng, 0.04, ((hertz * 4, -3), (hertz * 12, -6))) * decay(0.04, 0.02)
    skin[: len(snap)] += 0.9 * making["hardness"] * peaked(snap)[: len(skin)]
    if making["snare"] > 0:
        wires = hiss(rng, seconds, ((900, -4), (4000, 0), (10000, -4))) * pluck(seconds, 0.002, seconds * 0.6)
        skin += making["snare"] * 0.8 * peaked(wires)[: len(skin)]
    return skin


@hit(
    "cymbal",
    Parameter("size", 0.5, doc="finger cymbal (0) to gong (1)"),
    Parameter("length", 3.0, 0.1, 12.0, "seconds by 60 dB"),
    Parameter("swell", 0.0, doc="how slowly it opens, as a gong does"),
    every=3.0,
)
def cymbal(making: Making) -> Floats:
    """A plate with hundreds of close modes: a wash that opens after the blow and dies from above."""
    rng, timbre, size, seconds = making.rng, making.timbre(), making["size"], making["length"]
    low = 900 * 0.09**size
    hertz = np.sort(low * np.exp(timbre.uniform(0, np.log(14_000 / low), 160)))
    sixty = seconds * (low / hertz) ** 0.35
    gains = rng.rayleigh(1, len(hertz)) * (hertz / low) ** (0.75 - 1.1 * size)
    wash = ring(hertz, sixty, gains, seconds)
    opening = 1 - 0.75 * making["swell"] * np.exp(-np.arange(len(wash)) / (0.35 * SAMPLE_RATE))
    return wash * opening * np.linspace(1, 0, len(wash)) ** 0.3


@hit(
    "crumple",
    Parameter("stiff", 0.5, doc="soft paper (0) to plastic and sheet metal (1)"),
    Parameter("length", 0.8, 0.1, 4.0, "seconds"),
    every=1.4,
    jitter=0.3,
)
def crumple(making: Making) -> Floats:
    """A sheet that buckles: hundreds of little snaps of very uneven force."""
    rng, stiff, seconds = making.rng, making["stiff"], making["length"]
    parts = []
    for at in np.sort(rng.beta(1.3, 1.6, int(140 * seconds)) * seconds):
        hertz = float(np.exp(rng.normal(np.log(4200 - 1800 * stiff), 0.45)))
        snap = hiss(rng, 0.02, ((hertz * 0.6, -3), (hertz, 0), (hertz * 2, -5))) * pluck(
            0.02, 0.0004, 0.006 + 0.016 * stiff
        )
        parts.append((float(at), snap * rng.lognormal(-1.2, 0.9)))
    start = parts[0][0]
    parts = [(at - start, snap) for at, snap in parts]
    return laid(
        seconds,
        [
            (0.0, peaked(parts[0][1]) * 1.5),
            *parts,
            (0.0, 0.08 * hiss(rng, seconds, band(2000, 9000)) * smooth_path(seconds, ((0, 0.3), (0.4, 1), (1, 0)))),
        ],
    )
