"""MMAudio among the makers: what it offers for, what it makes, and what happens when it cannot."""

import threading
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from soundstage.cuesheet import Cue, Layer, Perspective  # noqa: E402
from soundstage.errors import BadModel  # noqa: E402
from soundstage.rendering import RenderOptions, Stage  # noqa: E402
from soundstage.sound import frames_of  # noqa: E402
from soundstage.synth.canvas import Stopped  # noqa: E402
from soundstage.synth.mmaudio import stages  # noqa: E402
from soundstage.synth.mmaudio.engine import Engine  # noqa: E402
from soundstage.synth.mmaudio.maker import MMAudioMaker, open_engine  # noqa: E402
from soundstage.synth.procedural import ProceduralMaker  # noqa: E402
from soundstage.weights.catalogue import DATA, read_catalogue  # noqa: E402
from soundstage.weights.shelf import Shelf  # noqa: E402
from tests.synth.mmaudio import tiny  # noqa: E402

BOOK = read_catalogue(DATA)


def cards_of(name: str = "mmaudio-large-44k-v2"):
    return BOOK.needed(BOOK.card(name))


def a_cue(**fields) -> Cue:
    told = {"id": "dog", "layer": Layer.EFFECTS, "label": "dog barking", "start": 2.0, "end": 3.1, "level": -26.0}
    return Cue(**{**told, **fields})


BARK = a_cue()
OFF_SCREEN = a_cue(perspective=Perspective.OFF_SCREEN)
BED = a_cue(layer=Layer.AMBIENCE, label="rain")


@pytest.fixture(scope="module")
def engine(tiny_model) -> Engine:
    return tiny.new_engine(tiny_model)


@pytest.fixture(scope="module")
def maker(engine, tiny_footage) -> MMAudioMaker:
    return MMAudioMaker(cards_of(), engine, tiny_footage, identity="weights")


def sound_of(maker: MMAudioMaker, cue: Cue, seed: int) -> np.ndarray:
    return np.concatenate(list(maker.make(cue, seed).blocks))


@pytest.mark.parametrize(
    ("cue", "reason"),
    [
        pytest.param(BARK, "on screen, seen from 2.0 s", id="on-screen"),
        pytest.param(OFF_SCREEN, "off the screen, by words alone", id="off-screen"),
        pytest.param(BED, "a bed, by words alone", id="bed"),
    ],
)
def test_it_says_why_it_fits(maker, cue, reason) -> None:
    fit = maker.can_make(cue)

    assert fit.score > 0
    assert fit.reason == reason
    assert fit.basis.startswith("weights, 4 steps, guidance 4.5")


def test_it_fits_best_where_it_sees(maker, engine) -> None:
    seen, unseen = maker.can_make(BARK), maker.can_make(OFF_SCREEN)
    blind = MMAudioMaker(cards_of(), engine).can_make(BARK)

    assert seen.score > unseen.score > blind.score > 0
    assert blind.reason == "by words alone, for there are no pictures"


@pytest.mark.parametrize(
    "cue",
    [
        pytest.param(a_cue(layer=Layer.SPEECH, label="speech", text="Sit!"), id="speech"),
        pytest.param(a_cue(layer=Layer.MUSIC, label="music"), id="music"),
        pytest.param(a_cue(layer=Layer.ORIGINAL, label="original"), id="original"),
    ],
)
def test_it_makes_no_speech_and_no_music(maker, cue) -> None:
    assert maker.can_make(cue).score == 0


def test_a_take_hangs_on_the_pictures_it_is_shown_only_if_it_is(maker) -> None:
    later = {"start": 5.0, "end": 6.1}

    assert maker.can_make(BARK).basis != maker.can_make(a_cue(**later)).basis
    assert maker.can_make(OFF_SCREEN).basis == maker.can_make(OFF_SCREEN.model_copy(update=later)).basis


@pytest.mark.parametrize(
    "cue", [BARK, OFF_SCREEN, BED, a_cue(end=2.1), a_cue(end=11.7)], ids=["seen", "unseen", "bed", "short", "long"]
)
def test_a_sound_lasts_to_the_frame(maker, cue) -> None:
    rendering = maker.make(cue, 7)
    sound = np.concatenate(list(rendering.blocks))

    assert rendering.channels == 1
    assert sound.shape == (frames_of(cue.duration), 1)
    assert np.abs(sound).max() > 0.01


def test_a_sound_names_the_models_and_their_licences(maker) -> None:
    rendering = maker.make(BARK, 7)

    assert "mmaudio-large-44k-v2 (CC-BY-NC-4.0)" in rendering.sources
    assert "CC-BY-NC-4.0" in rendering.licence


def test_the_same_seed_gives_the_same_samples(maker) -> None:
    first = sound_of(maker, BARK, 7)

    np.testing.assert_array_equal(first, sound_of(maker, BARK, 7))
    assert np.abs(first - sound_of(maker, BARK, 8)).max() > 1e-3


def test_it_is_given_up_within_a_step(engine, tiny_footage, monkeypatch) -> None:
    stop, passes = threading.Event(), list[int]()
    work = stages.Velocities.__call__

    def stopping(self, items):
        passes.append(len(items))
        stop.set()
        return work(self, items)

    monkeypatch.setattr(stages.Velocities, "__call__", stopping)
    maker = MMAudioMaker(cards_of(), tiny.new_engine(engine.model), tiny_footage, stop=stop.is_set)

    with pytest.raises(Stopped):
        sound_of(maker, BARK, 7)
    assert passes == [1]


def test_a_damaged_model_is_declined_and_the_next_best_serves(tmp_path, tiny_footage) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "takes").mkdir()
    model = tiny.write_model(tmp_path / "model")
    model.files.network.write_bytes(b"no checkpoint")
    maker = MMAudioMaker(cards_of(), tiny.new_engine(model), tiny_footage)
    stage = Stage([maker, ProceduralMaker()], tmp_path / "takes", RenderOptions(candidates=1))

    take = stage.render([BARK], lambda done: None).takes["dog"]

    assert take.maker == "procedural"
    assert "mmaudio_tiny.pth is damaged or no checkpoint" in take.choice
    declined = maker.can_make(BARK)
    assert (declined.score, "mmaudio_tiny.pth" in declined.reason) == (0, True)


@pytest.mark.parametrize(
    ("name", "network", "autoencoder", "vocoder"),
    [
        ("mmaudio-small-16k", "mmaudio_small_16k.pth", "v1-16.pth", "best_netG.pt"),
        ("mmaudio-large-44k-v2", "mmaudio_large_44k_v2.pth", "v1-44.pth", "bigvgan_generator.pt"),
    ],
)
def test_an_engine_finds_the_published_files(tmp_path: Path, name, network, autoencoder, vocoder) -> None:
    shelf = Shelf(tmp_path)

    model = open_engine(cards_of(name), shelf, tiny.new_rack()).model

    assert model.variant.name == network.removeprefix("mmaudio_").removesuffix(".pth")
    assert model.files.network == tmp_path / name / network
    assert (model.files.autoencoder.name, model.files.vocoder.name) == (autoencoder, vocoder)
    assert model.files.synchformer == tmp_path / "synchformer" / "synchformer_state_dict.pth"
    assert model.files.clip == tmp_path / "clip-dfn5b-h14-384"


def test_a_card_of_no_known_variant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=r"lacks bigvgan, clip"):
        open_engine(cards_of()[-1:], Shelf(tmp_path), tiny.new_rack())
