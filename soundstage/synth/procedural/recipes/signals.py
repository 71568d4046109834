"""Horns, sirens, bells that are rung by a motor, beeps, clocks and telephones."""

from collections.abc import Iterator, Sequence

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import flicker, laid, path, ticks
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import METAL, PLASTIC, WOOD, ring, strike, struck
from soundstage.synth.procedural.noise import Floats, band, filtered, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.recipes.doors import click
from soundstage.synth.procedural.streams import CHUNK, Stream, hum, mixed, mono_stream, pulsed, scaled, texture
from soundstage.synth.procedural.tones import phase_of, read, tilted, wave
from soundstage.synth.procedural.voice import babble


def horn_sound(
    rng: np.random.Generator, hertz: Sequence[float], seconds: float, harsh: float, breath: float = 0.05
) -> Floats:
    """Reeds or membranes at several pitches that speak together, sag a little and stop."""
    speak = path(seconds, ((0, 0.93), (min(0.06 / seconds, 0.3), 1.0), (0.95, 1.0), (1, 0.96)))
    out: Floats = np.zeros(len(ticks(seconds)))
    for tone in hertz:
        curve = tone * float(rng.normal(1, 0.003)) * speak * (1 + 0.002 * flicker(rng, seconds, 6))
        out += read(tilted(float(curve.max()), -11 + 7 * harsh), phase_of(curve, float(rng.uniform())))
    out = filtered(out, ((min(hertz) * 0.8, -3), (min(hertz) * 2.5, 0), (min(hertz) * 8, -6), (9000, -20)))
    out += breath * np.abs(out).max() * hiss(rng, seconds, band(min(hertz), 6000))
    edge = min(0.012 / seconds, 0.2)
    return np.asarray(out * path(seconds, ((0, 0.35), (edge, 1), (1 - edge * 2, 0.95), (1, 0))))


_CHORDS = ((1.0,), (1.0, 1.26), (1.0, 1.19, 1.5, 1.78, 2.0), (1.0, 1.005), (1.0, 1.5))


@hit(
    "horn",
    Parameter("pitch", 400, 50, 2000, "Hz of the lowest note"),
    Parameter("chord", 1, 0, 4, "0 one note, 1 a third, 2 a train's chord, 3 beating pair, 4 a fifth"),
    Parameter("length", 0.7, 0.1, 8.0, "seconds"),
    Parameter("harsh", 0.5, doc="round (0) to blaring (1)"),
    Parameter("breath", 0.05, doc="air or steam in it"),
    every=3.5,
    jitter=0.3,
)
def horn(making: Making) -> Floats:
    """A horn: car, lorry, train, ship."""
    own = making["pitch"] * float(making.timbre().normal(1, 0.02))
    return horn_sound(
        making.rng,
        [own * ratio for ratio in _CHORDS[making.choice("chord")]],
        making["length"],
        making["harsh"],
        making["breath"],
    )


@bed(
    "siren",
    Parameter("kind", 0, 0, 4, "0 wail, 1 yelp, 2 high-low, 3 air raid, 4 steady"),
    Parameter("low", 600, 100, 3000, "Hz"),
    Parameter("high", 1450, 150, 4000, "Hz"),
    Parameter("period", 4.5, 0.1, 20.0, "seconds of a turn"),
)
def siren(making: Making) -> Stream:
    """A siren: a tone that turns between two pitches."""
    rng = making.rng
    street = texture(rng, ((400, -3), (900, 0), (2500, -8)), 1.0, 1.0)
    return mixed(mono_stream(_turning(making, float(rng.uniform(0, 1)))), scaled(street, 0.015))


def _turning(making: Making, start: float) -> Iterator[Floats]:
    kind, low, high, period = making.choice("kind"), making["low"], making["high"], making["period"]
    number = np.arange(1, 13)
    table = wave(number**-1.0 if kind != 3 else number**-0.6 * np.exp(-number / 8))
    frame, phase = 0, 0.0
    while True:
        turn = np.mod((frame + np.arange(CHUNK)) / (period * SAMPLE_RATE) + start, 1.0)
        hertz = low * (high / low) ** _shape(kind, turn)
        phases = phase + np.cumsum(hertz) / SAMPLE_RATE
        phase = float(phases[-1] % 1.0)
        yield read(table, phases)
        frame += CHUNK


def _shape(kind: int, turn: Floats) -> Floats:
    if kind == 2:
        # A few milliseconds of glide between the two notes: a step would click.
        return np.asarray(np.clip(np.sin(2 * np.pi * turn) * 60, -1, 1) * 0.5 + 0.5)
    if kind == 4:
        return np.ones_like(turn)
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * turn)) ** (0.8 if kind == 3 else 0.6)


@hit(
    "beep",
    Parameter("pitch", 1000, 100, 8000, "Hz"),
    Parameter("count", 1, 1, 12, "beeps in a row"),
    Parameter("length", 0.12, 0.01, 2.0, "seconds of each"),
    Parameter("gap", 0.12, 0.01, 2.0, "seconds between"),
    Parameter("harsh", 0.3, doc="sine (0) to buzzer (1)"),
    Parameter("rise", 0.0, -2.0, 2.0, "octaves each rises"),
    Parameter("melody", 0.0, doc="one note (0) to random notes (1)"),
    every=1.5,
    jitter=0.0,
)
def beep(making: Making) -> Floats:
    """An electronic beep or a row of them."""
    rng, parts = making.rng, []
    number = np.arange(1, 10)
    for n in range(making.choice("count")):
        hertz = making["pitch"] * 2 ** (making["melody"] * float(rng.integers(-7, 8)) / 12)
        curve = hertz * 2 ** (making["rise"] * np.linspace(0, 1, len(ticks(making["length"]))))
        keep = number * float(curve.max()) < 18_000
        table = wave(np.where(keep & (number % 2 == 1), number ** (-3.5 + 3.0 * making["harsh"]), 0))
        edge = min(0.003 / making["length"], 0.3)
        parts.append(
            (
                n * (making["length"] + making["gap"]),
                read(table, phase_of(curve)) * path(making["length"], ((0, 0.2), (edge, 1), (1 - edge, 1), (1, 0))),
            )
        )
    return laid(parts[-1][0] + making["length"] + 0.01, parts)


@hit(
    "ringer",
    Parameter("pitch", 1400, 300, 5000, "Hz of the gongs"),
    Parameter("rate", 20, 4, 40, "strokes a second"),
    Parameter("length", 1.6, 0.2, 8.0, "seconds"),
    Parameter("sustain", 0.5, 0.05, 3.0, "seconds the gongs ring"),
    every=4.0,
    jitter=0.01,
)
def ringer(making: Making) -> Floats:
    """A clapper between two gongs: telephone, school bell, alarm clock, bicycle bell."""
    rng, timbre, seconds = making.rng, making.timbre(), making["length"]
    gongs = []
    for detune in (1.0, float(timbre.uniform(1.12, 1.22))):
        hertz = making["pitch"] * detune * np.array((1.0, 1.003, 2.63, 4.4, 6.3))
        body = ring(
            hertz,
            making["sustain"] * np.array((1, 1, 0.6, 0.4, 0.25)),
            np.array((1, 0.7, 0.6, 0.4, 0.3)),
            making["sustain"] * 1.1,
        )
        gongs.append(peaked(struck(body, 0.0002)))
    parts = []
    for n in range(int(seconds * making["rate"])):
        at = n / making["rate"] * (1 + 0.004 * float(rng.standard_normal()))
        parts.append((max(at, 0.0), gongs[n % 2] * rng.uniform(0.75, 1)))
    return laid(seconds + making["sustain"], parts)


@hit(
    "tick",
    Parameter("size", 0.3, doc="watch (0) to tower clock (1)"),
    Parameter("tock", 0.3, doc="how much the second stroke differs"),
    every=0.5,
    jitter=0.0,
)
def tick(making: Making) -> Floats:
    """A clock's escapement: tooth on pallet, in its case; tick and tock by turns."""
    rng, size = making.rng, making["size"]
    odd = making.index % 2
    timbre = np.random.default_rng([making.seed, 7])
    tooth = peaked(strike(rng, timbre, METAL, (0.22 + 0.35 * size) * (1 + 0.25 * odd * making["tock"]), 1.0, 0.02))
    case = peaked(strike(rng, timbre, WOOD, (0.25 + 0.6 * size) * (1 + 0.3 * odd * making["tock"]), 0.7, 0.5))
    second = 0.35 * tooth
    return laid(
        0.12 + 0.1 * size, [(0.0, 0.7 * tooth), (0.0, (0.3 + 0.4 * size) * case), (0.012 + 0.01 * size, second)]
    )


@bed("vibration", Parameter("pitch", 155, 80, 300, "Hz"), Parameter("rattle", 0.5, doc="on a table"))
def vibration(making: Making) -> Stream:
    """A telephone that vibrates: bursts of a buzz and the table under it."""
    rng = making.rng
    number = np.arange(1, 14)
    tone = hum(rng, tuple(making["pitch"] * number), tuple(number**-0.7), 0.002)
    chatter = pulsed(
        texture(rng, ((500, -3), (1500, 0), (5000, -9)), 0.2, 0.4), rng, making["pitch"] / 2, 0.9, 4.0, 0.002
    )
    return pulsed(mixed(tone, scaled(chatter, 0.5 * making["rattle"])), rng, 0.7, 0.999, 0.35, 0.0)


@hit(
    "sonar",
    Parameter("pitch", 1400, 300, 4000, "Hz"),
    Parameter("length", 2.5, 0.5, 8.0, "seconds"),
    every=4.0,
    jitter=0.0,
)
def sonar(making: Making) -> Floats:
    """A ping and the sea's long answer."""
    rng, seconds = making.rng, making["length"]
    time = ticks(seconds)
    ping = np.sin(2 * np.pi * making["pitch"] * time) * (
        np.exp(-time * 5) + 0.25 * np.exp(-time * 1.6) * (1 + 0.4 * flicker(rng, seconds, 7))
    )
    return np.asarray(ping * path(seconds, ((0, 1), (0.8, 0.6), (1, 0))))


@hit("doorbell", Parameter("pitch", 660, 200, 2000, "Hz of the first note"), every=5.0)
def doorbell(making: Making) -> Floats:
    """Ding-dong: two tone bars, a third apart."""
    rng, top = making.rng, making["pitch"]
    notes = []
    for n, hertz in enumerate((top, top * 0.794)):
        bar = ring(hertz * np.array((1.0, 2.756, 5.404)), np.array((1.6, 0.5, 0.2)), np.array((1.0, 0.25, 0.12)), 1.7)
        notes.append((0.55 * n, struck(bar, 0.0004) * rng.uniform(0.9, 1)))
    return laid(2.3, notes)


@hit("keyboard", Parameter("heavy", 0.4, doc="laptop (0) to mechanical (1)"), every=0.16, jitter=0.5)
def keyboard(making: Making) -> Floats:
    """One key: down, bottom, and up again; now and then the space bar."""
    rng, heavy = making.rng, making["heavy"]
    wide = rng.uniform() < 0.12
    key = np.random.default_rng([making.seed, 8, int(rng.integers(12))])
    hertz = (1500 if wide else 2300) * float(key.uniform(0.85, 1.2))
    body = peaked(strike(rng, key, PLASTIC, (1.0 if wide else 0.55) + 0.3 * heavy, 0.7, 0.5))
    parts = [(0.0, 0.5 * peaked(click(rng, key, hertz, 0.0))), (0.004, (0.35 + 0.5 * heavy) * body)]
    parts.append((float(rng.uniform(0.06, 0.1)), 0.22 * peaked(click(rng, key, hertz * 1.2, 0.0))))
    return laid(0.16, parts)


@hit("typewriter", every=0.19, jitter=0.4)
def typewriter(making: Making) -> Floats:
    """A type bar that strikes the platen; the carriage steps on."""
    rng, machine = making.rng, making.timbre()
    bar = peaked(strike(rng, machine, METAL, 0.4, 1.0, 0.04))
    platen = peaked(strike(rng, machine, WOOD, 0.5, 1.0, 0.4))
    step = peaked(strike(rng, machine, METAL, 0.3, 0.8, 0.05))
    thump = peaked(hiss(rng, 0.05, ((150, 0), (700, -3), (4000, -9))) * path(0.05, ((0, 1), (1, 0))))
    return laid(0.2, [(0.0, 0.7 * bar), (0.0, 0.8 * platen), (0.0, 0.4 * thump), (0.045, 0.3 * step)])


@hit(
    "chime",
    Parameter("pitch", 900, 300, 3000, "Hz of the lowest tube"),
    Parameter("count", 4, 1, 12, "tubes that are hit in a gust"),
    every=1.7,
    jitter=0.6,
)
def chime(making: Making) -> Floats:
    """Wind chimes: a few tubes of one scale, hit at random."""
    rng, parts, time = making.rng, [], 0.0
    scale = (1.0, 9 / 8, 5 / 4, 3 / 2, 5 / 3, 2.0)
    for n in range(max(1, int(rng.integers(1, making.choice("count") + 1)))):
        hertz = making["pitch"] * scale[int(rng.integers(6))] * np.array((1.0, 2.756, 5.404))
        tube = ring(hertz, np.array((2.4, 1.0, 0.4)), np.array((1.0, 0.4, 0.15)), 2.6)
        parts.append((time, peaked(struck(tube, 0.0003)) * (rng.uniform(0.3, 0.9) if n else 0.9)))
        time += float(rng.exponential(0.16)) + 0.03
    return laid(time + 2.6, parts)


@hit("radio burst", Parameter("length", 1.6, 0.4, 6.0, "seconds"), every=3.0, jitter=0.4)
def radio_burst(making: Making) -> Floats:
    """A radio call: the squelch opens, a voice without words in a narrow band, a beep, shut."""
    rng, seconds = making.rng, making["length"] * float(making.rng.uniform(0.7, 1.3))
    voice = filtered(
        babble(rng, seconds, float(making.timbre().uniform(105, 190)), 0.95, 0.4),
        ((450, -3), (1400, 0), (2800, -2), (3400, -14)),
    )
    voice = np.tanh(3 * peaked(voice))
    noise = hiss(rng, seconds + 0.3, band(500, 3200))
    pip = 0.5 * np.sin(2 * np.pi * 1850 * ticks(0.09)) * path(0.09, ((0, 0.5), (0.1, 1), (0.9, 1), (1, 0)))
    edges = [(0.0, 0.3 * noise[:3000]), (seconds + 0.05, pip), (seconds + 0.15, 0.3 * noise[:5000])]
    return laid(seconds + 0.3, [*edges, (0.04, 0.6 * voice), (0.0, 0.05 * noise)])
