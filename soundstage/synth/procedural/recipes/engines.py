"""Piston engines: cycles of firing pulses at a running speed, through an exhaust; and cars that pass."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.procedural.envelopes import flicker, path, ticks
from soundstage.synth.procedural.material import made_once
from soundstage.synth.procedural.noise import Floats, band, hiss
from soundstage.synth.procedural.recipe import Making, Parameter, Pass, bed, hit, timbre_of
from soundstage.synth.procedural.space import passing
from soundstage.synth.procedural.streams import CHUNK, Stream, mixed, mono_stream, scaled, texture, wander
from soundstage.synth.procedural.tones import read

_CYCLE = 8192
_UNEVEN = 1009


@dataclass(frozen=True)
class Engine:
    """A piston engine: one cycle as wavetables (idle, loaded, and the noise let through), its exhaust's resonances.

    `strokes` is crank turns per cycle: 2 for a four-stroke, 1 for a two-stroke.
    """

    cycle: Floats
    uneven: Floats
    firings: int
    strokes: int
    exhaust: NDArray[np.float64]


def engine(rng: np.random.Generator, cylinders: int, rough: float, exhaust: float, strokes: int) -> Engine:
    """Build an engine from its timbre's chance: cylinders differ a little in time and strength."""
    turn = np.arange(_CYCLE) / _CYCLE
    soft, hard, gate = np.zeros(_CYCLE), np.zeros(_CYCLE), np.zeros(_CYCLE)
    for n in range(cylinders):
        at = (n + rng.normal(0, 0.03 + 0.05 * rough)) / cylinders
        force = np.exp(rng.normal(0, 0.06 + 0.25 * rough))
        since = np.mod(turn - at, 1.0) * cylinders
        soft += force * np.exp(-since * 4.5) * np.sin(np.pi * np.minimum(since * 2.2, 1))
        hard += force * np.exp(-since * 9.0) * np.sin(np.pi * np.minimum(since * 5.0, 1))
        gate += force * np.exp(-since * 5.0)
    tables = [table - table.mean() for table in (soft, hard)]
    soft, hard = (table / np.sqrt(np.mean(table**2)) for table in tables)
    uneven = np.exp(rng.normal(0, 0.05 + 0.16 * rough, _UNEVEN))
    peaks = [
        scipy.signal.tf2sos(*scipy.signal.iirpeak(f * rng.uniform(0.95, 1.05), q, SAMPLE_RATE))
        for f, q in ((exhaust, 1.6), (exhaust * 2.7, 2.0), (exhaust * 6.3, 1.5), (exhaust * 13.0, 1.2))
    ]
    cycle = np.stack([soft, hard, gate / gate.max()]).astype(np.float32)
    return Engine(cycle, uneven.astype(np.float32), cylinders, strokes, np.stack(peaks)[:, 0, :])


class Running:
    """An engine that runs: give it revolutions a minute and load, chunk by chunk."""

    def __init__(self, motor: Engine, rng: np.random.Generator, mechanical: float) -> None:
        """Args: mechanical: share of valve, chain and intake noise, 0..1."""
        self._motor = motor
        self._noise = hiss(rng, 3.1, ((500, -6), (1800, 0), (6000, -6), (12000, -16)))
        self._mechanical = mechanical
        self._cycle = float(rng.uniform())
        self._place = 0
        self._flow = 0.0
        self._states = [np.zeros((1, 2)) for _ in motor.exhaust]

    def read(self, rpm: Floats, load: Floats) -> Floats:
        """The next frames, mono, RMS about 1; worked in pieces that fit the cache."""
        places = range(0, len(rpm), CHUNK)
        return np.concatenate([self._piece(rpm[at : at + CHUNK], load[at : at + CHUNK]) for at in places])

    def _piece(self, rpm: Floats, load: Floats) -> Floats:
        motor, load = self._motor, load.astype(np.float32)
        cycle = self._cycle + np.cumsum(rpm) / (60.0 * motor.strokes * SAMPLE_RATE)
        self._cycle = float(cycle[-1])
        soft, hard, gate = read(motor.cycle, cycle)
        pulses = soft + load * (np.float32(1.3) * hard - soft)
        pulses *= motor.uneven[(cycle * motor.firings).astype(np.int32) % _UNEVEN]
        noise = self._noise.take(np.arange(self._place, self._place + len(rpm)), mode="wrap")
        self._place = (self._place + len(rpm)) % len(self._noise)
        # What an outlet radiates is the change of its flow: highs rise until the pipe is large against the wave.
        flow = np.tanh(1.5 * pulses)
        dirty = 1.8 * (flow - 0.9 * np.concatenate([[self._flow], flow[:-1]]))
        self._flow = float(flow[-1])
        dirty += noise * gate * (0.05 + 0.15 * load)
        out = 0.35 * dirty
        for n, section in enumerate(motor.exhaust):
            tone, self._states[n] = scipy.signal.sosfilt(section[None, :], dirty, zi=self._states[n])
            out += tone * (1.0, 0.8, 0.9, 1.1)[n]
        return np.asarray(out + noise * (0.25 + 0.75 * gate) * np.float32(0.15 * self._mechanical), np.float32)


_PARAMETERS = (
    Parameter("rpm", 1500, 300, 14_000, "revolutions a minute"),
    Parameter("speed", 0.5, doc="where in its range the engine runs: 0 half, 1 one and a half times rpm"),
    Parameter("load", 0.3, doc="coasting (0) to full throttle (1)"),
    Parameter("cylinders", 4, 1, 12, "how many fire in turn"),
    Parameter("strokes", 2, 1, 2, "crank turns a cycle: 2 four-stroke, 1 two-stroke"),
    Parameter("rough", 0.25, doc="smooth (0) to uneven (1)"),
    Parameter("exhaust", 130, 40, 600, "Hz of the exhaust's lowest resonance"),
    Parameter("mechanical", 0.3, doc="valve, chain and fan noise"),
)


@bed(
    "engine",
    *_PARAMETERS,
    Parameter("sweep", 0.0, -1.0, 1.0, "octaves that the speed rises or falls over the cue"),
    Parameter("drift", 0.15, doc="how much the speed wanders"),
    Parameter("hiss", 0.1, doc="tyres, water or air around it"),
)
def engine_running(making: Making) -> Stream:
    """An engine that runs: firing pulses through an exhaust, with load, drift and mechanical noise."""
    rng = making.rng
    noise = texture(rng, ((150, -3), (600, 0), (2500, -9), (8000, -20)), 1.0, 1.2)
    return mixed(mono_stream(_run(making)), scaled(noise, 0.9 * making["hiss"]))


def _built(making: Making) -> Engine:
    return _motor(making.seed, making.choice("cylinders"), making["rough"], making["exhaust"], making.choice("strokes"))


@made_once(most=4)
def _motor(seed: int, cylinders: int, rough: float, exhaust: float, strokes: int) -> Engine:
    """The engine of a source, built once for all its passages and scenes."""
    return engine(timbre_of(seed), cylinders, rough, exhaust, strokes)


def _run(making: Making) -> Iterator[Floats]:
    rng = making.rng
    running = Running(_built(making), rng, making["mechanical"])
    base = making["rpm"] * (0.5 + making["speed"])
    frame = 0
    for slow, quick in zip(wander(rng, 3.5), wander(rng, 0.5, 0.6), strict=False):
        share = np.clip((frame + np.arange(CHUNK)) / (making.seconds * SAMPLE_RATE), 0, 1)
        turn = _fine(slow) * 0.12 * making["drift"] + _fine(quick) * 0.006
        load = np.clip(
            making["load"] + 0.25 * making["drift"] * _fine(slow) + 0.3 * abs(making["sweep"]) * (making["sweep"] > 0),
            0,
            1,
        )
        yield running.read(base * 2 ** (making["sweep"] * share + turn), load)
        frame += CHUNK


def _fine(control: Floats) -> Floats:
    return np.asarray(np.interp(np.arange(CHUNK) / CHUNK * (len(control) - 1), np.arange(len(control)), control))


@hit("rev", *_PARAMETERS, Parameter("length", 1.8, 0.5, 6.0, "seconds"), every=2.6, jitter=0.3)
def rev(making: Making) -> Floats:
    """A stab on the throttle: the engine leaps up and falls back."""
    rng, seconds = making.rng, making["length"]
    base, top = making["rpm"] * 0.55, making["rpm"] * (1.0 + making["speed"]) * (0.6 + 0.5 * making.strength)
    rpm = path(seconds, ((0, base * 1.15), (0.22, top), (0.35, top * 0.97), (0.8, base * 1.1), (1, base)))
    load = path(seconds, ((0, 0.9), (0.3, 1), (0.36, 0.1), (1, 0.1)))
    loud = path(seconds, ((0, 0.6), (0.2, 1), (0.36, 0.7), (0.85, 0.3), (1, 0)))
    return Running(_built(making), rng, making["mechanical"]).read(rpm, load) * loud


@hit("engine start", *_PARAMETERS, every=9.0)
def engine_start(making: Making) -> Floats:
    """The starter turns, the engine catches, flares and settles."""
    rng, seconds, crank = making.rng, 3.2, float(making.rng.uniform(0.7, 1.1))
    time = ticks(seconds)
    churn = 0.5 + 0.5 * np.sin(2 * np.pi * (6.5 * time + 0.2 * flicker(rng, seconds, 6)))
    whine = np.sin(2 * np.pi * np.cumsum(210 + 90 * churn) / SAMPLE_RATE) + 0.5 * np.sin(
        2 * np.pi * np.cumsum(420 + 180 * churn) / SAMPLE_RATE
    )
    starter = (0.5 * whine + 0.6 * hiss(rng, seconds, band(300, 3500))) * (0.35 + churn) * (time < crank)
    idle = making["rpm"] * 0.55
    flare, settled = (crank + 0.35) / seconds, (crank + 1.1) / seconds
    rpm = path(
        seconds,
        ((0, idle * 0.3), (crank / seconds, idle * 0.4), (flare, idle * 2.0), (settled, idle * 1.05), (1, idle)),
    )
    motor = Running(_built(making), rng, making["mechanical"]).read(
        rpm, path(seconds, ((0, 0.3), (flare, 0.9), (settled, 0.2), (1, 0.2)))
    )
    loud = path(seconds, ((0, 0), (crank / seconds, 0.15), (flare, 1), (settled, 0.6), (0.9, 0.5), (1, 0)))
    return 0.5 * starter + motor * loud


def pass_by(
    rng: np.random.Generator,
    speed: float,
    distance: float,
    seconds: float,
    heavy: bool,
    motor: Engine | None = None,
    rpm: float = 2200,
    louder: float = 1.0,
) -> tuple[Block, int]:
    """A road vehicle passing: tyres on the road (bright) and the engine (dull), with Doppler shift.

    Returns:
        The stereo passage and the frame of closest approach.
    """
    built = motor or engine(rng, 6 if heavy else 4, 0.3, 90 if heavy else 140, 2)

    def source(frames: int) -> tuple[Floats, Floats]:
        length = frames / SAMPLE_RATE + 0.001
        tyres = hiss(rng, length, ((250, -6), (800, 0), (1300, -1), (3500, -12), (9000, -24)))[:frames]
        rumble = hiss(rng, length, ((50, 0), (130, -3), (350, -12)))[:frames]
        turning = np.full(frames, rpm) * (1 + 0.01 * flicker(rng, length, 2)[:frames])
        running = Running(built, rng, 0.3).read(turning, np.full(frames, 0.45))
        fine = speed / 15.0
        return louder * (1.3 if heavy else 0.7) * running + 0.35 * rumble, tyres * 0.9 * fine + 0.2 * louder * running

    return passing(source, speed, distance, seconds, bool(rng.uniform() < 0.5))


@hit(
    "pass",
    *_PARAMETERS,
    Parameter("velocity", 16, 2, 90, "metres a second"),
    Parameter("distance", 6, 1.5, 60, "metres at the closest"),
    Parameter("loud", 1.0, 0.2, 4.0, "the engine against the tyres"),
    every=6.0,
    jitter=0.4,
)
def vehicle_pass(making: Making) -> Pass:
    """A vehicle that drives past; the anchor is where it is closest."""
    seconds = float(np.clip(making.seconds, 3.0, 9.0))
    sound, lead = pass_by(
        making.rng,
        making["velocity"],
        making["distance"],
        seconds,
        making["exhaust"] < 100,
        _built(making),
        making["rpm"] * (0.5 + making["speed"]),
        making["loud"],
    )
    return Pass(sound, lead)


@hit(
    "skid",
    Parameter("length", 1.2, 0.3, 4.0, "seconds"),
    Parameter("pitch", 0.5, doc="low groan (0) to squeal (1)"),
    every=3.0,
)
def skid(making: Making) -> Floats:
    """Tyres that slip: several squeals close together, tearing, over a scrubbing noise."""
    rng, seconds = making.rng, making["length"]
    base = 480 + 620 * making["pitch"]
    out = 0.25 * hiss(rng, seconds, ((400, -4), (1400, 0), (4500, -8)))
    for n, ratio in enumerate((1.0, 1.07, 1.5, 2.0, 2.14, 3.0)):
        hertz = (
            base
            * ratio
            * (1 + 0.035 * flicker(rng, seconds, 9) + 0.03 * flicker(rng, seconds, 50))
            * path(seconds, ((0, 0.9), (0.15, 1.05), (1, 0.85)))
        )
        out += (
            np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE) * (0.6 + 0.4 * flicker(rng, seconds, 25)) / (1 + 0.6 * n)
        )
    return out * path(seconds, ((0, 0.7), (0.08, 1), (0.75, 0.9), (1, 0)))


@hit("air brake", every=5.0)
def air_brake(making: Making) -> Floats:
    """Compressed air let go: a hard hiss that falls off with a small sneeze."""
    rng = making.rng
    main = hiss(rng, 0.9, ((500, -8), (2500, 0), (7000, -2), (13000, -8))) * path(
        0.9, ((0, 1), (0.35, 0.6), (0.5, 0.12), (1, 0))
    )
    sneeze = hiss(rng, 0.18, band(1500, 9000)) * path(0.18, ((0, 0.2), (0.2, 1), (1, 0)))
    main[26_000 : 26_000 + len(sneeze)] += 0.6 * sneeze
    return main
