"""The ears whose models are at hand."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from soundstage.footage import Footage
from soundstage.review.listeners import Ear, guarded
from soundstage.review.meaning import Meaning
from soundstage.review.pairing import Pairing
from soundstage.review.sync import Sync
from soundstage.weights.card import ModelCard
from soundstage.weights.catalogue import Catalogue
from soundstage.weights.shelf import Shelf, state_of

if TYPE_CHECKING:
    from soundstage.networks.clap import Clap
    from soundstage.networks.imagebind.embedding import ImageBind
    from soundstage.networks.rack import Rack, Setting
    from soundstage.networks.timing import Timing

Model = TypeVar("Model")


def ears_at_hand(
    cards: Catalogue, shelf: Shelf, rack: "Rack", footage: Footage | None, commercial: bool = False
) -> tuple[Ear, ...]:
    """Ears for the models that lie on the shelf; none of them is loaded before it is first needed.

    Args:
        cards: of the models there are.
        shelf: where they lie.
        rack: lends them.
        footage: of the film; without it nobody listens for what belongs to the picture.
        commercial: leave out models whose licence forbids commercial use.
    """

    def first(family: str) -> ModelCard | None:
        """The largest model of a family that is here and may be used."""
        usable = (card for card in cards.of_family(family) if shelf.has(card) and (card.commercial or not commercial))
        return max(usable, key=lambda card: card.memory or 0, default=None)

    return guarded(tuple(_ears(first, shelf, rack, footage)))


def _ears(
    first: Callable[[str], ModelCard | None], shelf: Shelf, rack: "Rack", footage: Footage | None
) -> Iterable[Ear]:
    if card := first("clap"):
        yield Meaning(_lender(rack, card, shelf.place(card), _clap), shelf.identity(card))
    if footage is None:
        return
    if card := first("synchformer"):
        yield Sync(_lender(rack, card, shelf.place(card), _timing), shelf.identity(card), footage)
    if card := first("imagebind"):
        yield Pairing(_lender(rack, card, shelf.place(card), _imagebind), shelf.identity(card), footage)


def _lender(
    rack: "Rack", card: ModelCard, folder: Path, load: Callable[[Path, "Setting"], Model]
) -> Callable[[], AbstractContextManager[Model]]:
    # Makers may keep a part of the same model under its own name.
    size = rack.setting.size(card.memory or 0)
    name, state = f"{card.name} for listening", state_of(folder)
    return lambda: rack.borrow(name, size, lambda setting: load(folder, setting), state)


def _clap(folder: Path, setting: "Setting") -> "Clap":
    from soundstage.networks.clap import Clap

    return Clap.load(folder, setting)


def _timing(folder: Path, setting: "Setting") -> "Timing":
    from soundstage.networks.timing import Timing

    return Timing.load(folder, setting)


def _imagebind(folder: Path, setting: "Setting") -> "ImageBind":
    from soundstage.networks.imagebind.embedding import ImageBind

    return ImageBind.load(folder, setting)
