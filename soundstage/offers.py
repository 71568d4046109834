"""Who makes a cue: the makers that offer themselves, the best first, and what a take by them hangs on."""

from collections.abc import Sequence
from dataclasses import dataclass

from soundstage.cuesheet import Cue, Method, digest
from soundstage.knowledge.base import knowledge
from soundstage.synth.maker import Fit, SoundMaker

VERSION = 2
_MOST_TOLD = 2


@dataclass(frozen=True)
class Offer:
    """A maker that can serve a cue, and how well."""

    maker: SoundMaker
    fit: Fit

    def __str__(self) -> str:
        return f"{self.maker.facts.name} ({self.fit.score:.2f}: {self.fit.reason})"


@dataclass(frozen=True)
class Offers:
    """All offers for one cue, the best first; of equals, the maker named first."""

    cue: Cue
    ranked: tuple[Offer, ...]
    declined: tuple[Offer, ...]

    def key(self, place: int, candidates: int) -> str:
        """Names the take that the offer at `place` gives, where all before it have failed.

        So what a stand-in made is found again while the first choice fails, and is not in its way once it serves.
        """
        label = knowledge().find(self.cue.label)
        recipe = label.recipe.model_dump() if label and label.recipe else None
        left = [_told(offer) for offer in self.ranked[place:]]
        return digest([VERSION, self.cue.identity(), recipe, left, candidates])

    def choice(self, place: int, problems: Sequence[str]) -> str:
        """Why the offer at `place` was taken, for the user: before which others, and what failed before it."""
        others = ", ".join(map(str, self.ranked[place + 1 : place + 1 + _MOST_TOLD]))
        failed = (f"{offer.maker.facts.name} failed: {why}" for offer, why in zip(self.ranked, problems, strict=False))
        return "; ".join([str(self.ranked[place]) + (f" before {others}" if others else ""), *failed])

    def refusal(self) -> str:
        """Why nobody offers anything."""
        reasons = "; ".join(f"{each.maker.facts.name}: {each.fit.reason}" for each in self.declined)
        return (
            f"Nothing here can make {self.cue.label!r} ({reasons or 'no sound makers'}); "
            "add recordings with: soundstage library add FOLDER"
        )


def offers_for(cue: Cue, makers: Sequence[SoundMaker]) -> Offers:
    """Ask every maker of the cue's method.

    Args:
        cue: what is to be made.
        makers: in order of preference where they fit alike.
    """
    offers = [Offer(maker, _fit(maker, cue)) for maker in makers]
    willing = sorted((each for each in offers if each.fit.score > 0), key=lambda each: -each.fit.score)
    return Offers(cue, tuple(willing), tuple(each for each in offers if each.fit.score <= 0))


def _fit(maker: SoundMaker, cue: Cue) -> Fit:
    if cue.method not in (Method.AUTO, maker.facts.method):
        return Fit(0.0, f"the cue asks for {cue.method}")
    return maker.can_make(cue)


def _told(offer: Offer) -> tuple[str, str, float, str]:
    facts, fit = offer.maker.facts, offer.fit
    return facts.name, facts.licence, round(fit.score, 3), fit.basis
