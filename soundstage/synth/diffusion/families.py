"""The families of text-to-audio models that diffusers can run, as data: what their folders hold and how they are asked.

Knows no PyTorch, so that a catalogue of models can be shown without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from soundstage.errors import BadOption


@dataclass(frozen=True)
class Family:
    """One kind of model.

    `parts` are the folders of the diffusers layout with the class that each is loaded as; the scheduler's lies in
    its own configuration. `denoiser` is the part that is called at every step. `steps` and `guidance` are the
    published defaults; `guidance` of 1 means none, and no negative prompt then. `schedulers` are those that can
    take the place of a model's own (see `SCHEDULERS`). With `same_words`, what a prompt comes to hangs on the length
    of those it is worked with, so that only the same words go into a batch.
    """

    name: str
    pipeline: str
    parts: Mapping[str, str]
    denoiser: str
    rate: int
    channels: int
    longest: float
    steps: int
    guidance: float
    schedulers: tuple[str, ...]
    unused: tuple[str, ...] = ()
    same_words: bool = False


@dataclass(frozen=True)
class SchedulerKind:
    """A scheduler of diffusers, and what is set over the configuration of the one it replaces."""

    kind: str
    settings: Mapping[str, object] = field(default_factory=dict)


SCHEDULERS: Mapping[str, SchedulerKind] = {
    "ddim": SchedulerKind("DDIMScheduler"),
    "ddpm": SchedulerKind("DDPMScheduler"),
    "pndm": SchedulerKind("PNDMScheduler", {"skip_prk_steps": True}),
    "lms": SchedulerKind("LMSDiscreteScheduler"),
    "euler": SchedulerKind("EulerDiscreteScheduler"),
    "euler-ancestral": SchedulerKind("EulerAncestralDiscreteScheduler"),
    "heun": SchedulerKind("HeunDiscreteScheduler"),
    "dpm++": SchedulerKind("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "unipc": SchedulerKind("UniPCMultistepScheduler"),
    "edm-euler": SchedulerKind("EDMEulerScheduler"),
    "edm-dpm++": SchedulerKind("EDMDPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "edm-dpm++-sde": SchedulerKind("EDMDPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "flow-euler": SchedulerKind("FlowMatchEulerDiscreteScheduler", {"stochastic_sampling": False}),
    "ping-pong": SchedulerKind("FlowMatchEulerDiscreteScheduler", {"stochastic_sampling": True}),
}

STABLE_AUDIO = Family(
    name="stable-audio",
    pipeline="StableAudioPipeline",
    parts={
        "vae": "AutoencoderOobleck",
        "text_encoder": "T5EncoderModel",
        "projection_model": "StableAudioProjectionModel",
        "tokenizer": "T5Tokenizer",
        "transformer": "StableAudioDiTModel",
    },
    denoiser="transformer",
    rate=44_100,
    channels=2,
    longest=47.55,
    steps=100,
    guidance=7.0,
    schedulers=("edm-dpm++", "edm-dpm++-sde", "edm-euler"),
)

STABLE_AUDIO_3 = Family(
    name="stable-audio-3",
    pipeline="StableAudio3Pipeline",
    parts={
        "vae": "AutoencoderSAME",
        "text_encoder": "T5GemmaEncoderModel",
        "tokenizer": "GemmaTokenizer",
        "duration_embedder": "StableAudio3DurationEmbedder",
        "transformer": "StableAudio3DiTModel",
    },
    denoiser="transformer",
    rate=44_100,
    channels=2,
    longest=380.0,
    steps=8,
    guidance=1.0,
    schedulers=("ping-pong", "flow-euler"),
)

AUDIOLDM2 = Family(
    name="audioldm2",
    pipeline="AudioLDM2Pipeline",
    parts={
        "vae": "AutoencoderKL",
        "text_encoder": "ClapModel",
        "text_encoder_2": "T5EncoderModel",
        "projection_model": "AudioLDM2ProjectionModel",
        # Published folders say GPT2Model, which transformers 5 no longer lets generate; the weights are the same.
        "language_model": "GPT2LMHeadModel",
        "tokenizer": "RobertaTokenizer",
        "tokenizer_2": "T5Tokenizer",
        "unet": "AudioLDM2UNet2DConditionModel",
        "vocoder": "SpeechT5HifiGan",
    },
    denoiser="unet",
    rate=16_000,
    channels=1,
    longest=10.24,
    steps=200,
    guidance=3.5,
    schedulers=("ddim", "ddpm", "pndm", "lms", "euler", "euler-ancestral", "heun", "dpm++", "unipc"),
    same_words=True,
    unused=("feature_extractor",),  # only ranks several takes of one prompt
)

FAMILIES: Mapping[str, Family] = {family.name: family for family in (STABLE_AUDIO, STABLE_AUDIO_3, AUDIOLDM2)}


def family_named(name: str) -> Family:
    """The family of a name. Raises BadOption when there is none."""
    if name not in FAMILIES:
        raise BadOption(f"There is no family of text-to-audio models {name!r}; there are: {', '.join(FAMILIES)}.")
    return FAMILIES[name]


def check_scheduler(family: Family, scheduler: str | None) -> None:
    """Raise BadOption when a family's models cannot use a scheduler; None (the model's own) always will do."""
    if scheduler is not None and scheduler not in family.schedulers:
        raise BadOption(
            f"{family.name} cannot use the scheduler {scheduler!r}; leave it out for the model's own, "
            f"or choose one of: {', '.join(family.schedulers)}."
        )
