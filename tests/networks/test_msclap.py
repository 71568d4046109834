from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from soundstage.errors import BadModel  # noqa: E402
from soundstage.networks.msclap import FILE, MsClap, MsConfig, MsNetwork, filled  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402
from tests.networks.htsats import HEARING, published, write_words  # noqa: E402

TINY = MsConfig(hearing=replace(HEARING, hop=1280), words=40, width=16, layers=1, heads=2, joint=6, places=32)
ON_CPU = Setting(torch.device("cpu"), torch.float32)


def written(folder, network, **more):
    """A checkpoint of floats alone, with the masks of an older GPT-2, and a tokenizer beside it."""
    weights = published(network.state_dict(), "audio_encoder.base.htsat.")
    weights = {name: value for name, value in weights.items() if value.is_floating_point()}
    weights |= {"logit_scale": torch.zeros(()), "caption_encoder.base.h.0.attn.bias": torch.ones(1, 1, 8, 8), **more}
    torch.save({"model": weights}, folder / FILE)
    write_words(folder, ["!", "<|endoftext|>"])
    return folder


@pytest.fixture(scope="module")
def network():
    return fill(MsNetwork(TINY))


@pytest.fixture(scope="module")
def clap(network, tmp_path_factory):
    return MsClap.load(written(tmp_path_factory.mktemp("ms"), network), ON_CPU, TINY)


def test_sounds_get_the_recorded_embeddings(network):
    found = network.sounds(noise(2, 308_700) * 0.3)
    assert found[1].tolist() == pytest.approx([1.6368, -1.4355, 0.2282, 0.1003, -0.8578, 0.1061], abs=1e-3)


def test_words_get_the_recorded_embeddings(network):
    found = network.texts(torch.tensor([[5, 6, 0, 7]]))
    assert found[0].tolist() == pytest.approx([-1.2786, 0.2741, 0.0920, 1.3694, 0.7784, -1.2959], abs=1e-3)


def test_a_checkpoint_is_read_under_its_publishers_names(clap, network):
    sound = noise(1, 308_700)
    assert torch.equal(clap.sounds(sound), network.sounds(sound))


def test_words_end_with_the_mark_of_the_end(clap, network):
    letters = [2 + ord(letter) - ord("a") for letter in "rain"]
    assert torch.equal(clap.texts(["rain"]), network.texts(torch.tensor([[*letters, 28, 1]])))


def test_an_exclamation_mark_counts_as_nothing_as_published(network):
    """The state that is read then lies one token before the last, which no longer matters."""
    found = [network.texts(torch.tensor([[5, 0, 6, last]])) for last in (7, 9)]
    assert torch.allclose(*found, atol=1e-6)
    assert not torch.allclose(*(network.texts(torch.tensor([[5, 8, 6, last]])) for last in (7, 9)), atol=1e-3)


def test_texts_are_read_each_for_itself(clap):
    together = clap.texts(["rain on a roof", "dog"])
    assert torch.equal(together[1:], clap.texts(["dog"]))


def test_a_text_that_is_too_long_is_cut(clap):
    assert torch.equal(clap.texts(["a" * 40]), clap.texts(["a" * 60]))


def test_what_is_short_is_repeated_until_it_is_full():
    assert filled(torch.tensor([[1.0, 2.0, 3.0]]), 8).tolist() == [[1, 2, 3, 1, 2, 3, 1, 2]]


def test_of_what_is_long_the_beginning_is_heard():
    assert filled(torch.tensor([[1.0, 2.0, 3.0]]), 2).tolist() == [[1, 2]]


def test_another_model_is_refused(tmp_path, network):
    with pytest.raises(BadModel, match=r"h\.1\.ln_1\.bias"):
        MsClap.load(written(tmp_path, network, **{"caption_encoder.base.h.1.ln_1.bias": torch.zeros(16)}), ON_CPU, TINY)
