"""Sea, streams, splashes, bubbles and all that flows or drips."""

from collections.abc import Iterator

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import decay, flicker, laid, path, pluck, smooth_path, ticks
from soundstage.synth.procedural.grains import cloud, panned, peaked, picked, strewn
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.recipes.doors import creak_sound
from soundstage.synth.procedural.recipes.friction import flap
from soundstage.synth.procedural.recipes.weather import wind
from soundstage.synth.procedural.streams import (
    CHUNK,
    Event,
    Stream,
    mixed,
    moved,
    scaled,
    swell,
    texture,
    timeline,
    wander,
)


def bubble(rng: np.random.Generator, low: float, high: float) -> Floats:
    """An air bubble: a sine that decays and rises as it nears the surface (Minnaert 1933, van den Doel 2005)."""
    hertz = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    seconds = float(np.clip(rng.uniform(25, 60) / hertz, 0.012, 0.25))
    time = ticks(seconds)
    rise = rng.uniform(0.0, 2.5)
    wave = np.sin(2 * np.pi * hertz * time * (1 + 0.5 * rise * time)) * pluck(seconds, 0.0015, seconds)
    return np.asarray(wave * (low / hertz) ** 0.4)


def _bubbles(rng: np.random.Generator, low: float, high: float, rate: float) -> Stream:
    return cloud(rng, lambda chance: bubble(chance, low, high), rate, 0.8)


@bed(
    "sea",
    Parameter("swell", 0.5, doc="lapping (0) to breakers (1)"),
    Parameter("shore", 0.7, doc="open sea (0) to waves that break on a beach (1)"),
)
def sea(making: Making) -> Stream:
    """Waves that gather, break and draw back, each for itself, over the wash of the whole sea."""
    rng, force, shore = making.rng, making["swell"], making["shore"]
    waves = _waves(rng, force, 6)
    wash = moved(texture(rng, ((80, 0), (400, -4), (2500, -12), (6000, -22))), wander(rng, 5.0), swell(4))
    fizz = moved(texture(rng, ((1500, -4), (4500, 0), (10000, -8))), wander(rng, 6.0), swell(7))
    layers = [scaled(wash, 0.28 - 0.1 * shore), scaled(fizz, 0.02 + 0.06 * shore * force)]
    if shore > 0:
        layers.append(scaled(timeline(_rollers(rng, waves, 9.5 - 2 * force)), shore))
    if force < 0.4:
        layers.append(scaled(_bubbles(rng, 180, 900, 12), 0.5 * (0.4 - force)))
    return mixed(*layers)


def _rollers(rng: np.random.Generator, waves: list[Floats], gap: float) -> Iterator[Event]:
    frame = -rng.uniform(0, 3.0) * SAMPLE_RATE
    while True:
        wave = waves[int(rng.integers(len(waves)))] * rng.uniform(0.5, 1.0)
        yield Event(int(frame), panned(wave, rng.uniform(-0.5, 0.5)))
        frame += rng.uniform(0.55, 1.25) * gap * SAMPLE_RATE


def _waves(rng: np.random.Generator, force: float, count: int) -> list[Floats]:
    """Several waves cut from the same three noises at different places."""
    heave = hiss(rng, 14.0, ((50, 0), (180, -2), (500, -10)))
    crash = hiss(rng, 14.0, ((200, -2), (900, 0), (3500, -7), (8000, -15)))
    foam = hiss(rng, 14.0, ((1800, -4), (5000, 0), (11000, -8)))
    return [
        _wave(rng, force, *(np.roll(noise, int(rng.integers(len(noise)))) for noise in (heave, crash, foam)))
        for _ in range(count)
    ]


def _wave(rng: np.random.Generator, force: float, heave: Floats, crash: Floats, foam: Floats) -> Floats:
    """One wave: a low heave, the break that brightens at once, the foam that hisses as it runs out."""
    seconds = rng.uniform(8, 12)
    crest = rng.uniform(0.28, 0.4)
    frames = len(ticks(seconds))
    lift = smooth_path(seconds, ((0, 0), (crest, 1), (crest + 0.2, 0.4), (1, 0)))
    fall = smooth_path(
        seconds, ((0, 0), (crest - 0.16, 0.08), (crest, 1), (crest + 0.12, 0.55), (crest + 0.35, 0.12), (1, 0))
    )
    run = smooth_path(seconds, ((0, 0), (crest - 0.02, 0.05), (crest + 0.14, 1), (crest + 0.4, 0.3), (1, 0)))
    body = (
        0.5 * force * heave[:frames] * lift + (0.25 + 0.5 * force) * crash[:frames] * fall + 0.22 * foam[:frames] * run
    )
    return np.asarray(body * (1 + 0.25 * flicker(rng, seconds, 5)) * 0.6)


@bed(
    "stream",
    Parameter("flow", 0.4, doc="trickle (0) to river (1)"),
    Parameter("bubbles", 0.6, doc="gurgling over stones"),
    Parameter("bright", 0.5, doc="dull to sparkling"),
)
def stream(making: Making) -> Stream:
    """Running water: clouds of bubbles of many sizes over a little rush of noise."""
    rng, flow = making.rng, making["flow"]
    low = 500 - 330 * flow
    top = 2500 + 4000 * making["bright"]
    rush = texture(rng, ((low, -2), (900, 0), (top, -8)), 1.0, 1.6)
    return mixed(
        scaled(moved(rush, wander(rng, 2.0), swell(2)), 0.05 + 0.4 * flow),
        scaled(moved(_bubbles(rng, low, top, 90 + 160 * flow), wander(rng, 1.4), swell(3)), 0.9 * making["bubbles"]),
        scaled(strewn(rng, lambda chance: bubble(chance, low, 1500), 9, 0.5), 0.3 * making["bubbles"]),
    )


@bed(
    "waterfall",
    Parameter("size", 0.5, doc="garden fountain (0) to great fall (1)"),
    Parameter("splash", 0.3, doc="single splashes that stand out"),
)
def waterfall(making: Making) -> Stream:
    """Falling water: a broad roar, deeper the greater the fall, with spray and splashes."""
    rng, size = making.rng, making["size"]
    low = 500 * (0.08**size)
    roar = texture(rng, ((low, 0), (500, -2), (2500, -6 - 6 * size), (9000, -14 - 8 * size)), 1.0, 1.2)
    spray = texture(rng, ((2500, -3), (6000, 0), (12000, -6)), 1.0, 0.9)
    drops = _bubbles(rng, 350, 3500, 160)
    return mixed(
        moved(roar, wander(rng, 1.5), swell(1.2)),
        scaled(moved(spray, wander(rng, 1.0), swell(2)), 0.35 - 0.2 * size),
        scaled(drops, 1.6 * making["splash"]),
    )


@bed(
    "underwater",
    Parameter("depth", 0.5, doc="pool (0) to deep sea (1)"),
    Parameter("bubbles", 0.4, doc="bubbles that rise"),
)
def underwater(making: Making) -> Stream:
    """Under water: all dull, slow and close, with bubbles that rise in flocks."""
    rng, deep = making.rng, making["depth"]
    mass = texture(rng, ((30, 0), (110, -1), (380 - 180 * deep, -9), (900, -30)), 0.7, 4.0)
    sway = texture(rng, ((200, 0), (420, 0), (800, -10)), 0.9, 2.0)
    flocks = moved(cloud(rng, lambda c: bubble(c, 220, 1100), 22, 0.8), wander(rng, 2.5, 0.2), _flock)
    return mixed(
        moved(mass, wander(rng, 5.0), swell(3)),
        scaled(moved(sway, wander(rng, 3.0), swell(6)), 0.16),
        scaled(flocks, 5.0 * making["bubbles"] ** 1.5),
    )


def _flock(value: Floats) -> Floats:
    return np.asarray(0.12 + np.clip(value, 0, None) ** 1.5 * 1.6)


@bed(
    "bubbling",
    Parameter("rate", 0.4, doc="single bubbles (0) to a rolling boil (1)"),
    Parameter("size", 0.4, doc="fizz (0) to mud and lava (1)"),
    Parameter("steam", 0.15, doc="hiss above"),
)
def bubbling(making: Making) -> Stream:
    """Bubbles that burst at a surface: boiling water, thick mud, lava."""
    rng, size = making.rng, making["size"]
    low = 1100 * (0.06**size)
    rate = 6 + 110 * making["rate"] ** 1.5
    boil = moved(_bubbles(rng, low, low * 5, rate), wander(rng, 1.2), swell(4))
    rumble = texture(rng, ((low * 0.35, 0), (low, -4), (low * 2.5, -16)), 0.8, 1.0)
    return mixed(
        boil,
        scaled(strewn(rng, lambda c: bubble(c, low, low * 3), 2 + 5 * making["rate"]), 0.35),
        scaled(moved(rumble, wander(rng, 0.8), swell(4)), 0.10 * making["rate"]),
        scaled(texture(rng, ((2000, -6), (5500, 0), (11000, -5)), 1.0, 1.0), 0.12 * making["steam"]),
    )


@bed(
    "flow",
    Parameter("force", 0.5, doc="trickle (0) to full tap (1)"),
    Parameter("vessel", 0.5, doc="small (0, high) to large (1, low) hollow that it fills"),
    Parameter("fill", 0.0, doc="how much the hollow's note rises over the cue as it fills"),
    Parameter("spray", 0.4, doc="hiss of fine drops"),
)
def flow(making: Making) -> Stream:
    """Water from a tap, a jug or a shower: a rush, bubbles, and the hollow it falls into."""
    rng, force = making.rng, making["force"]
    note = 900 * (0.3 ** making["vessel"])
    bubbles = _bubbles(rng, note, note * 6, 70 + 160 * force)
    rush = texture(rng, ((note, -3), (2200, 0), (6000, -6), (11000, -14)), 0.7, 0.9)
    hollow = texture(rng, ((note * 0.85, -2), (note, 0), (note * 1.2, -2)), 0.4, 0.5)
    layers = [
        scaled(moved(bubbles, wander(rng, 0.8), swell(3)), 1.1),
        scaled(moved(rush, wander(rng, 0.7), swell(2)), 0.12 + 0.4 * force * making["spray"]),
        scaled(texture(rng, ((3000, -3), (7000, 0), (13000, -5))), 0.35 * making["spray"]),
    ]
    if making["fill"] > 0:
        higher = texture(rng, ((note * 1.9, -2), (note * 2.3, 0), (note * 2.7, -2)), 0.4, 0.5)
        layers += [
            scaled(_turned(hollow, making.seconds, falls=True), 0.5),
            scaled(_turned(higher, making.seconds, falls=False), 0.5 * making["fill"]),
        ]
    else:
        layers.append(scaled(hollow, 0.3))
    return mixed(*layers)


def _turned(stream: Stream, seconds: float, falls: bool) -> Stream:
    """A stream faded over the whole cue, out or in."""
    frame = 0
    for chunk in stream:
        share = np.clip((frame + np.arange(CHUNK)) / (seconds * SAMPLE_RATE), 0, 1).astype(np.float32)
        yield chunk * np.sqrt(1 - share if falls else share)
        frame += CHUNK


@hit(
    "drip",
    Parameter("pitch", 0.5, doc="low plop (0) to high plink (1)"),
    Parameter("echo", 0.3, doc="of a cave or a basin"),
    every=1.3,
    jitter=0.35,
)
def drip(making: Making) -> Floats:
    """A drop that falls into water: the tick of the impact, then its bubble rings and rises."""
    rng = making.rng
    hertz = 420 * 5.5 ** making["pitch"] * rng.uniform(0.8, 1.25)
    seconds = 0.12 + 0.9 * making["echo"]
    time = ticks(0.12)
    ring = np.sin(2 * np.pi * hertz * (time + 2.2 * time**2)) * pluck(0.12, 0.001, 0.11)
    tick = hiss(rng, 0.01, band(1500, 9000)) * decay(0.01, 0.004) * 0.25
    parts = [(0.0, tick), (0.0, ring)]
    echoes = rng.uniform(0.03, max(seconds - 0.1, 0.04), int(10 * making["echo"]))
    parts += [(float(at), ring * making["echo"] * 0.4 * np.exp(-4 * at)) for at in echoes]
    return laid(seconds, parts)


@hit(
    "splash",
    Parameter("size", 0.5, doc="pebble (0) to diver (1)"),
    Parameter("thick", 0.0, doc="water (0) to mud (1)"),
    every=1.4,
    jitter=0.3,
)
def splash(making: Making) -> Floats:
    """A body that hits water: slap, cavity, spray thrown up, drops and bubbles that follow."""
    rng, size, thick = making.rng, making["size"], making["thick"]
    seconds = 0.5 + 1.3 * size
    slap = hiss(rng, 0.25, ((90, 0), (700 - 400 * thick, 0), (4500 - 3000 * thick, -12))) * pluck(
        0.25, 0.001, 0.14 + 0.1 * size
    )
    spray = hiss(rng, seconds, ((700, -3), (2600, 0), (8000, -5))) * smooth_path(
        seconds, ((0, 0.25), (0.1, 1), (0.45, 0.3), (1, 0))
    )
    cavity_hertz = 420 * 0.3**size
    cavity = np.sin(2 * np.pi * cavity_hertz * ticks(0.3) * (1 + ticks(0.3))) * pluck(0.3, 0.02, 0.25)
    parts = [(0.0, 1.2 * slap), (0.0, spray * 0.55 * (1 - 0.8 * thick)), (0.015, cavity * (0.4 + 0.8 * thick))]
    for at in rng.gamma(2.0, seconds / 7, int(18 + 55 * size)):
        parts.append((float(at), bubble(rng, 250 + 350 * (1 - size), 3200 - 2200 * thick) * rng.lognormal(-1.3, 0.5)))
    return laid(seconds, parts)


@hit("slosh", Parameter("size", 0.4, doc="cup (0) to tank (1)"), every=1.1, jitter=0.2)
def slosh(making: Making) -> Floats:
    """Water that swings against a wall: a soft swell of noise and low bubbles."""
    rng, size = making.rng, making["size"]
    seconds = 0.5 + 0.6 * size
    surge = hiss(rng, seconds, ((180, -3), (600 - 200 * size, 0), (3000, -13))) * smooth_path(
        seconds, ((0, 0.15), (0.25, 1), (1, 0))
    )
    low = 500 - 300 * size
    parts = [(0.0, surge * 0.5)] + [
        (float(t), bubble(rng, low, low * 5) * rng.lognormal(-0.6, 0.5)) for t in rng.gamma(2, seconds / 6, 22)
    ]
    return laid(seconds, parts)


@hit(
    "drain",
    Parameter("size", 0.5, doc="basin (0) to toilet (1)"),
    Parameter("length", 4.0, 1.0, 9.0, "seconds"),
    every=12.0,
)
def drain(making: Making) -> Floats:
    """Water let go: a rush that swells, then gurgles away."""
    rng, seconds = making.rng, making["length"]
    rush = hiss(rng, seconds, ((150, -2), (700, 0), (3500, -6), (8000, -14))) * path(
        seconds, ((0, 0.5), (0.08, 1), (0.5, 0.6), (0.75, 0.12), (1, 0))
    )
    rush *= 1 + 0.3 * flicker(rng, seconds, 12)
    parts: list[tuple[float, Floats]] = [(0.0, rush * (0.35 + 0.4 * making["size"]))]
    for at in rng.beta(3, 2, int(45 * seconds)) * seconds * 0.95:
        parts.append((float(at), bubble(rng, 110, 900) * rng.lognormal(-1.2, 0.5)))
    return laid(seconds, parts)


@hit("swim stroke", Parameter("size", 0.35, doc="small (0) to large (1)"), every=1.0, jitter=0.08)
def swim_stroke(making: Making) -> Floats:
    """One stroke: the hand goes in, water runs off the arm."""
    rng = making.rng
    entry = peaked(splash(making.using({"size": making["size"], "thick": 0.1})))
    parts = [(0.0, entry)]
    parts += [(float(at), 0.2 * bubble(rng, 400, 2600) * rng.uniform(0.3, 1)) for at in 0.25 + rng.gamma(2, 0.14, 24)]
    return laid(1.1, parts)


@bed("gurgle", Parameter("size", 0.5, doc="basin (0) to bath (1)"))
def gurgle(making: Making) -> Stream:
    """Water that runs off through a pipe: a rush in a hollow, gulps of air."""
    rng, size = making.rng, making["size"]
    low = 260 - 130 * size
    rush = texture(rng, ((low, -2), (600, 0), (2600, -8), (7000, -18)), 0.6, 0.7)
    gulps = moved(cloud(rng, lambda c: bubble(c, low, low * 5), 55, 0.8), wander(rng, 0.45, 0.5), swell(9))
    return mixed(scaled(moved(rush, wander(rng, 0.5), swell(3)), 0.4), gulps)


@bed("sailing", Parameter("wind", 0.5, doc="calm (0) to fresh (1)"))
def sailing(making: Making) -> Stream:
    """Under sail: wind, the bow wave, canvas and timber."""
    rng, force = making.rng, making["wind"]
    air = wind(making.using({"strength": 0.2 + 0.5 * force, "howl": 0.1, "leaves": 0.0, "grit": 0.0, "low": 0.15}))
    bow = moved(texture(rng, ((180, -2), (600, 0), (2500, -8), (7000, -18))), wander(rng, 1.8), swell(5))
    canvas = [peaked(flap(making.hit(n, 1.0).using({"size": 0.8}))) for n in range(6)]
    timber = [0.5 * peaked(creak_sound(rng, making.timbre(), 1.1, 0.08, 2.2)) for _ in range(4)]
    return mixed(
        scaled(air, 0.5),
        scaled(bow, 0.45),
        scaled(_bubbles(rng, 250, 1500, 30), 0.3),
        scaled(strewn(rng, picked(canvas + timber), 0.3 + 0.5 * force, 0.5, 0.5), 0.5),
    )
