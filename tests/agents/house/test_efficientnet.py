import numpy as np
import onnxruntime
import pytest
from onnx import helper
from PIL import Image

from soundstage.agents.house import efficientnet
from soundstage.agents.house.efficientnet import build_graph, class_names, classify, pixels_of
from soundstage.agents.house.torchfile import read_weights


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache folder of the test's own, and no session kept from before."""
    monkeypatch.setattr(efficientnet.platformdirs, "user_cache_path", lambda app: tmp_path / "cache")
    efficientnet._cached_session.cache_clear()
    yield tmp_path / "cache"
    efficientnet._cached_session.cache_clear()


def top(picture, count=5):
    row = classify([picture])[0]
    return [class_names()[index] for index in np.argsort(-row)[:count]]


def test_there_are_a_thousand_class_names():
    assert len(class_names()) == 1000
    assert (class_names()[0], class_names()[207], class_names()[999]) == ("tench", "golden retriever", "toilet tissue")


def test_portrait_in_uniform_is_named(portrait):
    assert "military uniform" in top(portrait)


def test_man_in_a_suit_is_named(frames):
    assert {"suit", "Windsor tie"} <= set(top(frames("carphone_pristine", 25)[0], 4))


def test_probabilities_sum_to_one(frames):
    np.testing.assert_allclose(classify(frames("bikes", 200, 225)).sum(axis=1), 1, atol=1e-5)


def test_unreadable_picture_says_nothing(tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    np.testing.assert_allclose(classify([broken]), 1 / 1000)


def test_cache_is_written_once_and_read_back(own_cache, portrait):
    first = classify([portrait])
    kept = list(own_cache.iterdir())
    efficientnet._cached_session.cache_clear()
    np.testing.assert_array_equal(classify([portrait]), first)
    assert [path.suffix for path in kept] == [".onnx"]


@pytest.mark.parametrize("damage", [lambda data: data[:1000], lambda data: data[:-1] + b"?", lambda data: b""])
def test_damaged_cache_is_built_again(own_cache, portrait, damage):
    whole = classify([portrait])
    (kept,) = own_cache.iterdir()
    kept.write_bytes(damage(kept.read_bytes()))
    efficientnet._cached_session.cache_clear()
    np.testing.assert_array_equal(classify([portrait]), whole)


def test_cache_that_cannot_be_written_does_not_matter(own_cache, portrait):
    own_cache.write_text("a file where the folder should be")
    assert "military uniform" in top(portrait)


def test_activations_lie_where_training_left_them(frames, portrait):
    """Batch normalisation knows each layer's mean over ImageNet: a wrong padding, stride or scale of pixels shows."""
    weights = read_weights(efficientnet._weights_file())
    model = build_graph(weights)
    layers = [node.output[0] for node in model.graph.node if node.op_type == "Conv"]
    model.graph.output.extend(helper.make_empty_tensor_value_info(layer) for layer in layers)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    pictures = [portrait, *frames("bikes", 25, 75, 125, 175, 225), *frames("bigbuckbunny", 50)]
    seen = session.run(layers, {"picture": np.stack([pixels_of(Image.open(path)) for path in pictures])})
    inner = [name.removesuffix(".bias") for name in weights if "blocks" in name and name.endswith(".bias")]
    norms = ["_bn0", *inner, "_bn1"]
    assert len(norms) == len(layers)
    for norm, values in zip(norms[:-1], seen[:-1], strict=True):
        if norm.endswith("_bn2"):
            continue  # what narrows is centred on about zero and tells nothing
        likeness = np.corrcoef(values.mean(axis=(0, 2, 3)), weights[f"{norm}.bias"])[0, 1]
        assert likeness > 0.85, norm
