"""Forest, meadow and night: leaves, choirs of birds, insects and frogs."""

from collections.abc import Iterator

import numpy as np

from soundstage.cuesheet import Perspective
from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.procedural.cries import varied
from soundstage.synth.procedural.envelopes import laid, path, pluck, ticks
from soundstage.synth.procedural.grains import panned, peaked
from soundstage.synth.procedural.material import made_once
from soundstage.synth.procedural.noise import Floats
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.recipes.birds import CROAKS
from soundstage.synth.procedural.recipes.birdsong import SPECIES, owl, phrase
from soundstage.synth.procedural.recipes.livestock import CRIES
from soundstage.synth.procedural.recipes.weather import wind
from soundstage.synth.procedural.space import STANDS, impulse, placed
from soundstage.synth.procedural.streams import (
    Event,
    Stream,
    hum,
    mixed,
    moved,
    pulsed,
    scaled,
    swell,
    texture,
    timeline,
    wander,
)
from soundstage.synth.procedural.tones import phase_of
from soundstage.synth.procedural.voice import spoken


@bed(
    "forest",
    Parameter("birds", 0.5, doc="how many sing"),
    Parameter("leaves", 0.4, doc="wind in the leaves"),
    Parameter("near", 0.3, doc="how near the birds are"),
    Parameter("insects", 0.15, doc="humming and chirping below"),
    contrast=3.0,
)
def forest(making: Making) -> Stream:
    """Leaves in a light wind, birds near and far, each with its own song, insects below."""
    birds = making["birds"]
    air = wind(making.using({"strength": 0.25, "howl": 0.0, "leaves": 0.35, "grit": 0.0, "low": 0.15}))
    layers = [scaled(air, 0.12 + 0.4 * making["leaves"])]
    if birds > 0:
        layers.append(timeline(_birds(making, birds, making["near"])))
    if making["insects"] > 0:
        layers.append(scaled(_field(making, 3), 0.3 * making["insects"]))
    return mixed(*layers)


def _birds(making: Making, many: float, near: float) -> Iterator[Event]:
    """Phrases of a few birds, each at its own place in the wood."""
    rng, singers = making.rng, _singers(making.seed, many, near)
    frame = 0.0
    while True:
        singer = singers[int(rng.integers(len(singers)))]
        sound = singer[int(rng.integers(len(singer)))]
        yield Event(int(frame), sound * np.float32(rng.uniform(0.6, 1.0)))
        frame += rng.exponential(3.2 - 2.6 * many) * SAMPLE_RATE


@made_once(most=2)
def _singers(seed: int, many: float, near: float) -> tuple[tuple[Block, ...], ...]:
    """The birds of a wood, made once for all its scenes: of each a few phrases."""
    rng = np.random.default_rng([seed, 11])
    wood = impulse(rng, STANDS[Perspective.FAR])
    return tuple(_singer(rng, wood, near) for _ in range(3 + round(6 * many)))


def _singer(rng: np.random.Generator, wood: Block, near: float) -> tuple[Block, ...]:
    species = SPECIES[int(rng.integers(len(SPECIES)))]
    seed, pitch = int(rng.integers(2**31)), float(rng.uniform(0.85, 1.15))
    close = near * rng.uniform(0.3, 1.0)
    loud = panned(np.full(1, 0.2 + 0.8 * close), rng.uniform(-0.8, 0.8))
    voices = []
    for _ in range(4):
        dry = panned(peaked(phrase(rng, np.random.default_rng(seed), species, pitch)), 0.0)
        voices.append(placed(dry * np.float32(0.25 + 0.75 * close), STANDS[Perspective.MEDIUM], wood) * loud)
    return tuple(voices)


def _cricket(rng: np.random.Generator, hertz: float, rate: float) -> Stream:
    """One cricket: chirps of a few pulses of a pure high tone, at its own pace."""
    tone = hum(rng, (hertz, hertz * 2.0), (1.0, 0.08), 0.0006)
    pulses = pulsed(tone, rng, rate, 1.0, 2.0, 0.01)
    return pulsed(pulses, rng, rng.uniform(1.6, 3.2), 1.0, 2.5, 0.05)


def _field(making: Making, count: int) -> Stream:
    """The crickets of a place: the same ones in all its scenes."""
    rng, own = making.rng, np.random.default_rng([making.seed, 13])
    voices = []
    for _ in range(count):
        voice = _cricket(rng, float(own.uniform(3900, 5600)), float(own.uniform(22, 34)))
        voices.append(moved(voice, wander(rng, 7.0, 0.2), swell(5)))
    return mixed(*voices)


@bed(
    "insects",
    Parameter("crickets", 0.6, doc="single singers near"),
    Parameter("cicadas", 0.0, doc="the hard buzz of a hot day"),
    Parameter("choir", 0.5, doc="the shimmer of all the far ones"),
)
def insects(making: Making) -> Stream:
    """Crickets, each with its own pitch and pace, cicadas, and the far choir."""
    rng = making.rng
    choir = texture(rng, ((3800, -6), (4500, 0), (5200, -4), (7000, -14)), 1.0, 1.5)
    layers = [
        scaled(pulsed(choir, rng, 27, 0.4, 1.0, 0.02), 0.45 * making["choir"]),
        scaled(texture(rng, ((60, 0), (400, -8), (1500, -22))), 0.03),
    ]
    if making["crickets"] > 0:
        layers.append(scaled(_field(making, 4), 0.5 * making["crickets"]))
    if making["cicadas"] > 0:
        layers.append(scaled(_cicadas(rng), 1.2 * making["cicadas"]))
    return mixed(*layers)


def _cicadas(rng: np.random.Generator) -> Stream:
    voices = []
    for _ in range(3):
        middle = rng.uniform(5200, 7600)
        buzz = texture(rng, ((middle * 0.85, -4), (middle, 0), (middle * 1.12, -4)), 0.9, 1.0)
        voices.append(moved(pulsed(buzz, rng, rng.uniform(90, 170), 0.75, 1.5, 0.01), wander(rng, 5.0, 0.4), swell(8)))
    return mixed(*voices)


@bed(
    "frogs",
    Parameter("many", 0.5, doc="one (0) to a whole pond (1)"),
    Parameter("pitch", 0.5, doc="bullfrogs (0) to tree frogs (1)"),
)
def frogs(making: Making) -> Stream:
    """A pond at night: frogs that answer each other over crickets."""
    rng = making.rng
    pond = [
        [peaked(_croak(rng, float(pitch))) for _ in range(3)]
        for pitch in np.exp(rng.normal(0, 0.25, 3 + round(7 * making["many"]))) * (0.5 + making["pitch"])
    ]
    return mixed(
        timeline(_answers(rng, pond, 0.9 - 0.7 * making["many"])),
        scaled(_field(making, 2), 0.05),
        scaled(texture(rng, ((60, 0), (400, -8), (1500, -22))), 0.02),
    )


def _answers(rng: np.random.Generator, pond: list[list[Floats]], gap: float) -> Iterator[Event]:
    places = rng.uniform(-0.85, 0.85, len(pond))
    loud = rng.uniform(0.15, 1.0, len(pond))
    frame, who = 0.0, 0
    while True:
        who = who if rng.uniform() < 0.4 else int(rng.integers(len(pond)))
        yield Event(int(frame), panned(pond[who][int(rng.integers(3))] * loud[who], float(places[who])))
        frame += rng.exponential(gap) * SAMPLE_RATE


def _croak(rng: np.random.Generator, pitch: float) -> Floats:
    """A frog: a train of pulses, each the ring of its throat sac."""
    hertz, rate = 750 * pitch, rng.uniform(28, 55)
    seconds = rng.uniform(0.18, 0.4)
    parts = []
    for n in range(int(seconds * rate)):
        time = ticks(0.03)
        pulse = (np.sin(2 * np.pi * hertz * time) + 0.7 * np.sin(2 * np.pi * 2.3 * hertz * time)) * pluck(
            0.03, 0.001, 0.03
        )
        parts.append((n / rate, pulse * rng.uniform(0.8, 1)))
    return laid(seconds + 0.04, parts) * path(seconds + 0.04, ((0, 0.5), (0.5, 1), (1, 0.2)))


@hit("frog", Parameter("pitch", 1.0, 0.3, 2.5, "times a common frog's"), every=1.3, jitter=0.4)
def frog(making: Making) -> Floats:
    """One croak, in one or two pushes."""
    rng = making.rng
    first = _croak(rng, making["pitch"])
    if rng.uniform() < 0.5:
        return first
    return laid(0.9, [(0, first), (len(first) / SAMPLE_RATE + 0.06, _croak(rng, making["pitch"] * 1.06))])


@hit("cricket", every=0.9, jitter=0.12)
def cricket(making: Making) -> Floats:
    """One chirp: three or four pulses of a pure tone."""
    rng, timbre = making.rng, making.timbre()
    hertz = float(timbre.uniform(4200, 5200))
    parts = []
    for n in range(int(rng.integers(3, 5))):
        tone = np.sin(2 * np.pi * phase_of(np.full(900, hertz * (1 - 0.01 * n)))) * np.hanning(900)
        parts.append((0.032 * n, tone))
    return laid(0.18, parts)


@bed(
    "buzz",
    Parameter("pitch", 0.4, doc="bumblebee (0) to mosquito (1)"),
    Parameter("many", 0.2, doc="one (0) to a swarm (1)"),
    Parameter("near", 0.6, doc="how it comes close and flies off"),
)
def buzz(making: Making) -> Stream:
    """Insect wings: a buzzing tone with many harmonics that wavers and circles."""
    rng = making.rng
    base = 130 * 4.6 ** making["pitch"]
    voices = []
    for _ in range(1 + round(7 * making["many"])):
        hertz = base * rng.uniform(0.93, 1.07)
        number = np.arange(1, 14)
        gains = number**-0.9 * np.exp(-(((number * hertz - 900 - 600 * making["pitch"]) / 2500) ** 2) * 0.4)
        tone = hum(rng, tuple(hertz * number), tuple(gains), 0.006)
        voices.append(moved(tone, wander(rng, 1.6, 0.4), swell(3 + 8 * making["near"])))
    return mixed(*voices)


@bed("farmyard", Parameter("animals", 0.5, doc="how much they say"), contrast=3.0)
def farmyard(making: Making) -> Stream:
    """A yard by day: hens, now and then a bigger beast, sparrows, light wind."""
    rng = making.rng
    air = wind(making.using({"strength": 0.2, "howl": 0.0, "leaves": 0.15, "grit": 0.0, "low": 0.15}))
    return mixed(scaled(air, 0.25), timeline(_yard(making, rng)), scaled(timeline(_birds(making, 0.3, 0.2)), 0.5))


def _yard(making: Making, rng: np.random.Generator) -> Iterator[Event]:

    cast = [CROAKS["chicken"]] * 6 + [CROAKS["duck"], CRIES["cow"], CRIES["sheep"], CRIES["pig"]]
    frame = 0.0
    while True:
        who = int(rng.integers(len(cast)))
        sound = spoken(rng, varied(cast[who].call, rng, 1.0))
        loud = rng.uniform(0.1, 0.5) * (0.4 if who > 6 else 0.8)
        yield Event(int(frame), panned(peaked(sound) * loud, rng.uniform(-0.8, 0.8)))
        frame += rng.exponential(1.6 - making["animals"]) * SAMPLE_RATE


@bed(
    "night",
    Parameter("owls", 0.4, doc="how often an owl calls"),
    Parameter("crickets", 0.5, doc="how many sing"),
    Parameter("leaves", 0.25, doc="wind in the leaves"),
    contrast=2.0,
)
def night(making: Making) -> Stream:
    """A wood by night: crickets, leaves, an owl far off."""
    rng = making.rng
    air = wind(making.using({"strength": 0.2, "howl": 0.0, "leaves": 0.3, "grit": 0.0, "low": 0.15}))
    return mixed(
        scaled(air, 0.7 * making["leaves"]),
        scaled(_field(making, 4), 0.12 * making["crickets"]),
        timeline(_owls(making, rng)),
    )


def _owls(making: Making, rng: np.random.Generator) -> Iterator[Event]:
    wood = impulse(rng, STANDS[Perspective.FAR])
    frame, index = rng.uniform(1, 6) * SAMPLE_RATE, 0
    while making["owls"] > 0:
        call = panned(0.12 * peaked(owl(making.hit(index, 1.0).using({"pitch": 1.0}))), rng.uniform(-0.7, 0.7))
        yield Event(int(frame), placed(call, STANDS[Perspective.FAR], wood))
        frame, index = frame + rng.uniform(0.5, 1.5) * 14 / making["owls"] * SAMPLE_RATE, index + 1
