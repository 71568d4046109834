"""Many people: murmur, applause, cheers. Single words are never made."""

import numpy as np

from soundstage.sound import SAMPLE_RATE, Block
from soundstage.synth.procedural.envelopes import decay, path, smooth_path
from soundstage.synth.procedural.grains import bank, cloud, panned, picked, strewn
from soundstage.synth.procedural.material import made_once
from soundstage.synth.procedural.modal import CERAMIC, GLASS, METAL, strike
from soundstage.synth.procedural.noise import Floats, band, hiss, loop_table, swept
from soundstage.synth.procedural.recipe import Making, Parameter, bed, hit
from soundstage.synth.procedural.streams import Stream, mixed, moved, scaled, swell, texture, wander, woven
from soundstage.synth.procedural.tones import sampled
from soundstage.synth.procedural.voice import Formant, babble, throat


@made_once(most=24)
def _speakers(effort: int, young: bool) -> tuple[Floats, ...]:
    """A company of speakers, made once: effort in quarters. Every crowd draws its own voices from one."""
    chance = np.random.default_rng([effort, young])
    pitches = chance.uniform(250, 340, 8) if young else np.tile((1, 1.75), 4) * chance.uniform(98, 138, 8)
    sizes = [0.75 if young else (1.0 if pitch < 160 else 0.87) for pitch in pitches]
    return tuple(
        babble(chance, 5.0, float(pitch), size, effort / 4) for pitch, size in zip(pitches, sizes, strict=True)
    )


@made_once(most=8)
def _people(seed: int, seconds: float, count: int, effort: float, young: float) -> Block:
    """A loop of several people speaking at once, each with a pace, a place and a beginning of their own.

    A crowd's loops are made once for all its scenes; they are for reading only.
    """
    rng = np.random.default_rng([seed, 12, int(1000 * seconds)])
    frames = int(seconds * SAMPLE_RATE)
    out = np.zeros((frames, 2), np.float32)
    for _ in range(count):
        voices = _speakers(round(4 * effort), bool(rng.uniform() < young))
        voice = voices[int(rng.integers(len(voices)))]
        pace = len(voice) / frames * max(round(seconds / 5.0), 1) * rng.uniform(0.9, 1.0)
        place = np.mod(np.arange(frames) * pace, len(voice) - 1.0)
        turned = np.roll(sampled(voice, place), int(rng.integers(frames)))
        out += panned(turned * rng.uniform(0.3, 1.0), rng.uniform(-0.9, 0.9))
    return np.ascontiguousarray((out / np.sqrt(np.mean(out**2))).T)


def crowd_stream(making: Making, size: float, effort: float, young: float = 0.0) -> Stream:
    """Voices woven of two loops; the bigger the crowd, the more it is one body of sound. RMS about 1."""
    rng, count = making.rng, 5 + round(7 * size)
    voices = woven(rng, [_people(making.seed, seconds, count, effort, young) for seconds in (4.3, 5.9)], 2.0)
    far = texture(rng, ((180, -4), (450, 0), (900, -3 + 3 * effort), (2600, -14 + 6 * effort), (6000, -30)), 1.0, 1.2)
    return mixed(
        scaled(voices, 1.0 - 0.55 * size),
        scaled(moved(far, wander(rng, 0.9, 0.6), swell(1.5)), 0.15 + 0.75 * size),
    )


@bed(
    "crowd",
    Parameter("size", 0.4, doc="a table of people (0) to a stadium (1)"),
    Parameter("effort", 0.2, doc="murmuring (0) to shouting (1)"),
    Parameter("young", 0.0, doc="share of children"),
    Parameter("clatter", 0.0, doc="dishes and glasses among them"),
)
def crowd(making: Making) -> Stream:
    """A crowd's murmur without words."""
    rng = making.rng
    people = crowd_stream(making, making["size"], making["effort"], making["young"])
    if making["clatter"] <= 0:
        return people
    return mixed(people, scaled(clatter(rng, 1.8), 0.9 * making["clatter"]))


def clatter(rng: np.random.Generator, rate: float) -> Stream:
    """Cups, plates and cutlery that touch, here and there."""

    def touch(chance: np.random.Generator) -> Floats:
        material = (CERAMIC, GLASS, METAL)[int(chance.integers(3))]
        return strike(chance, chance, material, chance.uniform(0.4, 1.0), chance.uniform(0.3, 0.9), 0.35)

    return strewn(rng, picked(bank(rng, touch, 24)), rate, 0.7)


def clap(rng: np.random.Generator) -> Floats:
    """Two hands: a burst of noise round the hollow between the palms (Repp 1987: 0.4 to 2.5 kHz)."""
    hertz = rng.uniform(700, 2200)
    palm = hiss(rng, 0.05, ((hertz * 0.5, -8), (hertz, 0), (hertz * 2.2, -7), (hertz * 5, -18))) * decay(
        0.05, rng.uniform(0.022, 0.045)
    )
    snap = hiss(rng, 0.008, band(1500, 9000)) * decay(0.008, 0.004)
    palm[: len(snap)] += 0.7 * snap
    return palm


@bed(
    "applause",
    Parameter("size", 0.5, doc="a few (0) to a full house (1)"),
    Parameter("cheer", 0.0, doc="voices that cheer in it"),
)
def applause(making: Making) -> Stream:
    """Clapping hands: the near ones single, the rest a rain of claps, the house behind."""
    rng, size = making.rng, making["size"]
    layers = [
        scaled(cloud(rng, clap, 25 + 420 * size**1.5, 0.5), 0.7),
        scaled(strewn(rng, picked(bank(rng, clap, 30)), 6 + 12 * size, 0.4), 0.7 - 0.3 * size),
        scaled(
            moved(
                texture(rng, ((500, -5), (1300, 0), (4000, -6), (9000, -14)), 1.0, 1.0), wander(rng, 0.8, 0.5), swell(1)
            ),
            0.55 * size**1.5,
        ),
    ]
    if making["cheer"] > 0:
        layers.append(scaled(cheering(making, size), 0.8 * making["cheer"]))
    return mixed(*layers)


def cheering(making: Making, size: float) -> Stream:
    """Many open vowels at full voice."""
    rng = making.rng
    roar = texture(rng, ((350, -6), (750, 0), (1250, -1), (2600, -8), (6000, -20)), 1.0, 0.8)
    return mixed(
        scaled(crowd_stream(making, 0.2, 1.0), 0.6),
        scaled(moved(roar, wander(rng, 1.0, 0.6), swell(3)), 0.35 + 0.6 * size),
    )


@bed(
    "cheer",
    Parameter("size", 0.6, doc="a group (0) to a stadium (1)"),
    Parameter("dark", 0.0, doc="cheering (0) to booing (1)"),
)
def cheer(making: Making) -> Stream:
    """A crowd at the top of its voice; dark vowels make it boo."""
    rng, dark = making.rng, making["dark"]
    if dark < 0.5:
        return mixed(cheering(making, making["size"]), scaled(strewn(rng, clap, 5, 0.5), 0.25))
    low = woven(rng, [_vowel_table(rng, seconds) for seconds in (4.3, 5.9)], 1.5)
    return mixed(
        scaled(moved(low, wander(rng, 1.3), swell(3)), 0.8), scaled(crowd_stream(making, making["size"], 0.6), 0.3)
    )


def _vowel_table(rng: np.random.Generator, seconds: float) -> Block:
    """A long 'oo' of many throats as a loop."""
    return loop_table(rng, seconds, ((110, -6), (300, 0), (420, 0), (800, -8), (1500, -26)), 0.9)


@hit(
    "crowd swell",
    Parameter("size", 0.6, doc="a group (0) to a stadium (1)"),
    Parameter("length", 2.5, 0.6, 8.0, "seconds"),
    Parameter("breath", 0.0, doc="a shout (0) to a gasp (1)"),
    Parameter("dark", 0.0, doc="ah (0) to oo (1)"),
    every=6.0,
)
def crowd_swell(making: Making) -> Floats:
    """A crowd that bursts out at once and settles: a cheer, a cry, a gasp."""
    rng, seconds, breath = making.rng, making["length"], making["breath"]
    if breath > 0.5:
        return hiss(rng, seconds, ((600, -6), (1600, 0), (4000, -4), (8000, -12))) * smooth_path(
            seconds, ((0, 0.3), (0.12, 1), (0.4, 0.25), (1, 0))
        )
    voices = sum(
        (babble(rng, seconds, float(rng.uniform(120, 330)), float(rng.uniform(0.8, 1.0)), 1.0) for _ in range(6)),
        np.zeros(1),
    )
    mass = swept(hiss(rng, seconds, band(150, 8000)), throat(_mouths(making["dark"]), -40))
    mass /= np.sqrt(np.mean(mass**2))
    return (0.5 * voices[: len(mass)] + (1 + 3 * making["size"]) * mass) * path(
        seconds, ((0, 0.45), (0.1, 1), (0.5, 0.7), (1, 0))
    )


def _mouths(dark: float) -> tuple[Formant, ...]:
    open_ = 1 - 0.55 * dark
    first = Formant(((0, 600 * open_), (0.3, 900 * open_), (1, 700 * open_)), 500 - 250 * dark)
    return (
        first,
        Formant(((0, 1200 * open_), (1, 1150 * open_)), 500, -3 - 6 * dark),
        Formant(((0, 2700), (1, 2600)), 900, -10 - 12 * dark),
    )


@hit("clap", Parameter("size", 0.5, doc="a child's hands (0) to a man's (1)"), every=0.32, jitter=0.06)
def one_clap(making: Making) -> Floats:
    """One clap of two hands."""
    return clap(making.rng)
