"""Both CLAPs' embeddings of soundtracks and of words: how well a sound fits what is said of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from torch import Tensor

from soundstage.evaluation.features.extractor import SoundExtractor, WordsExtractor, mono
from soundstage.evaluation.features.item import View
from soundstage.evaluation.features.sounds import Soundtrack
from soundstage.networks import laionclap, msclap
from soundstage.networks.laionclap import LaionClap
from soundstage.networks.msclap import MsClap

LendsLaion = Callable[[], AbstractContextManager[LaionClap]]
LendsMs = Callable[[], AbstractContextManager[MsClap]]


def laion_sounds(lend: LendsLaion, identity: str) -> SoundExtractor[LaionClap]:
    """Gives `clap_laion_audio`."""
    arrays = ("clap_laion_audio",)
    return SoundExtractor("LAION-CLAP, sound", arrays, identity, laionclap.RATE, lend, _hear, mono)


def laion_words(lend: LendsLaion, identity: str) -> WordsExtractor[LaionClap]:
    """Gives `clap_laion_text`."""
    return WordsExtractor("LAION-CLAP, words", ("clap_laion_text",), identity, lend, _read)


def ms_sounds(lend: LendsMs, identity: str) -> SoundExtractor[MsClap]:
    """Gives `clap_ms_audio`."""
    return SoundExtractor("MS-CLAP, sound", ("clap_ms_audio",), identity, msclap.RATE, lend, _hear, _as_it_is)


def ms_words(lend: LendsMs, identity: str) -> WordsExtractor[MsClap]:
    """Gives `clap_ms_text`."""
    return WordsExtractor("MS-CLAP, words", ("clap_ms_text",), identity, lend, _read)


def _hear(clap: LaionClap | MsClap, samples: Tensor) -> tuple[Tensor, ...]:
    return (clap.sounds(samples),)


def _read(clap: LaionClap | MsClap, words: str) -> Tensor:
    return clap.texts([words])[0]


def _as_it_is(sound: Soundtrack, rate: int, view: View) -> Tensor:
    """Microsoft's reader lays channels one after the other and takes seven seconds anywhere: mostly of the first."""
    return sound.at(rate, centred=False) if view.whole else sound.first_at(rate)
