"""The rack: models loaded when they are wanted, kept while there is room, and disabled when they cannot be."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.rack import Rack, Setting  # noqa: E402

_HERE = Setting(torch.device("cpu"), torch.float32)


class _Loader:
    """Loads models that are their own names, and counts how often."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def borrow(self, rack: Rack, name: str, size: int = 1) -> None:
        with rack.borrow(name, size, lambda setting: self._load(name)) as model:
            assert model == name

    def _load(self, name: str) -> str:
        self.loaded.append(name)
        return name


def test_a_model_is_loaded_once() -> None:
    rack, loader = Rack(_HERE), _Loader()

    for _ in range(3):
        loader.borrow(rack, "a")

    assert loader.loaded == ["a"]


def test_it_is_loaded_to_where_the_rack_stands() -> None:
    with Rack(_HERE).borrow("a", 1, lambda setting: setting) as found:
        assert found == _HERE


def test_many_who_want_it_at_once_load_it_once() -> None:
    rack, loader = Rack(_HERE), _Loader()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: loader.borrow(rack, "a"), range(32)))

    assert loader.loaded == ["a"]


def test_the_longest_unused_goes_out_when_room_is_wanted() -> None:
    rack, loader = Rack(_HERE, budget=2), _Loader()

    for name in ("a", "b", "a", "c"):
        loader.borrow(rack, name)

    assert rack.names() == ("a", "c")


def test_one_larger_than_the_budget_is_loaded_alone() -> None:
    rack, loader = Rack(_HERE, budget=2), _Loader()
    loader.borrow(rack, "a")

    loader.borrow(rack, "large", size=5)

    assert rack.names() == ("large",)


def test_whoever_finds_no_room_waits_until_a_model_is_given_back() -> None:
    rack, loader = Rack(_HERE, budget=1), _Loader()
    begun = threading.Event()

    with ThreadPoolExecutor(1) as pool:
        with rack.borrow("a", 1, lambda setting: "a"):
            waiting = pool.submit(lambda: (begun.set(), loader.borrow(rack, "b")))
            assert begun.wait(5)
            assert loader.loaded == []
        waiting.result(5)

    assert rack.names() == ("b",)


@pytest.mark.parametrize("problem", [BadModel("It is damaged."), MissingPart("It is not there.")], ids=lambda p: p.kind)
def test_a_model_that_cannot_be_loaded_is_disabled(problem: BadModel | MissingPart) -> None:
    rack, tries = Rack(_HERE), []

    def load(setting: Setting) -> str:
        tries.append(setting)
        raise problem

    for _ in range(2):
        with pytest.raises(type(problem), match=str(problem)), rack.borrow("a", 1, load):
            pass

    assert len(tries) == 1
    assert rack.obstacle("a") == str(problem)
    assert rack.problems() == (str(problem),)


def test_one_too_large_for_the_device_says_so() -> None:
    def load(setting: Setting) -> str:
        raise torch.OutOfMemoryError("no room")

    with pytest.raises(BadModel, match="a does not fit into the memory"), Rack(_HERE).borrow("a", 1, load):
        pass


def test_a_disabled_model_takes_no_room() -> None:
    rack, loader = Rack(_HERE, budget=1), _Loader()

    def load(setting: Setting) -> str:
        raise BadModel("It is damaged.")

    with pytest.raises(BadModel), rack.borrow("bad", 1, load):
        pass
    loader.borrow(rack, "a")

    assert rack.names() == ("a",)


def test_where_there_is_no_memory_others_go_out_first() -> None:
    rack, loader = Rack(_HERE), _Loader()
    loader.borrow(rack, "idle")

    def load(setting: Setting) -> str:
        if "idle" in rack.names():
            raise torch.OutOfMemoryError("no room")
        return "large"

    with rack.borrow("large", 1, load) as model:
        assert model == "large"
    assert rack.names() == ("large",)


def test_a_model_of_other_files_is_loaded_again_and_the_former_goes_out() -> None:
    rack, loads = Rack(_HERE), []

    def load(setting: Setting) -> str:
        loads.append(setting)
        if len(loads) == 1:
            raise BadModel("It is damaged.")
        return "model"

    with pytest.raises(BadModel), rack.borrow("a", 1, load, "damaged"):
        pass
    for state in ("mended", "mended", "newer"):
        with rack.borrow("a", 1, load, state):
            assert rack.obstacle("a", state) is None

    assert rack.obstacle("a", "damaged") == "It is damaged."
    assert (len(loads), rack.names()) == (3, ("a",))


def test_weights_take_twice_as_much_in_single_precision() -> None:
    assert _HERE.size(100) == 200
    assert Setting(_HERE.device, torch.bfloat16).size(100) == 100
