"""Ears: models that judge takes beside the signal checks. Without them takes are judged by the checks alone.

An ear is an adviser: nothing that goes wrong with one may cost a film its sound.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from soundstage.cuesheet import Cue
from soundstage.errors import BadModel, MissingPart, SoundstageError
from soundstage.knowledge.label import Label
from soundstage.review.checks import Verdict

Model = TypeVar("Model", covariant=True)

# Lends a model for as long as a block lasts, loading it when it is first wanted.
Lender = Callable[[], AbstractContextManager[Model]]

_log = structlog.get_logger()


class Ear(Protocol):
    """Judges takes by a model. Safe to ask from several threads."""

    @property
    def name(self) -> str:
        """What its verdicts are filed under, beside the checks'."""
        ...

    def basis(self, cue: Cue) -> str:
        """What its verdict on a take of the cue hangs on besides the take: weights, pictures. Empty: it gives none.

        It is part of the key of the take that was chosen by it.
        """
        ...

    def judge(self, take: Path, cue: Cue, label: Label | None) -> Verdict | None:
        """What a take is worth, 0 to 1, and a reason that a Designer can act on; None where it cannot tell.

        Raises:
            MissingPart: its model is not there.
            BadModel: its model is damaged or does not fit into memory.
        """
        ...


class Guarded:
    """An ear that falls silent for good when its model cannot be had, and for one take when anything else fails."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._closed = False

    @property
    def name(self) -> str:
        """The ear's own."""
        return self._ear.name

    def basis(self, cue: Cue) -> str:
        """The ear's own, also once it is silent: keys must not change while a film is being rendered."""
        try:
            return self._ear.basis(cue)
        except SoundstageError as problem:
            _log.warning("ear cannot look", ear=self.name, cue=cue.id, problem=str(problem))
            return ""

    def judge(self, take: Path, cue: Cue, label: Label | None) -> Verdict | None:
        """The ear's verdict; None where it has none to give. Raises nothing."""
        if self._closed:
            return None
        try:
            return self._ear.judge(take, cue, label)
        except (MissingPart, BadModel) as problem:
            self._close(problem)
        except Exception as problem:  # whatever a network stumbles over, the checks have judged the take
            _log.warning("ear failed", ear=self.name, cue=cue.id, problem=str(problem))
        return None

    def _close(self, problem: SoundstageError) -> None:
        if not self._closed:
            _log.warning("takes are judged without an ear from now on", ear=self.name, problem=str(problem))
        self._closed = True


def guarded(ears: Sequence[Ear]) -> tuple[Ear, ...]:
    """The ears, each guarded once."""
    return tuple(ear if isinstance(ear, Guarded) else Guarded(ear) for ear in ears)


def judged(ears: Sequence[Ear], take: Path, cue: Cue, label: Label | None) -> Mapping[str, Verdict]:
    """The verdicts of all ears that have one, by name."""
    verdicts = {ear.name: ear.judge(take, cue, label) for ear in ears}
    return {name: verdict for name, verdict in verdicts.items() if verdict is not None}


def bases(ears: Sequence[Ear], cue: Cue) -> tuple[str, ...]:
    """What the verdicts on takes of a cue hang on, for the ears that would give one."""
    return tuple(f"{ear.name} {basis}" for ear in ears if (basis := ear.basis(cue)))
