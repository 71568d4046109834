import numpy as np
import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadBench  # noqa: E402
from soundstage.evaluation.features.store import ARRAYS, read_cache, write_cache  # noqa: E402

SHAPES = {
    "pann_2048": (2048,),
    "pann_logits": (527,),
    "vggish": (8, 128),
    "passt": (768,),
    "passt_logits": (527,),
    "imagebind_audio": (1024,),
    "imagebind_video": (1024,),
    "synchformer_audio": (24, 6, 768),
    "synchformer_video": (24, 8, 768),
    "clap_laion_audio": (512,),
    "clap_laion_text": (512,),
    "clap_ms_audio": (1024,),
    "clap_ms_text": (1024,),
}


def made(*names, items=("b", "a")):
    """Arrays of numbers that differ from each other."""
    return {
        name: {item: np.full(SHAPES[name], number, np.float32) for number, item in enumerate(items)} for name in names
    }


def test_all_arrays_come_back(tmp_path):
    features = made(*ARRAYS)
    write_cache(tmp_path, features)
    found = read_cache(tmp_path)
    assert {name: {item: array.shape for item, array in of.items()} for name, of in found.items()} == {
        name: dict.fromkeys("ba", shape) for name, shape in SHAPES.items()
    }
    assert all(np.array_equal(found[name][item], features[name][item]) for name in found for item in "ab")


def test_files_are_av_benchmarks(tmp_path):
    """What its evaluation reads: torch files that hold tensors by stem, those of PANNs by name below that."""
    write_cache(tmp_path, made("pann_2048", "pann_logits", "vggish"))
    assert {path.name for path in tmp_path.iterdir()} == {"pann_features.pth", "vggish_features.pth"}
    held = torch.load(tmp_path / "pann_features.pth", weights_only=True)
    assert list(held) == ["b", "a"]
    assert {key: tuple(value.shape) for key, value in held["a"].items()} == {"2048": (2048,), "logits": (527,)}
    pooled = torch.cat(list(torch.load(tmp_path / "vggish_features.pth", weights_only=True).values()))
    assert pooled.shape == (16, 128)


def test_what_av_benchmark_wrote_is_read(tmp_path):
    whole = torch.arange(3 * 768.0).view(3, 768)
    torch.save({"x": whole[1]}, tmp_path / "passt_features_embed.pth")  # a view, as it saves them
    torch.save({"x": {"2048": torch.ones(2048), "logits": torch.zeros(527), "clipwise_output": torch.zeros(527)}},
               tmp_path / "pann_features.pth")  # fmt: skip
    found = read_cache(tmp_path)
    assert set(found) == {"passt", "pann_2048", "pann_logits"}
    assert found["passt"]["x"][0] == 768


def test_items_without_all_of_a_files_arrays_are_left_out(tmp_path):
    features = made("pann_2048", "pann_logits")
    del features["pann_logits"]["a"]
    write_cache(tmp_path, features)
    assert set(read_cache(tmp_path)["pann_2048"]) == {"b"}


def test_half_of_a_file_is_not_written(tmp_path):
    write_cache(tmp_path, made("pann_2048"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", [pytest.param(b"", id="empty"), pytest.param(b"not a torch file", id="something else")]
)
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "passt_logits.pth").write_bytes(content)
    with pytest.raises(BadBench, match=r"passt_logits\.pth is damaged"):
        read_cache(tmp_path)


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(torch.ones(2), id="one tensor"),
        pytest.param({"x": "words"}, id="words"),
        pytest.param({"x": {"2048": torch.ones(2)}}, id="a part missing"),
    ],
)
def test_a_file_of_something_else_is_named(tmp_path, held):
    torch.save(held, tmp_path / "pann_features.pth")
    with pytest.raises(BadBench, match=r"pann_features\.pth"):
        read_cache(tmp_path)
