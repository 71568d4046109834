"""Horns, sirens, bells that are rung by a motor, beeps, clocks and telephones."""

from collections.abc import Sequence

import numpy as np

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import flicker, laid, path, ticks
from soundstage.synth.procedural.grains import peaked
from soundstage.synth.procedural.modal import METAL, WOOD, ring, strike, struck
from soundstage.synth.procedural.noise import Floats, band, filtered, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.streams import CHUNK, Stream, mixed, mono_stream, scaled, texture
from soundstage.synth.procedural.tones import phase_of, read, tilted, wave


def horn_sound(rng: np.random.Generator, hertz: Sequence[float], seconds: float, harsh: float, breath: float = 0.05) -> Floats:
    """Reeds or membranes at several pitches that speak together, sag a little and stop."""
    speak = path(seconds, ((0, 0.93), (min(0.06 / seconds, 0.3), 1.0), (0.95, 1.0), (1, 0.96)))
    out = np.zeros(len(ticks(seconds)))
    for tone in hertz:
        curve = tone * float(rng.normal(1, 0.003)) * speak * (1 + 0.002 * flicker(rng, seconds, 6))
        out += read(tilted(float(curve.max()), -11 + 7 * harsh), phase_of(curve, float(rng.uniform())))
    out = filtered(out, ((min(hertz) * 0.8, -3), (min(hertz) * 2.5, 0), (min(hertz) * 8, -6), (9000, -20)))
    out += breath * np.abs(out).max() * hiss(rng, seconds, band(min(hertz), 6000))
    edge = min(0.012 / seconds, 0.2)
    return np.asarray(out * path(seconds, ((0, 0.35), (edge, 1), (1 - edge * 2, 0.95), (1, 0))))


_CHORDS = ((1.0,), (1.0, 1.26), (1.0, 1.19, 1.5, 1.78, 2.0), (1.0, 1.005), (1.0, 1.5))


@hit("horn", Parameter("pitch", 400, 50, 2000, "Hz of the lowest note"), Parameter("chord", 1, 0, 4, "0 one note, 1 a third, 2 a train's chord, 3 beating pair, 4 a fifth"), Parameter("length", 0.7, 0.1, 8.0, "seconds"), Parameter("harsh", 0.5, doc="round (0) to blaring (1)"), Parameter("breath", 0.05, doc="air or steam in it"), every=3.5, jitter=0.3)
def horn(making: Making) -> Floats:
    """A horn: car, lorry, train, ship."""
    own = making["pitch"] * float(making.timbre().normal(1, 0.02))
    return horn_sound(making.rng, [own * ratio for ratio in _CHORDS[making.choice("chord")]], making["length"], making["harsh"], making["breath"])


@bed("siren", Parameter("kind", 0, 0, 4, "0 wail, 1 yelp, 2 high-low, 3 air raid, 4 steady"), Parameter("low", 600, 100, 3000, "Hz"), Parameter("high", 1450, 150, 4000, "Hz"), Parameter("period", 4.5, 0.1, 20.0, "seconds of a turn"))
def siren(making: Making) -> Stream:
    """A siren: a tone that turns between two pitches."""
    rng = making.rng
    street = texture(rng, ((400, -3), (900, 0), (2500, -8)), 1.0, 1.0)
    return mixed(mono_stream(_turning(making, float(rng.uniform(0, 1)))), scaled(street, 0.015))


def _turning(making: Making, start: float):  # type: ignore[no-untyped-def]
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


@hit("beep", Parameter("pitch", 1000, 100, 8000, "Hz"), Parameter("count", 1, 1, 12, "beeps in a row"), Parameter("length", 0.12, 0.01, 2.0, "seconds of each"), Parameter("gap", 0.12, 0.01, 2.0, "seconds between"), Parameter("harsh", 0.3, doc="sine (0) to buzzer (1)"), Parameter("rise", 0.0, -2.0, 2.0, "octaves each rises"), Parameter("melody", 0.0, doc="one note (0) to random notes (1)"), every=1.5, jitter=0.0)
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
        parts.append((n * (making["length"] + making["gap"]), read(table, phase_of(curve)) * path(making["length"], ((0, 0.2), (edge, 1), (1 - edge, 1), (1, 0)))))
    return laid(parts[-1][0] + making["length"] + 0.01, parts)


@hit("ringer", Parameter("pitch", 1400, 300, 5000, "Hz of the gongs"), Parameter("rate", 20, 4, 40, "strokes a second"), Parameter("length", 1.6, 0.2, 8.0, "seconds"), Parameter("sustain", 0.5, 0.05, 3.0, "seconds the gongs ring"), every=4.0, jitter=0.01)
def ringer(making: Making) -> Floats:
    """A clapper between two gongs: telephone, school bell, alarm clock, bicycle bell."""
    rng, timbre, seconds = making.rng, making.timbre(), making["length"]
    gongs = []
    for detune in (1.0, float(timbre.uniform(1.12, 1.22))):
        hertz = making["pitch"] * detune * np.array((1.0, 1.003, 2.63, 4.4, 6.3))
        body = ring(hertz, making["sustain"] * np.array((1, 1, 0.6, 0.4, 0.25)), np.array((1, 0.7, 0.6, 0.4, 0.3)), making["sustain"] * 1.1)
        gongs.append(peaked(struck(body, 0.0002)))
    parts = []
    for n in range(int(seconds * making["rate"])):
        at = n / making["rate"] * (1 + 0.004 * float(rng.standard_normal()))
        parts.append((max(at, 0.0), gongs[n % 2] * rng.uniform(0.75, 1)))
    return laid(seconds + making["sustain"], parts)


@hit("tick", Parameter("size", 0.3, doc="watch (0) to tower clock (1)"), Parameter("tock", 0.3, doc="how much the second stroke differs"), every=0.5, jitter=0.0)
def tick(making: Making) -> Floats:
    """A clock's escapement: tooth on pallet, in its case; tick and tock by turns."""
    rng, size = making.rng, making["size"]
    odd = making.index % 2
    timbre = np.random.default_rng([making.seed, 7])
    tooth = peaked(strike(rng, timbre, METAL, (0.22 + 0.35 * size) * (1 + 0.25 * odd * making["tock"]), 1.0, 0.02))
    case = peaked(strike(rng, timbre, WOOD, (0.25 + 0.6 * size) * (1 + 0.3 * odd * making["tock"]), 0.7, 0.5))
    second = 0.35 * tooth
    return laid(0.12 + 0.1 * size, [(0.0, 0.7 * tooth), (0.0, (0.3 + 0.4 * size) * case), (0.012 + 0.01 * size, second)])


@bed("vibration", Parameter("pitch", 155, 80, 300, "Hz"), Parameter("rattle", 0.5, doc="on a table"))
def vibration(making: Making) -> Stream:
    """A telephone that vibrates: bursts of a buzz and the table under it."""
    from soundstage.synth.procedural.streams import hum, pulsed

    rng = making.rng
    number = np.arange(1, 14)
    tone = hum(rng, tuple(making["pitch"] * number), tuple(number**-0.7), 0.002)
    chatter = pulsed(texture(rng, ((500, -3), (1500, 0), (5000, -9)), 0.2, 0.4), rng, making["pitch"] / 2, 0.9, 4.0, 0.002)
    return pulsed(mixed(tone, scaled(chatter, 0.5 * making["rattle"])), rng, 0.7, 0.999, 0.35, 0.0)


@hit("sonar", Parameter("pitch", 1400, 300, 4000, "Hz"), Parameter("length", 2.5, 0.5, 8.0, "seconds"), every=4.0, jitter=0.0)
def sonar(making: Making) -> Floats:
    """A ping and the sea's long answer."""
    rng, seconds = making.rng, making["length"]
    time = ticks(seconds)
    ping = np.sin(2 * np.pi * making["pitch"] * time) * (np.exp(-time * 5) + 0.25 * np.exp(-time * 1.6) * (1 + 0.4 * flicker(rng, seconds, 7)))
    return np.asarray(ping * path(seconds, ((0, 1), (0.8, 0.6), (1, 0))))
