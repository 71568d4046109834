from dataclasses import replace

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from soundstage.evaluation.features.at_hand import NEEDED, Sizes, extractors_at_hand  # noqa: E402
from soundstage.evaluation.features.extracting import extract  # noqa: E402
from soundstage.evaluation.features.extractor import Takes  # noqa: E402
from soundstage.evaluation.features.item import WHOLE, legacy  # noqa: E402
from soundstage.evaluation.features.store import ARRAYS, read_cache, write_cache  # noqa: E402
from soundstage.networks import laionclap, msclap, panns, passt, vggish  # noqa: E402
from soundstage.networks.imagebind import embedding  # noqa: E402
from soundstage.networks.imagebind.config import ImageBindConfig, TrunkConfig  # noqa: E402
from soundstage.networks.imagebind.network import ImageBindNetwork  # noqa: E402
from soundstage.networks.synchformer.config import SyncConfig  # noqa: E402
from soundstage.networks.synchformer.network import SyncNet  # noqa: E402
from soundstage.networks.timing import FILE as SYNC_FILE  # noqa: E402
from tests.evaluation.features.conftest import empty_shelf  # noqa: E402
from tests.networks import test_laionclap, test_msclap, test_panns, test_passt, test_vggish  # noqa: E402
from tests.networks.filling import fill  # noqa: E402

SMALL_SYNC = SyncConfig(width=24, heads=3, sight_layers=1, sound_layers=1, joint_layers=1, joint_heads=2, patch=112)
SMALL_BIND = ImageBindConfig(
    embedding=8,
    vision=TrunkConfig(width=16, blocks=1, heads=2),
    audio=TrunkConfig(width=12, blocks=1, heads=3),
    text=TrunkConfig(width=8, blocks=1, heads=2),
    picture=56,
    vocabulary=100,
)
SIZES = Sizes(
    {
        "vggish": test_vggish.TINY,
        "panns-cnn14-16k": test_panns.TINY,
        "passt-s-swa": test_passt.TINY,
        "imagebind-huge": SMALL_BIND,
        "synchformer": SMALL_SYNC,
        "clap-music-speech-audioset": test_laionclap.TINY,
        "ms-clap-2023": test_msclap.TINY,
    }
)
# Of nine seconds: those of the first eight, and of all in two windows.
LEGACY = {
    "vggish": (8, 8),
    "pann_2048": (8,),
    "pann_logits": (5,),
    "passt": (16,),
    "passt_logits": (5,),
    "imagebind_audio": (8,),
    "imagebind_video": (8,),
    "synchformer_audio": (24, 6, 24),
    "synchformer_video": (24, 8, 24),
    "clap_laion_audio": (6,),
    "clap_laion_text": (6,),
    "clap_ms_audio": (6,),
    "clap_ms_text": (6,),
}
IN_WINDOWS = {name: (2, *shape) for name, shape in LEGACY.items() if len(shape) == 1 and "text" not in name}
ALONG = {"vggish": (9, 8), "synchformer_audio": (27, 6, 24), "synchformer_video": (27, 8, 24)}


def put_on_shelf(models):
    """Tiny weights of every model that measures, as they are published."""
    places = {name: models.shelf.place(models.known.card(name)) for name in NEEDED}
    for place in places.values():
        place.mkdir(parents=True)
    for name, file, network in (
        ("vggish", vggish.FILE, vggish.Vggish(test_vggish.TINY)),
        ("panns-cnn14-16k", panns.FILE, panns.Panns(test_panns.TINY)),
        ("passt-s-swa", passt.FILE, passt.Passt(test_passt.TINY)),
        ("imagebind-huge", embedding.FILE, ImageBindNetwork(SMALL_BIND)),
        ("synchformer", SYNC_FILE, SyncNet(SMALL_SYNC)),
    ):
        torch.save(fill(network).state_dict(), places[name] / file)
    test_laionclap.written(places["clap-music-speech-audioset"], fill(laionclap.LaionNetwork(test_laionclap.TINY)))
    test_msclap.written(places["ms-clap-2023"], fill(msclap.MsNetwork(test_msclap.TINY)))


@pytest.fixture(scope="module")
def all_there(tmp_path_factory):
    models = empty_shelf(tmp_path_factory.mktemp("shelf"))
    put_on_shelf(models)
    return extractors_at_hand(models, SIZES)


def shapes(found):
    return {name: array["rising"].shape for name, array in found.features.items()}


def test_nothing_is_loaded_before_it_is_needed(models):
    put_on_shelf(models)
    extractors_at_hand(models, SIZES)
    assert models.rack.names() == ()


def test_the_published_look_gives_the_shapes_of_av_benchmark(all_there, item, tmp_path):
    found = extract([item], all_there.extractors, legacy(8.0))
    assert not found.unread
    assert not found.broken
    assert shapes(found) == LEGACY
    write_cache(tmp_path / "cache", found.features)
    assert {name: array["rising"].shape for name, array in read_cache(tmp_path / "cache").items()} == LEGACY


def test_windows_give_a_row_each(all_there, item):
    found = extract([item], all_there.extractors, WHOLE)
    text = {name: shape for name, shape in LEGACY.items() if "text" in name}
    assert shapes(found) == IN_WINDOWS | ALONG | text


def test_the_first_window_is_what_the_published_look_sees(all_there, item):
    names = ("pann_2048", "passt", "clap_laion_audio", "imagebind_video")
    asked = all_there.giving(*names)
    once, along = (extract([item], asked, view).features for view in (legacy(8.0), WHOLE))
    for name in names:
        assert np.allclose(once[name]["rising"], along[name]["rising"][0], atol=1e-4), name


def test_what_happens_after_the_beginning_is_in_windows_alone(all_there, item, sound, tmp_path):
    samples, rate = soundfile.read(str(sound))
    samples[-rate // 2 :].sort(axis=0)  # another sound of the same mean
    soundfile.write(str(tmp_path / "other.wav"), samples, rate, subtype="FLOAT")
    changed = replace(item, id="changed", sound=tmp_path / "other.wav")
    asked = all_there.giving("passt")
    once, along = (extract([item, changed], asked, view).features["passt"] for view in (legacy(8.0), WHOLE))
    assert np.allclose(once["rising"], once["changed"], atol=1e-4)
    assert np.allclose(along["rising"][0], along["changed"][0], atol=1e-4)
    assert not np.allclose(along["rising"][1], along["changed"][1], atol=1e-2)


def test_picture_and_sound_are_compared(all_there, item):
    found = extract([item], all_there.giving("synchformer_audio", "synchformer_video"), legacy(8.0)).features
    pair = found["synchformer_video"]["rising"], found["synchformer_audio"]["rising"]
    logits = all_there.comparison.logits(*pair, [slice(0, 14), slice(10, 24), slice(0, 5)])
    assert logits.shape == (2, 21)
    assert not np.allclose(logits[0], logits[1])


def test_soundtracks_that_are_too_short_are_named(all_there, item, tmp_path):
    soundfile.write(str(tmp_path / "short.wav"), np.full(4_800, 0.1), 48_000)
    short = replace(item, sound=tmp_path / "short.wav")
    asked = all_there.giving("pann_2048", "synchformer_audio")
    found = extract([short], asked, legacy(8.0))
    assert [unread.extractor for unread in found.unread] == ["PANNs", "Synchformer, sound"]
    assert all("too short" in unread.why for unread in found.unread)


def test_whoever_takes_what_can_be_picked(all_there):
    assert {each.arrays[0] for each in all_there.taking(Takes.FILM)} == {"imagebind_video", "synchformer_video"}
    assert {each.arrays[0] for each in all_there.taking(Takes.WORDS)} == {"clap_laion_text", "clap_ms_text"}
    assert {name for each in all_there.extractors for name in each.arrays} == set(ARRAYS)


def test_models_that_are_not_here_are_left_out_with_how_to_get_them(models):
    found = extractors_at_hand(models, SIZES)
    assert not found.extractors
    assert found.comparison is None
    assert {left.model: left.arrays for left in found.left_out} == NEEDED
    assert all(f"soundstage models pull {left.model}" in left.why for left in found.left_out)


def test_a_model_of_another_size_is_broken_not_wrong(models, item):
    put_on_shelf(models)
    found = extract([item], extractors_at_hand(models).giving("pann_2048"), legacy(8.0))
    assert not found.features
    assert "give the published checkpoint" in found.broken["PANNs"]


def test_sound_that_fills_no_example_of_vggish_gives_none(all_there, item, tmp_path):
    soundfile.write(str(tmp_path / "short.wav"), np.full(24_000, 0.1), 48_000)
    found = extract([replace(item, sound=tmp_path / "short.wav")], all_there.giving("vggish"), legacy(8.0))
    assert found.features["vggish"]["rising"].shape == (0, 8)
