import threading
from dataclasses import replace

import numpy as np
import pytest

from soundstage.errors import BadModel, BadSound
from soundstage.evaluation.features.extracting import Unread, extract
from soundstage.evaluation.features.extractor import Takes
from soundstage.evaluation.features.item import WHOLE, Item, legacy
from soundstage.evaluation.features.kept import Kept, key_of


class Size:
    """How large a file is; one that is empty cannot be read."""

    name, takes, arrays, identity = "Size", Takes.SOUND, ("size",), "1"

    def __init__(self, **changes):
        self.asked = []
        self.__dict__ |= changes

    def features(self, item, view):
        self.asked.append(item.id)
        size = item.sound.stat().st_size
        if not size:
            raise BadSound(f"{item.sound} is empty.")
        return {"size": np.array([size], np.float32)}


class Broken(Size):
    """Has no weights."""

    name = "Broken"

    def features(self, item, view):
        self.asked.append(item.id)
        raise BadModel("weights.pt is damaged; fetch it again.")


@pytest.fixture
def items(tmp_path):
    """Files of 3, 0, 1 and 2 bytes."""
    found = []
    for name, size in (("c", 3), ("none", 0), ("a", 1), ("b", 2)):
        path = tmp_path / f"{name}.wav"
        path.write_bytes(b"x" * size)
        found.append(Item(name, 1.0, path))
    return found


def test_items_keep_their_order_whichever_is_done_first(items):
    found = extract(items, [Size()], WHOLE, jobs=3)
    assert {item: float(array[0]) for item, array in found.features["size"].items()} == {"c": 3, "a": 1, "b": 2}
    assert list(found.features["size"]) == ["c", "a", "b"]


def test_what_cannot_be_read_is_named_and_nothing_stands_in_for_it(items, tmp_path):
    found = extract(items, [Size()], WHOLE)
    assert found.unread == [Unread("Size", "none", f"{tmp_path / 'none.wav'} is empty.")]
    assert "none" not in found.features["size"]


def test_whatever_a_file_makes_a_decoder_raise_stops_no_other(items):
    class Odd(Size):
        def features(self, item, view):
            if item.id == "a":
                raise RuntimeError("stft input and window must be on the same device")
            return super().features(item, view)

    found = extract(items, [Odd()], WHOLE)
    assert list(found.features["size"]) == ["c", "b"]
    assert {unread.item for unread in found.unread} == {"none", "a"}


def test_a_broken_network_is_told_once_and_the_others_go_on(items):
    broken = Broken()
    found = extract(items, [broken, Size(arrays=("size",))], WHOLE, jobs=1)
    assert found.broken == {"Broken": "weights.pt is damaged; fetch it again."}
    assert broken.asked == ["c"]
    assert len(found.features["size"]) == 3


def test_progress_is_told_from_the_callers_thread(items):
    told = []
    extract(items, [Size()], WHOLE, on_progress=lambda progress: told.append((progress, threading.current_thread())))
    assert [progress.done for progress, _ in told] == [1, 2, 3, 4]
    assert {(progress.extractor, progress.of) for progress, _ in told} == {("Size", 4)}
    assert {progress.item for progress, _ in told} == {"a", "b", "c", "none"}
    assert {thread for _, thread in told} == {threading.current_thread()}


def test_it_stops_when_asked_and_goes_on_from_there(items, tmp_path):
    kept, size = Kept(tmp_path / "kept"), Size()
    first = extract(items, [size], WHOLE, kept, jobs=1, stopped=lambda: len(size.asked) == 2)
    assert list(first.features["size"]) == ["c"]
    again = Size()
    assert list(extract(items, [again], WHOLE, kept).features["size"]) == ["c", "a", "b"]
    assert sorted(again.asked) == ["a", "b", "none"]


def test_what_was_extracted_before_is_not_extracted_again(items, tmp_path):
    kept = Kept(tmp_path / "kept")
    before = extract(items, [Size()], WHOLE, kept)
    again = Size()
    found = extract(items, [again], WHOLE, kept)
    assert again.asked == ["none"]
    assert found.features["size"] == before.features["size"]


def test_a_damaged_file_of_features_is_extracted_again(items, tmp_path):
    extract(items, [Size()], WHOLE, Kept(tmp_path / "kept"))
    for path in (tmp_path / "kept").rglob("*.npz"):
        path.write_bytes(path.read_bytes()[:40])
    again = Size()
    assert len(extract(items, [again], WHOLE, Kept(tmp_path / "kept")).features["size"]) == 3
    assert sorted(again.asked) == ["a", "b", "c", "none"]


def test_only_items_that_have_what_is_taken_are_asked_for(items):
    words = Size(takes=Takes.WORDS)
    extract([replace(items[0], words="rain"), items[2]], [words], WHOLE)
    assert words.asked == ["c"]


def test_features_are_kept_by_content_not_by_name(items, tmp_path):
    renamed = tmp_path / "other.wav"
    renamed.write_bytes(items[0].sound.read_bytes())
    assert key_of(replace(items[0], id="other", sound=renamed), Size(), WHOLE) == key_of(items[0], Size(), WHOLE)


@pytest.mark.parametrize(
    ("extractor", "view"),
    [
        pytest.param(Size(identity="2"), WHOLE, id="other weights"),
        pytest.param(Size(name="Length"), WHOLE, id="another extractor"),
        pytest.param(Size(), legacy(8), id="another view"),
        pytest.param(Size(), legacy(10), id="more of it"),
        pytest.param(Size(takes=Takes.FILM), WHOLE, id="another part"),
    ],
)
def test_features_are_kept_by_what_extracted_them(items, extractor, view):
    keys = {key_of(items[0], Size(), WHOLE), key_of(items[0], Size(), legacy(9)), key_of(items[0], extractor, view)}
    assert len(keys) == 3


def test_another_content_under_the_same_name_is_another(items):
    before = key_of(items[0], Size(), WHOLE)
    items[0].sound.write_bytes(b"something else")
    assert key_of(items[0], Size(), WHOLE) != before
