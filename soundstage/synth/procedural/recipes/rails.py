"""Trains: wheels on rail joints, the roll of steel, squeals."""

from collections.abc import Iterator

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import decay, flicker, laid, path
from soundstage.synth.procedural.grains import panned, peaked
from soundstage.synth.procedural.modal import METAL, strike
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, Pass, bed, hit
from soundstage.synth.procedural.space import passing
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

_BOGIE = 2.5
_JOINT = 18.0


def _clack(rng: np.random.Generator) -> Floats:
    """One axle over a rail joint: a dull blow and a short steel ring."""
    thud = hiss(rng, 0.12, ((60, 0), (220, -2), (900, -12))) * decay(0.12, 0.09)
    ring = peaked(strike(rng, rng, METAL, 1.1, 0.7, 0.05))[: len(thud)]
    thud[: len(ring)] += 0.5 * ring
    return peaked(thud)


def _joints(rng: np.random.Generator, velocity: float, offset: float = 0.0) -> Iterator[tuple[float, float]]:
    """Times (s) and strengths of axles over joints: pairs of pairs, as bogies stand at the ends of cars."""
    time = offset
    while True:
        for bogie in (0.0, 0.36 * _JOINT):
            for axle in (0.0, _BOGIE):
                yield time + (bogie + axle) / velocity, float(rng.uniform(0.6, 1.0))
        time += _JOINT / velocity


@bed(
    "train",
    Parameter("velocity", 16, 3, 60, "metres a second"),
    Parameter("clatter", 0.6, doc="welded rail (0) to loose joints (1)"),
    Parameter("squeal", 0.0, doc="flanges in a curve"),
    Parameter("motor", 0.2, doc="whine of electric motors"),
    Parameter("inside", 0.0, doc="outside (0) to in the carriage (1)"),
)
def train(making: Making) -> Stream:
    """A train running: the roar of steel on steel, and axles over the joints two by two."""
    rng, velocity, inside = making.rng, making["velocity"], making["inside"]
    clacks = [_clack(rng) for _ in range(8)]
    roll = texture(
        rng,
        (
            (50, 0),
            (160, -2),
            (600 - 300 * inside, -4 - 6 * inside),
            (2500, -14 - 10 * inside),
            (7000, -26 - 10 * inside),
        ),
        0.9,
        0.9,
    )
    layers = [
        scaled(moved(roll, wander(rng, 0.7, 0.6), swell(1.5)), 0.5),
        scaled(timeline(_clacking(rng, clacks, velocity)), 1.2 * making["clatter"]),
    ]
    if making["squeal"] > 0:
        squeal = hum(rng, (2350, 3120, 4700, 5600), (1, 0.7, 0.5, 0.3), 0.003)
        layers.append(
            scaled(
                moved(squeal, wander(rng, 1.2, 0.5), lambda v: np.clip(v + 0.3, 0, None) ** 1.5), 1.2 * making["squeal"]
            )
        )
    if making["motor"] > 0:
        tone = 14 * velocity + 180
        layers.append(
            scaled(hum(rng, (tone, 2 * tone, 3 * tone, 5.1 * tone), (1, 0.5, 0.35, 0.15), 0.003), 0.4 * making["motor"])
        )
    return mixed(*layers)


def _clacking(rng: np.random.Generator, clacks: list[Floats], velocity: float) -> Iterator[Event]:
    for time, strength in _joints(rng, velocity):
        clack = clacks[int(rng.integers(len(clacks)))]
        yield Event(int(time * SAMPLE_RATE), panned(clack * strength, 0.25))


@hit(
    "train pass",
    Parameter("velocity", 25, 5, 90, "metres a second"),
    Parameter("cars", 6, 1, 20, "how many"),
    Parameter("distance", 8, 3, 60, "metres"),
    every=20.0,
)
def train_pass(making: Making) -> Pass:
    """A train that passes, car by car, with its clatter and wind."""
    rng, velocity = making.rng, making["velocity"]
    seconds = float(np.clip(making.seconds, 4.0, 14.0))
    length = min(making["cars"] * _JOINT / velocity, 0.7 * seconds)

    def source(frames: int) -> tuple[Floats, Floats]:
        total = frames / SAMPLE_RATE + 0.001
        roll = hiss(rng, total, ((50, 0), (200, -2), (900, -4), (3500, -12), (8000, -22)))[:frames] * (
            1 + 0.25 * flicker(rng, total, 6)[:frames]
        )
        rumble = hiss(rng, total, ((35, 0), (90, -2), (250, -14)))[:frames]
        return 0.6 * rumble + 0.3 * roll, 0.9 * roll

    # A long train is many sources in a row: the passage of one, held for as long as the train is.
    head, lead = passing(source, velocity, making["distance"], max(seconds - length, 2.0), bool(rng.uniform() < 0.5))
    held = int(length * SAMPLE_RATE)
    level = np.abs(head[max(lead - 4000, 0) : lead + 4000]).mean(axis=0)
    body = hiss(rng, length + 0.2, ((50, 0), (200, -2), (900, -4), (3500, -12), (8000, -22)))[:held]
    middle = panned(body / np.abs(body).mean() * float(level.mean()), 0.0)
    clacks = [_clack(rng) for _ in range(6)]
    for time, strength in _joints(rng, velocity):
        start = int(time * SAMPLE_RATE)
        if start >= held - 6000:
            break
        clack = clacks[int(rng.integers(6))]
        middle[start : start + len(clack)] += panned(clack * strength * 6 * float(level.mean()), rng.uniform(-0.4, 0.4))
    overlap = min(2400, len(middle) // 4, lead)
    fade = np.linspace(0, 1, overlap, dtype=np.float32)[:, None]
    middle[:overlap] = middle[:overlap] * np.sqrt(fade) + head[lead - overlap : lead] * np.sqrt(1 - fade)
    middle[-overlap:] = middle[-overlap:] * np.sqrt(fade[::-1]) + head[lead : lead + overlap] * np.sqrt(1 - fade[::-1])
    return Pass(np.concatenate([head[: lead - overlap], middle, head[lead + overlap :]]), lead)


@hit("train brake", Parameter("length", 3.0, 1.0, 8.0, "seconds"), every=9.0)
def train_brake(making: Making) -> Floats:
    """Brake blocks on wheels: a grinding that turns to a squeal and stops with a sigh."""
    rng, seconds = making.rng, making["length"]
    out = 0.3 * hiss(rng, seconds, ((200, 0), (900, -4), (4000, -12)))
    for hertz, loud in ((1850, 0.7), (2480, 1.0), (3960, 0.6), (5210, 0.35)):
        curve = hertz * (1 + 0.012 * flicker(rng, seconds, 5)) * path(seconds, ((0, 1.03), (1, 0.96)))
        out += loud * np.sin(2 * np.pi * np.cumsum(curve) / SAMPLE_RATE) * (0.55 + 0.45 * flicker(rng, seconds, 13))
    out *= path(seconds, ((0, 0.5), (0.2, 1), (0.8, 0.8), (1, 0)))
    sigh = hiss(rng, 0.7, band(800, 8000)) * path(0.7, ((0, 0.2), (0.05, 1), (1, 0)))
    return laid(seconds + 0.7, [(0, out), (seconds - 0.05, 0.5 * sigh)])


@bed(
    "steam engine",
    Parameter("velocity", 0.4, doc="starting (0) to full speed (1)"),
    Parameter("steam", 0.5, doc="leaking and blowing"),
)
def steam_engine(making: Making) -> Stream:
    """A steam locomotive: four exhaust beats a turn, hiss, rods and rails."""
    rng = making.rng
    beats = 1.6 + 7.5 * making["velocity"]
    chuff = texture(rng, ((90, -2), (350, 0), (1200, -4), (4000, -12)), 0.4, 0.8)
    rods = texture(rng, ((500, -3), (1500, 0), (4000, -10)), 0.5, 0.9)
    return mixed(
        pulsed(pulsed(chuff, rng, beats, 0.94, 3.5, 0.01), rng, beats / 4, 0.3, 1.0, 0.01),
        scaled(pulsed(rods, rng, beats / 2, 0.9, 6.0, 0.01), 0.3),
        scaled(texture(rng, ((1500, -4), (5000, 0), (11000, -4))), 0.18 * making["steam"]),
        scaled(texture(rng, ((45, 0), (120, -2), (350, -14))), 0.35),
    )


@bed("coaster", Parameter("speed", 0.6, doc="climbing (0) to racing (1)"))
def coaster(making: Making) -> Stream:
    """A roller coaster: wheels roaring on tube rails, the chain or the rush."""
    rng, speed = making.rng, making["speed"]
    roar = texture(rng, ((60, 0), (250, -1), (900, -5), (3000, -12), (7000, -22)), 0.9, 0.7)
    chain = pulsed(texture(rng, ((300, -4), (1200, 0), (3800, -6)), 0.3, 0.5), rng, 7.0, 1.0, 8.0, 0.01)
    return mixed(
        moved(roar, wander(rng, 2.0, 0.5), swell(3 + 5 * speed)),
        scaled(chain, 0.9 * (1 - speed)),
        scaled(moved(hum(rng, (410, 620, 1240), (1, 0.6, 0.3), 0.02), wander(rng, 2.0), swell(8)), 0.25 * speed),
    )
