"""Licences of models: nothing is fetched before the user accepts them, and when he did is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from soundstage.errors import BadOption
from soundstage.weights.card import Licence, ModelCard
from soundstage.weights.record import Acceptance
from soundstage.weights.shelf import Shelf


def unaccepted(shelf: Shelf, cards: Iterable[ModelCard]) -> dict[Licence, tuple[ModelCard, ...]]:
    """The licences of these models that the user has not accepted for them yet, each with its models."""
    found: dict[Licence, tuple[ModelCard, ...]] = {}
    for card in cards:
        accepted = shelf.record(card).accepted
        if accepted is None or accepted.licence != card.licence.name:
            found[card.licence] = (*found.get(card.licence, ()), card)
    return found


def accept(shelf: Shelf, cards: Iterable[ModelCard], named: Sequence[str]) -> None:
    """Note that the user accepts the licences he named, for those of these models that are under them.

    Raises:
        BadOption: he named one that none of them is under.
        StorageError: it cannot be noted.
    """
    cards = tuple(cards)
    under = sorted({card.licence.name for card in cards})
    if strange := [name for name in named if name not in under]:
        raise BadOption(f"None of these models is under {strange[0]}; they are under {', '.join(under)}.")
    for licence, models in unaccepted(shelf, cards).items():
        if licence.name in named:
            for card in models:
                accepted = Acceptance(licence.name, datetime.now(UTC))
                shelf.note(card, replace(shelf.record(card), accepted=accepted))


def demand(shelf: Shelf, cards: Iterable[ModelCard]) -> None:
    """Go on only when all licences of these models are accepted.

    Raises:
        BadOption: one is not; says which, and how to accept it.
    """
    if open_ones := unaccepted(shelf, cards):
        shown = "; ".join(f"{licence.name} ({_models(cards)})" for licence, cards in open_ones.items())
        options = " ".join(f"--accept-licence {licence.name}" for licence in open_ones)
        raise BadOption(f"Licences are to be accepted first: {shown}; read them, then add {options}.")


def _models(cards: Sequence[ModelCard]) -> str:
    return ", ".join(card.name for card in cards)
