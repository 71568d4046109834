import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from soundstage.cuesheet import Anchor, Layer, Method, Perspective  # noqa: E402
from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.footage import Footage, Reel  # noqa: E402
from soundstage.networks.rack import Rack  # noqa: E402
from soundstage.synth.canvas import Stopped  # noqa: E402
from soundstage.synth.foleycrafter import FoleyCrafterMaker, Parts  # noqa: E402
from soundstage.weights.catalogue import DATA, read_catalogue  # noqa: E402
from soundstage.weights.shelf import Shelf  # noqa: E402
from tests import documents  # noqa: E402
from tests.footage import write_film  # noqa: E402
from tests.networks.filling import pictures  # noqa: E402
from tests.synth.foleycrafter import models  # noqa: E402

CATALOGUE = read_catalogue(DATA)
CARDS = CATALOGUE.needed(CATALOGUE.card("foleycrafter"))


@pytest.fixture(scope="module")
def shelf(parts, tmp_path_factory):
    """The tiny model's files where the published ones would lie."""
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    places = Parts.on(shelf, CARDS)
    for place, folder in (
        (places.base, parts.base),
        (places.adapters, parts.adapters),
        (places.encoder, parts.encoder),
    ):
        place.symlink_to(folder)
    return shelf


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_film(path, iter(pictures(40, 36, 64).numpy()), fps=10)
    return Footage([Reel(path, 0.0, 4.0)])


@pytest.fixture
def rack():
    return Rack(models.SETTING, None)


def maker_of(shelf, rack, footage=None, **options):
    def quick(parts, setting):
        return models.tiny(parts, setting, scheduler="ddim")

    return FoleyCrafterMaker(CARDS, shelf, rack, footage, **{"load": quick, "steps": 3, **options})


def bark(**changes):
    return documents.cue(
        "bark-1", **{"start": 1.0, "end": 1.6, "layer": Layer.EFFECTS, "label": "dog barking"} | changes
    )


def made(maker, cue, seed=5):
    return np.concatenate(list(maker.make(cue, seed).blocks))


def test_what_it_says_of_itself(shelf, rack):
    facts = maker_of(shelf, rack).facts
    assert (facts.name, facts.method, facts.channels, facts.longest) == (
        "foleycrafter",
        Method.VIDEO_TO_AUDIO,
        1,
        None,
    )
    assert facts.licence == "Apache-2.0 AND CC-BY-NC-SA-4.0"


def test_a_take_lasts_as_long_as_its_cue(shelf, rack, footage):
    sound = made(maker_of(shelf, rack, footage), bark(end=2.234))
    assert sound.shape == (round(1.234 * 48_000), 1)
    assert np.abs(sound).max() > 0.01


def test_pictures_shape_the_sound(shelf, rack, footage):
    seen, unseen = (made(maker_of(shelf, rack, film), bark()) for film in (footage, None))
    assert np.abs(seen - unseen).max() > 1e-3


def test_what_is_off_screen_is_made_from_its_words(shelf, rack, footage):
    cue = bark(perspective=Perspective.OFF_SCREEN)
    np.testing.assert_array_equal(made(maker_of(shelf, rack, footage), cue), made(maker_of(shelf, rack), cue))


def test_anchors_shape_the_sound_without_pictures(shelf, rack):
    maker = maker_of(shelf, rack)
    struck = made(maker, bark(anchors=(Anchor(time=1.3),)))
    assert np.abs(struck - made(maker, bark())).max() > 1e-3


@pytest.mark.parametrize(
    ("changes", "score"),
    [
        ({}, 0.62),
        ({"perspective": Perspective.OFF_SCREEN}, 0.4),
        ({"layer": Layer.AMBIENCE, "label": "rain"}, 0.4),
        ({"layer": Layer.SPEECH, "text": "Hello."}, 0.0),
        ({"layer": Layer.MUSIC, "label": "piano"}, 0.0),
    ],
    ids=["on-screen", "off-screen", "bed", "speech", "music"],
)
def test_it_fits_what_is_seen_best_and_makes_neither_speech_nor_music(shelf, rack, footage, changes, score):
    assert maker_of(shelf, rack, footage).can_make(bark(**changes)).score == score


def test_a_take_hangs_on_weights_and_pictures(shelf, rack, footage):
    seen = maker_of(shelf, rack, footage)
    basis = seen.can_make(bark()).basis
    assert "foleycrafter@" in basis
    assert "auffusion@" in basis
    assert basis == maker_of(shelf, rack, footage).can_make(bark()).basis
    assert basis != seen.can_make(bark(start=2.0, end=2.6)).basis
    assert basis != maker_of(shelf, rack).can_make(bark()).basis


def test_it_can_be_closed_between_steps_and_gives_the_model_back(shelf):
    rack = Rack(models.SETTING, 1)  # so small that another model can only be loaded once this one is given back
    blocks = maker_of(shelf, rack).make(bark(), 1).blocks
    assert [len(next(blocks)) for _ in range(3)] == [0, 0, 0]
    blocks.close()
    with rack.borrow("another", 1, lambda setting: "model") as model:
        assert model == "model"
    assert rack.names() == ("another",)


def test_a_take_that_nobody_wants_any_more_is_given_up(shelf, rack):
    with pytest.raises(Stopped, match="bark-1 was given up"):
        made(maker_of(shelf, rack, stop=lambda: True), bark())


def test_a_model_that_is_not_there_is_offered_no_more(rack, tmp_path):
    maker = maker_of(Shelf(tmp_path), rack)
    assert maker.can_make(bark()).score > 0
    with pytest.raises(MissingPart, match="soundstage models pull"):
        made(maker, bark())
    fit = maker.can_make(bark())
    assert fit.score == 0
    assert "soundstage models pull" in fit.reason


def test_a_damaged_model_is_offered_no_more(shelf, rack, parts, tmp_path):
    damaged = Shelf(tmp_path)
    for card in CARDS:
        (tmp_path / card.name).symlink_to(shelf.place(card).resolve())
    places = Parts.on(damaged, CARDS)
    places.adapters.unlink()
    places.temporal.parent.mkdir()
    places.temporal.write_bytes(b"no checkpoint")
    maker = maker_of(damaged, rack)
    with pytest.raises(BadModel, match=r"temporal_adapter.ckpt is damaged or no checkpoint"):
        made(maker, bark())
    assert "temporal_adapter.ckpt" in maker.can_make(bark()).reason


def test_importing_the_maker_loads_no_network_library():
    code = "import sys, soundstage.synth.foleycrafter; print({'torch', 'diffusers', 'transformers'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "set()"
