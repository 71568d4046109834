"""Struck bodies as sums of damped modes (modal synthesis), and the materials they are made of.

Mode ratios are those of free bars, plates and bells in Fletcher & Rossing, The Physics of Musical
Instruments (2nd ed., chapters 2, 3 and 21).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy

from soundstage.sound import SAMPLE_RATE
from soundstage.synth.procedural.envelopes import faded
from soundstage.synth.procedural.noise import Floats, band, hiss

_SIXTY_DB = np.log(1000)
_ROW = 512
BAR = (1.0, 2.756, 5.404, 8.933, 13.345, 18.64)
_LOW_PLATE = (1.0, 1.58, 2.24, 2.92, 3.46, 4.11, 4.8, 5.61, 6.3, 7.4, 8.7)
PLATE = (*_LOW_PLATE, 10.1, 11.6, 13.2, 15.1, 17.3, 19.4, 22.0)
BELL = (0.5, 1.0, 1.2, 1.5, 2.0, 2.51, 3.01, 4.03, 5.2, 6.8)
SHELL = (1.0, 1.27, 2.02, 2.36, 3.04, 3.9, 4.45, 5.37, 6.21, 7.9, 9.3, 11.2)


def ring(hertz: Floats, sixty: Floats, gains: Floats, seconds: float) -> Floats:
    """Damped sines from rest, summed: frequencies (Hz), decay times by 60 dB (s), amplitudes.

    exp((a+iw)t) splits into a coarse and a fine step, so the whole sum is one matrix product.
    """
    keep = hertz < 0.45 * SAMPLE_RATE
    hertz, sixty, gains = hertz[keep], sixty[keep], gains[keep]
    frames = max(int(seconds * SAMPLE_RATE), 16)
    step = (-_SIXTY_DB / sixty + 2j * np.pi * hertz) / SAMPLE_RATE
    rows = -(-frames // _ROW)
    coarse = np.exp(np.outer(np.arange(rows) * _ROW, step)) * gains
    fine = np.exp(np.outer(step, np.arange(_ROW)))
    return np.asarray((coarse.real @ fine.imag + coarse.imag @ fine.real).ravel()[:frames])


@dataclass(frozen=True)
class Material:
    """How a material rings: mode ratios, base frequency of a hand-sized piece, damping.

    `sixty` is the decay by 60 dB of the lowest mode in seconds; it shrinks with frequency to the
    power of `loss`. `contact` is how long a hard blow touches, in seconds; `click` is the share of
    noise in the blow, in the band `noise`. `tilt` is the power of frequency by which higher modes are struck harder.
    """

    ratios: tuple[float, ...]
    hertz: float
    sixty: float
    loss: float
    contact: float
    click: float
    noise: tuple[float, float]
    tilt: float


MATERIALS = (
    Material(PLATE, 190, 0.22, 0.75, 0.0011, 0.35, (300, 5000), 0.3),  # wood
    Material(PLATE, 420, 2.2, 0.45, 0.0003, 0.10, (2000, 9000), 0.8),  # metal
    Material(SHELL, 1900, 0.55, 0.55, 0.0002, 0.10, (4000, 12000), 0.7),  # glass
    Material(BAR, 900, 0.09, 0.6, 0.0004, 0.70, (700, 9000), 0.5),  # stone
    Material(SHELL, 480, 0.10, 0.7, 0.0008, 0.35, (600, 6000), 0.45),  # plastic
    Material(SHELL, 1250, 0.26, 0.65, 0.0003, 0.25, (1500, 9000), 0.6),  # ceramic
    Material(BAR, 105, 0.12, 0.5, 0.0040, 0.55, (90, 1600), 0.1),  # body
)
WOOD, METAL, GLASS, STONE, PLASTIC, CERAMIC, BODY = range(len(MATERIALS))


def strike(
    rng: np.random.Generator,
    timbre: np.random.Generator,
    material: int,
    size: float = 1.0,
    hardness: float = 1.0,
    sustain: float = 1.0,
) -> Floats:
    """One blow on a piece of a material.

    Args:
        rng: varies where and how the blow falls.
        timbre: the piece itself: the same generator state gives the same piece.
        material: index into MATERIALS.
        size: of the piece; twice the size sounds an octave lower and longer.
        hardness: 0..1, of the blow: soft blows touch longer and sound duller.
        sustain: times the material's decay (below 1: damped by a hand or a floor).
    """
    made_of = MATERIALS[material]
    ratios = np.array(made_of.ratios) * np.exp(timbre.normal(0, 0.035, len(made_of.ratios)))
    hertz = made_of.hertz * ratios / ratios[0] / size
    sixty = made_of.sixty * sustain * np.sqrt(size) * (hertz[0] / hertz) ** made_of.loss
    place = rng.uniform(0.15, 0.5)
    number = np.arange(1, len(hertz) + 1)
    gains = (0.25 + np.abs(np.sin(np.pi * place * number))) / number**0.35
    gains *= (ratios / ratios[0]) ** made_of.tilt * np.exp(rng.normal(0, 0.25, len(hertz)))
    seconds = float(np.clip(sixty[0] * 1.1, 0.06, 6.0))
    contact = made_of.contact * (2.2 - 1.2 * hardness) * np.sqrt(size)
    body = struck(ring(hertz, sixty, gains, seconds), contact)
    tick = hiss(rng, min(0.02 + 8 * contact, seconds), band(*made_of.noise))
    tick *= np.exp(-np.arange(len(tick)) / (SAMPLE_RATE * (0.0015 + contact)))
    body = np.asarray(scipy.signal.sosfilt(_rumble(), body))
    body[: len(tick)] += tick * made_of.click * (0.5 + 0.5 * hardness) * np.abs(body).max()
    return faded(body, 0.2 * seconds)


def struck(body: Floats, contact: float) -> Floats:
    """A body's free ringing, excited by a blow that touches it for `contact` seconds (a half sine of force)."""
    frames = max(int(contact * SAMPLE_RATE), 1)
    pulse = np.sin(np.pi * (np.arange(frames) + 0.5) / frames)
    return np.asarray(scipy.signal.fftconvolve(body, pulse / pulse.sum())[: len(body)])


@cache
def _rumble() -> Floats:
    """The high pass that takes rumble away, as second-order sections."""
    return np.asarray(scipy.signal.butter(1, 45, "highpass", fs=SAMPLE_RATE, output="sos"))
