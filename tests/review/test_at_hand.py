import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from soundstage.knowledge.base import knowledge
from soundstage.review.at_hand import ears_at_hand
from soundstage.review.hearing import listen
from soundstage.weights.card import Does, Licence, ModelCard, ModelFile
from soundstage.weights.catalogue import Catalogue, catalogue
from soundstage.weights.shelf import Shelf
from tests.documents import cue
from tests.review.ears import Flashes
from tests.review.sounds import noise, write

torch = pytest.importorskip("torch")

from soundstage.networks.rack import Rack, Setting  # noqa: E402

FREE, RESTRICTED = Licence("Apache-2.0", commercial=True), Licence("CC-BY-NC-4.0", commercial=False)
RAIN = knowledge().find("raining")


def card(family, file, licence=FREE, size=1):
    return ModelCard(
        name=f"{family}-{size}",
        family=family,
        does=Does.LISTENING,
        says="listens",
        licence=licence,
        page="https://example.org",
        commercial=licence.commercial,
        files=(ModelFile(path=file, url="https://example.org/file"),),
        memory=size,
    )


CARDS = Catalogue(
    [
        card("clap", "config.json"),
        card("clap", "config.json", size=2),
        card("synchformer", "synchformer_state_dict.pth", RESTRICTED),
        card("imagebind", "imagebind_huge.pth", RESTRICTED),
    ]
)


def shelf(folder: Path, *names: str) -> Shelf:
    """A shelf on which these models' files lie, with nothing sensible in them."""
    made = Shelf(folder)
    for name in names:
        place = made.place(CARDS.card(name))
        place.mkdir(parents=True)
        (place / CARDS.card(name).files[0].path).write_bytes(b"nothing sensible")
    return made


def rack() -> Rack:
    return Rack(Setting(torch.device("cpu"), torch.float32))


def names(*models: str, folder: Path, footage=None, commercial=False) -> list[str]:
    return [ear.name for ear in ears_at_hand(CARDS, shelf(folder, *models), rack(), footage, commercial)]


def test_without_models_nobody_listens(tmp_path: Path):
    assert names(folder=tmp_path, footage=Flashes()) == []


def test_each_model_is_an_ear(tmp_path: Path):
    found = names("clap-1", "synchformer-1", "imagebind-1", folder=tmp_path, footage=Flashes())
    assert found == ["meaning", "sync", "pairing"]


def test_without_footage_only_the_meaning_is_judged(tmp_path: Path):
    assert names("clap-1", "synchformer-1", "imagebind-1", folder=tmp_path) == ["meaning"]


def test_for_commercial_use_only_free_models_listen(tmp_path: Path):
    found = names("clap-1", "synchformer-1", "imagebind-1", folder=tmp_path, footage=Flashes(), commercial=True)
    assert found == ["meaning"]


def test_the_larger_of_two_is_asked(tmp_path: Path):
    (ear,) = ears_at_hand(CARDS, shelf(tmp_path, "clap-1", "clap-2"), rack(), None)
    assert ear.basis(cue()).startswith("clap-2")


def test_the_catalogue_has_a_model_for_every_ear():
    assert all(catalogue().of_family(family) for family in ("clap", "synchformer", "imagebind"))


def test_a_real_model_judges_a_take(tmp_path: Path):
    pytest.importorskip("transformers")
    from tests.networks.claps import written

    made = shelf(tmp_path, "clap-1")
    written(made.place(CARDS.card("clap-1")))
    take = write(tmp_path / "take.flac", noise(3, 0.1))
    heard = listen(take, cue(end=3.0), RAIN, ears_at_hand(CARDS, made, rack(), None))
    score, reason = heard.scores["meaning"]
    assert 0 < score < 1
    assert "'rain'" in reason


@pytest.mark.parametrize("model", ["clap-1", "synchformer-1", "imagebind-1"])
def test_a_damaged_model_is_told_once_and_takes_are_judged_without_it(tmp_path: Path, model: str):
    ears = ears_at_hand(CARDS, shelf(tmp_path, model), rack(), Flashes((1.0,)))
    take = write(tmp_path / "take.flac", noise(3, 0.1))
    dog, barking = cue(end=3.0, layer="effects", label="dog barking"), knowledge().find("dog barking")
    with capture_logs() as logs:
        heard = [listen(take, dog, barking, ears) for _ in range(2)]
    assert [hearing.scores.keys() & {"meaning", "sync", "pairing"} for hearing in heard] == [set(), set()]
    assert len([line for line in logs if "ear" in line]) == 1


def test_listening_by_the_checks_alone_never_loads_torch():
    code = "import sys, soundstage.review.hearing, soundstage.review.at_hand; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
