"""The text-to-audio maker: what it takes on, and what comes of a cue."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from soundstage.cuesheet import Cue, Method  # noqa: E402
from soundstage.errors import BadModel, BadOption, MissingPart  # noqa: E402
from soundstage.networks.rack import Rack, Setting  # noqa: E402
from soundstage.sound import SAMPLE_RATE, Block  # noqa: E402
from soundstage.synth.canvas import Stopped  # noqa: E402
from soundstage.synth.diffusion import Running, TextToAudioMaker  # noqa: E402
from soundstage.weights.card import Does, Licence, ModelCard  # noqa: E402

LICENCE = Licence("CC-BY-NC-SA-4.0", commercial=False)
FAST = Running(steps=2)


def card(family: str, **more: object) -> ModelCard:
    facts = {
        "name": f"tiny-{family}",
        "family": family,
        "does": Does.TEXT_TO_AUDIO,
        "says": "a test",
        "page": "",
        "commercial": False,
    }
    return ModelCard(**{**facts, "licence": LICENCE, **more})


def rack() -> Rack:
    return Rack(Setting(torch.device("cpu"), torch.float32))


def cue(seconds: float = 2.3, **more: object) -> Cue:
    facts = {"id": "rain", "layer": "ambience", "label": "rain", "start": 5, "end": 5 + seconds, "level": -30}
    return Cue.model_validate(facts | more)


@pytest.fixture
def maker(folders: dict[str, Path]) -> TextToAudioMaker:
    return TextToAudioMaker(card("stable-audio-3", longest=8.0), folders["stable-audio-3"], rack(), running=FAST)


def samples(maker: TextToAudioMaker, cue: Cue, seed: int = 1) -> Block:
    return np.concatenate(list(maker.make(cue, seed).blocks))


@pytest.mark.parametrize("family", ["stable-audio", "stable-audio-3", "audioldm2"])
@pytest.mark.parametrize("seconds", [0.4, 2.3, 12.345678])
def test_a_take_lasts_its_cue_to_the_frame(family: str, seconds: float, folders: dict[str, Path]):
    maker = TextToAudioMaker(card(family), folders[family], rack(), running=FAST)
    rendering = maker.make(cue(seconds), 1)
    sound = np.concatenate(list(rendering.blocks))
    assert sound.shape == (round(seconds * SAMPLE_RATE), 1 if family == "audioldm2" else 2)
    assert rendering.channels == maker.facts.channels == sound.shape[1]
    assert 0.01 < np.abs(sound).max() < 1.5


def test_stereo_stays_stereo(maker: TextToAudioMaker):
    sound = samples(maker, cue())
    assert not np.allclose(sound[:, 0], sound[:, 1])


def test_a_seed_fixes_a_take(maker: TextToAudioMaker):
    assert np.array_equal(samples(maker, cue(), 1), samples(maker, cue(), 1))
    assert not np.allclose(samples(maker, cue(), 1), samples(maker, cue(), 2), atol=1e-3)


@pytest.mark.parametrize(
    ("seconds", "made"), [(2.3, "in one go"), (7.9, "in one go"), (20.0, "in 3 windows denoised together")]
)
def test_says_what_made_it_and_how(seconds: float, made: str, maker: TextToAudioMaker):
    rendering = maker.make(cue(seconds), 1)
    assert rendering.licence == "CC-BY-NC-SA-4.0"
    assert rendering.sources == (f"tiny-stable-audio-3 (CC-BY-NC-SA-4.0), {made}",)


def test_cues_asked_for_together_are_made_together(folders: dict[str, Path]):
    shared = rack()
    maker = TextToAudioMaker(card("stable-audio-3"), folders["stable-audio-3"], shared, running=FAST)
    alone = [samples(maker, cue(2.1 + number / 10), number) for number in range(3)]
    together: dict[int, Block] = {}

    def work(number: int) -> None:
        together[number] = samples(maker, cue(2.1 + number / 10), number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(3):
        assert np.allclose(together[number], alone[number], atol=1e-4)


@pytest.mark.parametrize(
    ("more", "score", "reason"),
    [
        pytest.param({}, 0.9, "a bed", id="bed"),
        pytest.param({"layer": "effects", "perspective": "off-screen"}, 0.85, "not seen", id="off screen"),
        pytest.param({"layer": "effects"}, 0.6, "no set instant", id="on screen"),
        pytest.param({"layer": "effects", "anchors": [{"time": 5.5}]}, 0.3, "1 instants to meet", id="anchors"),
        pytest.param({"layer": "music"}, 0.0, "only where the job asks", id="music"),
        pytest.param({"layer": "speech", "text": "Hello"}, 0.0, "a line", id="speech"),
        pytest.param({"layer": "original"}, 0.0, "a line", id="original"),
    ],
)
def test_how_well_it_fits(more: dict[str, object], score: float, reason: str, maker: TextToAudioMaker):
    fit = maker.can_make(cue(**more))
    assert fit.score == score
    assert reason in fit.reason


def test_makes_music_where_the_job_asks_for_it(folders: dict[str, Path]):
    maker = TextToAudioMaker(card("audioldm2"), folders["audioldm2"], rack(), music=True)
    assert maker.can_make(cue(layer="music")).score == 0.9


def test_a_take_hangs_on_the_weights_and_how_they_are_run(folders: dict[str, Path]):
    def basis(identity: str, running: Running) -> str:
        maker = TextToAudioMaker(card("audioldm2"), folders["audioldm2"], rack(), identity=identity, running=running)
        return maker.can_make(cue()).basis

    assert basis("a@1", FAST) == basis("a@1", Running(steps=2))
    assert len({basis("a@1", FAST), basis("a@2", FAST), basis("a@1", Running()), ""}) == 4


def test_a_take_that_is_given_up_stops(folders: dict[str, Path]):
    asked = []
    maker = TextToAudioMaker(
        card("audioldm2"), folders["audioldm2"], rack(), stop=lambda: bool(asked.append(1)) or len(asked) > 2
    )
    with pytest.raises(Stopped):
        maker.make(cue(), 1)
    assert len(asked) == 3


def test_a_model_that_is_not_there_is_said_once_and_no_longer_offered(tmp_path: Path):
    maker = TextToAudioMaker(card("stable-audio"), tmp_path / "none", rack())
    assert maker.can_make(cue()).score == 0.9
    with pytest.raises(MissingPart, match="models pull"):
        maker.make(cue(), 1)
    assert maker.can_make(cue()).score == 0.0
    assert "models pull" in maker.can_make(cue()).reason


def test_a_wrong_folder_is_said(folders: dict[str, Path]):
    maker = TextToAudioMaker(card("stable-audio"), folders["audioldm2"], rack())
    with pytest.raises(BadModel, match="AudioLDM2Pipeline where a StableAudioPipeline was expected"):
        maker.make(cue(), 1)


def test_a_scheduler_is_checked_at_once(folders: dict[str, Path]):
    with pytest.raises(BadOption, match="cannot use the scheduler"):
        TextToAudioMaker(card("audioldm2"), folders["audioldm2"], rack(), running=Running(scheduler="ping-pong"))


def test_facts_come_from_the_card(maker: TextToAudioMaker):
    facts = maker.facts
    assert (facts.name, facts.method, facts.longest) == ("tiny-stable-audio-3", Method.TEXT_TO_AUDIO, None)
    assert (facts.licence, facts.gathers) == ("CC-BY-NC-SA-4.0", True)


def test_films_share_a_model_and_one_given_up_leaves_the_other_its_take(folders: dict[str, Path]):
    shared, unwanted = rack(), threading.Event()
    wanting = TextToAudioMaker(card("stable-audio-3"), folders["stable-audio-3"], shared, running=FAST)
    leaving = TextToAudioMaker(
        card("stable-audio-3"), folders["stable-audio-3"], shared, running=FAST, stop=unwanted.is_set
    )
    alone = samples(wanting, cue(), 1)
    unwanted.set()
    with ThreadPoolExecutor(2) as pool:
        kept, left = pool.submit(samples, wanting, cue(), 1), pool.submit(samples, leaving, cue(), 2)
        assert np.allclose(kept.result(), alone, atol=1e-4)
        with pytest.raises(Stopped):
            left.result()
    assert shared.names() == ("tiny-stable-audio-3",)
