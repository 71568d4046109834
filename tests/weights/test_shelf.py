from pathlib import Path

import pytest

from soundstage.errors import BadModel, BadOption, MissingPart, StorageError
from soundstage.weights import licences
from soundstage.weights.card import ModelCard, Repository
from soundstage.weights.gathering import gather
from soundstage.weights.record import Record
from soundstage.weights.shelf import Shelf, state_of
from soundstage.weights.verifying import State, verify
from tests.weights.conftest import CONTENT, Card

REPOSITORY = Repository("studio/tiny", ("model_index.json", "unet/*"))


def take(shelf: Shelf, folder: Path, *cards: ModelCard) -> None:
    licences.accept(shelf, cards, sorted({card.licence.name for card in cards}))
    gather(cards, folder, shelf, lambda *_: None)


def put(folder: Path, **files: bytes) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("whisperer_dot_pth", id="at its path"),
        pytest.param("whisperer__whisperer_dot_pth", id="in a folder of its name"),
        pytest.param("ext_weights__whisperer_dot_pth", id="anywhere below"),
    ],
)
def test_takes_a_file_from_a_folder(tmp_path: Path, shelf: Shelf, card: Card, place: str):
    tiny = card()
    take(shelf, put(tmp_path / "offline", **{place: CONTENT}), tiny)
    assert (shelf.demand(tiny) / "whisperer.pth").read_bytes() == CONTENT


def test_taking_from_a_folder_needs_the_licence_too(tmp_path: Path, shelf: Shelf, card: Card):
    with pytest.raises(BadOption, match="--accept-licence"):
        gather([card()], put(tmp_path, whisperer_dot_pth=CONTENT), shelf, lambda *_: None)


def test_takes_nothing_that_is_not_what_was_published(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card()
    with pytest.raises(BadModel, match="MD5"):
        take(shelf, put(tmp_path / "offline", whisperer_dot_pth=CONTENT[::-1]), tiny)
    assert not shelf.has(tiny)


def test_says_what_a_folder_lacks(tmp_path: Path, shelf: Shelf, card: Card):
    with pytest.raises(MissingPart, match=r"whisperer\.pth of whisperer is not in"):
        take(shelf, put(tmp_path / "offline", other=b""), card())


def test_another_shelf_serves_as_a_folder(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card(repository=REPOSITORY)
    take(shelf, put(tmp_path / "offline", model_index_dot_json=b"{}", unet__model_dot_bin=CONTENT), tiny)
    second = Shelf(tmp_path / "second")
    take(second, shelf.folder, tiny)
    assert second.identity(tiny) == shelf.identity(tiny)


def test_a_shelf_whose_files_changed_is_not_taken_from(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card(repository=REPOSITORY)
    take(shelf, put(tmp_path / "offline", model_index_dot_json=b"{}", unet__model_dot_bin=CONTENT), tiny)
    changed = shelf.place(tiny) / "unet" / "model.bin"
    changed.unlink()
    changed.write_bytes(CONTENT[::-1])
    with pytest.raises(BadModel, match="changed since"):
        take(Shelf(tmp_path / "second"), shelf.folder, tiny)


def test_uses_a_folder_where_it_is(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card(repository=REPOSITORY)
    own = put(tmp_path / "mine", model_index_dot_json=b"{}", unet__model_dot_bin=CONTENT)
    shelf.use(tiny, own)
    assert shelf.demand(tiny) == own
    assert {one.state for one in verify(tiny, shelf)} == {State.OK}


def test_removing_leaves_the_users_folder_alone(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card(repository=REPOSITORY)
    own = put(tmp_path / "mine", model_index_dot_json=b"{}", unet__model_dot_bin=CONTENT)
    shelf.use(tiny, own)
    assert shelf.remove(tiny) == 0
    assert (own / "model_index.json").is_file()
    assert not shelf.has(tiny)


def test_refuses_a_folder_that_is_no_such_model(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card(repository=REPOSITORY)
    with pytest.raises(StorageError, match=r"it lacks unet/\*"):
        shelf.use(tiny, put(tmp_path / "mine", model_index_dot_json=b"{}"))
    assert shelf.place(tiny) == shelf.folder / "whisperer"


def test_what_is_not_here_says_how_to_get_it(shelf: Shelf, card: Card):
    with pytest.raises(MissingPart, match="soundstage models pull whisperer"):
        shelf.demand(card())


def test_removing_frees_the_disk_and_keeps_the_licence(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card()
    take(shelf, put(tmp_path / "offline", whisperer_dot_pth=CONTENT), tiny)
    assert shelf.remove(tiny) == len(CONTENT)
    assert not shelf.has_begun(tiny)
    assert not licences.unaccepted(shelf, [tiny])


def test_another_content_is_another_identity(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card(repository=REPOSITORY)
    own = put(tmp_path / "mine", model_index_dot_json=b"{}", unet__model_dot_bin=CONTENT)
    shelf.use(tiny, own)
    before = shelf.identity(tiny)
    assert shelf.identity(tiny) == before
    put(own, unet__model_dot_bin=CONTENT + b"x")
    assert shelf.identity(tiny) != before


@pytest.mark.parametrize(
    ("content", "digest", "state"),
    [
        pytest.param(CONTENT, True, State.OK, id="whole"),
        pytest.param(CONTENT, False, State.OK, id="nothing published"),
        pytest.param(CONTENT[:-1], True, State.WRONG_SIZE, id="cut short"),
        pytest.param(CONTENT[::-1], True, State.WRONG_DIGEST, id="changed"),
        pytest.param(None, True, State.MISSING, id="gone"),
        pytest.param(CONTENT[::-1], False, State.WRONG_DIGEST, id="changed since it came"),
    ],
)
def test_verifies(tmp_path: Path, shelf: Shelf, card: Card, content: bytes | None, digest: bool, state: State):
    tiny = card(digest=digest)
    take(shelf, put(tmp_path / "offline", whisperer_dot_pth=CONTENT), tiny)
    path = shelf.place(tiny) / "whisperer.pth"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert [one.state for one in verify(tiny, shelf)] == [state]


def test_says_what_it_has_nothing_to_compare_with(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card(digest=False)
    put(shelf.place(tiny), whisperer_dot_pth=CONTENT)
    assert [one.against for one in verify(tiny, shelf)] == ["nothing: no size or digest is known"]


def test_a_licence_that_has_changed_is_asked_for_again(shelf: Shelf, card: Card):
    licences.accept(shelf, [card()], ["CC-BY-NC-4.0"])
    assert not licences.unaccepted(shelf, [card()])
    assert [licence.name for licence in licences.unaccepted(shelf, [card(licence="MIT")])] == ["MIT"]


def test_a_licence_of_something_else_is_not_accepted(shelf: Shelf, card: Card):
    with pytest.raises(BadOption, match="None of these models is under MIT"):
        licences.accept(shelf, [card()], ["MIT"])


def test_notes_when_a_licence_was_accepted(shelf: Shelf, card: Card):
    licences.accept(shelf, [card()], ["CC-BY-NC-4.0"])
    accepted = shelf.record(card()).accepted
    assert accepted is not None
    assert accepted.at.tzinfo is not None


def test_a_damaged_record_says_so(shelf: Shelf, card: Card):
    shelf.note(card(), Record())
    next((shelf.folder / ".records").iterdir()).write_text("{")
    with pytest.raises(StorageError, match="is damaged"):
        shelf.has(card())


def test_another_file_than_was_published_is_another_identity(tmp_path: Path, shelf: Shelf, card: Card):
    tiny = card()
    found = []
    for name, content in (("theirs", CONTENT), ("mine", CONTENT[::-1])):
        shelf.use(tiny, put(tmp_path / name, whisperer_dot_pth=content))
        found.append(shelf.identity(tiny))
    assert found[0] != found[1]


def test_removing_a_link_leaves_what_it_leads_to(tmp_path: Path, shelf: Shelf, card: Card):
    tiny, mine = card(), put(tmp_path / "mine", whisperer_dot_pth=CONTENT)
    shelf.folder.mkdir(parents=True, exist_ok=True)
    (shelf.folder / tiny.name).symlink_to(mine)
    assert shelf.remove(tiny) == 0
    assert (mine / "whisperer.pth").is_file()
    assert not shelf.has_begun(tiny)


@pytest.mark.parametrize("change", ["content", "one more"])
def test_what_was_written_anew_is_in_another_state(tmp_path: Path, change: str):
    mine = put(tmp_path / "mine", a_dot_pth=CONTENT)
    before = state_of(mine)
    assert state_of(mine) == before
    put(mine, **({"a_dot_pth": CONTENT + b"x"} if change == "content" else {"b_dot_pth": b""}))
    assert state_of(mine) != before
