"""A cast whose roles are stood in for by another's when their models fail, and which says so."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import cast

from soundstage.agents.record import Exchange
from soundstage.agents.roles import Cast, Designer, Scriptwriter, Storyboarder, Synthesizer
from soundstage.errors import BadAnswer, BudgetSpent, MissingPart, ModelAway, ModelRefused

_FAILURES = (ModelAway, ModelRefused, BadAnswer, BudgetSpent)
HOUSE = "house"


def with_understudy(lead: Cast, understudy: Cast, record: Callable[[Exchange], None]) -> Cast:
    """The lead cast, of which each question that fails is put to the understudy instead, where it has such a part.

    Args:
        lead: asked first.
        understudy: asked where the lead fails.
        record: told each time, with the reason.
    """
    happened = Event()

    def told(exchange: Exchange) -> None:
        happened.set()
        record(exchange)

    def stood_in(role: str) -> "_StoodIn":
        return _StoodIn(role, getattr(lead, role), getattr(understudy, role), told)

    return replace(
        lead,
        scriptwriter=cast(Scriptwriter, stood_in("scriptwriter")),
        storyboarder=cast(Storyboarder, stood_in("storyboarder")),
        designer=cast(Designer, stood_in("designer")),
        synthesizer=cast(Synthesizer, stood_in("synthesizer")),
        stood_in=happened.is_set,
    )


class _StoodIn:
    """One role, played by two: whatever is asked of it is asked of the lead, then of the understudy."""

    def __init__(self, role: str, lead: object, understudy: object, record: Callable[[Exchange], None]) -> None:
        self._role, self._lead, self._understudy, self._record = role, lead, understudy, record

    def __getattr__(self, method: str) -> Callable[..., object]:
        ask, instead = getattr(self._lead, method), getattr(self._understudy, method)

        def played(*arguments: object) -> object:
            try:
                return ask(*arguments)
            except _FAILURES as failure:
                try:
                    answer = instead(*arguments)
                except MissingPart:  # the understudy has no such part: what is to be mended is the lead's failure
                    raise failure from None
                self._record(Exchange(role=self._role, prompt=method, model=HOUSE, problem=str(failure)))
                return answer

        return played
