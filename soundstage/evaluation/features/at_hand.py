"""The extractors whose models lie on the shelf; none is loaded before it is first needed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from soundstage.errors import MissingPart
from soundstage.evaluation.features.extractor import Extractor, Lender, Takes

if TYPE_CHECKING:
    from soundstage.evaluation.features.sync import SyncComparison
    from soundstage.networks.rack import Rack, Setting
    from soundstage.soundmodels import SoundModels
    from soundstage.weights.card import ModelCard
    from soundstage.weights.shelf import Shelf

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "vggish": ("vggish",),
    "panns-cnn14-16k": ("pann_2048", "pann_logits"),
    "passt-s-swa": ("passt", "passt_logits"),
    "imagebind-huge": ("imagebind_audio", "imagebind_video"),
    "synchformer": ("synchformer_audio", "synchformer_video"),
    "clap-music-speech-audioset": ("clap_laion_audio", "clap_laion_text"),
    "ms-clap-2023": ("clap_ms_audio", "clap_ms_text"),
}
"""The models that measure, and the arrays that come of each."""

INSTALL: Final = "pip install 'soundstage[gpu]'"


@dataclass(frozen=True)
class LeftOut:
    """Arrays that cannot be had: why, and how to get them, in one sentence."""

    model: str
    arrays: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class AtHand:
    """Extractors that can be asked, what compares picture and sound, and what is left out."""

    extractors: tuple[Extractor, ...] = ()
    comparison: "SyncComparison | None" = None
    left_out: tuple[LeftOut, ...] = ()

    def taking(self, *takes: Takes) -> tuple[Extractor, ...]:
        """Those that take one of these of an item."""
        return tuple(extractor for extractor in self.extractors if extractor.takes in takes)

    def giving(self, *arrays: str) -> tuple[Extractor, ...]:
        """Those that give one of these arrays."""
        return tuple(extractor for extractor in self.extractors if set(arrays) & set(extractor.arrays))


@dataclass(frozen=True)
class Sizes:
    """Configurations of the networks by model, where they are not the published ones: tests are small."""

    of: Mapping[str, Any] = field(default_factory=dict)

    def config(self, name: str) -> tuple[Any, ...]:
        """The last argument of the network's loader; nothing for the published sizes."""
        return (self.of[name],) if name in self.of else ()


def extractors_at_hand(models: "SoundModels", sizes: Sizes | None = None) -> AtHand:
    """All extractors whose models are on the shelf of `models`, on its rack.

    What is missing is never an error: it is left out, with a sentence that says how to get it.
    """
    if find_spec("torch") is None or find_spec("transformers") is None:
        why = f"Networks that measure need torch and transformers; install them with: {INSTALL}."
        return AtHand(left_out=tuple(LeftOut(name, arrays, why) for name, arrays in NEEDED.items()))
    return _gathered(models, models.rack, sizes or Sizes())


def _gathered(models: "SoundModels", rack: "Rack", sizes: Sizes) -> AtHand:
    extractors: list[Extractor] = []
    left_out: list[LeftOut] = []
    comparison = None
    for name, arrays in NEEDED.items():
        card = models.known.card(name)
        try:
            place = models.shelf.demand(card)
        except MissingPart as missing:
            left_out.append(LeftOut(name, arrays, str(missing)))
            continue
        loan = _Loan(rack, card, place, models.shelf, sizes)
        extractors += _BUILT[name](loan)
        if name == "synchformer":
            comparison = _comparison(loan)
    return AtHand(tuple(extractors), comparison, tuple(left_out))


@dataclass(frozen=True)
class _Loan:
    """What an extractor is built of: a model's card and where it lies, the rack, the sizes."""

    rack: "Rack"
    card: "ModelCard"
    place: Path
    shelf: "Shelf"
    sizes: Sizes
    made: dict[str, Lender[Any]] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        return f"{self.card.name} {self.shelf.identity(self.card)}"

    @property
    def config(self) -> tuple[Any, ...]:
        return self.sizes.config(self.card.name)

    def lender(self, load: Callable[..., Any], file: str = "") -> Lender[Any]:
        """One for all extractors of the model, so that they take turns."""
        path = self.place / file

        def loaded(setting: "Setting") -> Any:  # noqa: ANN401 - networks share no type
            return load(path, setting, *self.config)

        return self.made.setdefault("lender", Lender(self.rack, self.card, loaded))


def _vggish(loan: _Loan) -> Iterator[Extractor]:
    from soundstage.evaluation.features.vggish import VggishExtractor
    from soundstage.networks.vggish import FILE, load_vggish

    yield VggishExtractor(loan.lender(load_vggish, FILE).lend, loan.identity)


def _panns(loan: _Loan) -> Iterator[Extractor]:
    from soundstage.evaluation.features.panns import panns_extractor
    from soundstage.networks.panns import FILE, load_panns

    yield panns_extractor(loan.lender(load_panns, FILE).lend, loan.identity, *loan.config)


def _passt(loan: _Loan) -> Iterator[Extractor]:
    from soundstage.evaluation.features.passt import passt_extractor
    from soundstage.networks.passt import FILE, load_passt

    yield passt_extractor(loan.lender(load_passt, FILE).lend, loan.identity)


def _imagebind(loan: _Loan) -> Iterator[Extractor]:
    from soundstage.evaluation.features.imagebind import ImageBindPictures, imagebind_sounds
    from soundstage.networks.imagebind.embedding import FILE, load_imagebind

    lend = loan.lender(load_imagebind, FILE).lend
    yield imagebind_sounds(lend, loan.identity)
    yield ImageBindPictures(lend, loan.identity, *(config.picture for config in loan.config))


def _synchformer(loan: _Loan) -> Iterator[Extractor]:
    from soundstage.evaluation.features.sync import SyncFilms, SyncSounds

    lend = _sync_lender(loan).lend
    yield SyncSounds(lend, loan.identity)
    yield SyncFilms(lend, loan.identity)


def _comparison(loan: _Loan) -> "SyncComparison":
    from soundstage.evaluation.features.sync import SyncComparison

    return SyncComparison(_sync_lender(loan).lend)


def _sync_lender(loan: _Loan) -> Lender[Any]:
    from soundstage.networks.synchformer.network import load_sync_net
    from soundstage.networks.timing import FILE

    return loan.lender(load_sync_net, FILE)


def _laion(loan: _Loan) -> Iterator[Extractor]:
    from soundstage.evaluation.features.claps import laion_sounds, laion_words
    from soundstage.networks.laionclap import LaionClap

    lend = loan.lender(LaionClap.load).lend
    yield laion_sounds(lend, loan.identity)
    yield laion_words(lend, loan.identity)


def _microsoft(loan: _Loan) -> Iterator[Extractor]:
    from soundstage.evaluation.features.claps import ms_sounds, ms_words
    from soundstage.networks.msclap import MsClap

    lend = loan.lender(MsClap.load).lend
    yield ms_sounds(lend, loan.identity)
    yield ms_words(lend, loan.identity)


_BUILT: Final[Mapping[str, Callable[[_Loan], Iterator[Extractor]]]] = {
    "vggish": _vggish,
    "panns-cnn14-16k": _panns,
    "passt-s-swa": _passt,
    "imagebind-huge": _imagebind,
    "synchformer": _synchformer,
    "clap-music-speech-audioset": _laion,
    "ms-clap-2023": _microsoft,
}
