import re
from dataclasses import replace
from pathlib import Path

import pytest

from soundstage.errors import BadModel, BadOption, ModelAway, ModelRefused, SoundstageError, StorageError
from soundstage.weights import licences
from soundstage.weights.card import ModelCard, ModelFile, Repository
from soundstage.weights.pulling import Pulled, pull
from soundstage.weights.settings import ModelSettings
from soundstage.weights.shelf import Shelf
from soundstage.weights.verifying import State, verify
from tests.weights.conftest import CONTENT, Card
from tests.weights.publisher import Publisher

HALF = len(CONTENT) // 2


class Run:
    """Pulls cards as a user who accepts their licences; notes how long it would have waited, and what was told."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.waits: list[float] = []
        self.told: list[tuple[str, int, int | None]] = []

    def __call__(self, *cards: ModelCard, settings: ModelSettings | None = None) -> tuple[Pulled, ...]:
        licences.accept(self.shelf, cards, sorted({card.licence.name for card in cards}))
        return pull(cards, self.shelf, settings or ModelSettings(), self._watch, self.waits.append)

    def _watch(self, card: ModelCard, path: str, done: int, total: int | None) -> None:
        self.told.append((path, done, total))


@pytest.fixture
def run(shelf: Shelf) -> Run:
    return Run(shelf)


def content_of(shelf: Shelf, card: ModelCard) -> bytes:
    return (shelf.place(card) / card.files[0].path).read_bytes()


def test_brings_a_file_to_its_place(run: Run, card: Card, shelf: Shelf):
    tiny = card()
    assert run(tiny) == (Pulled("whisperer", ("whisperer.pth",), len(CONTENT)),)
    assert content_of(shelf, tiny) == CONTENT
    assert shelf.has(tiny)


def test_tells_how_far_it_is(run: Run, card: Card):
    run(card())
    assert run.told[-1] == ("whisperer.pth", len(CONTENT), len(CONTENT))


def test_goes_on_where_the_connection_broke(run: Run, card: Card, shelf: Shelf, publisher: Publisher):
    tiny = card()
    publisher.drops = [HALF]
    run(tiny)
    assert content_of(shelf, tiny) == CONTENT
    assert [asked.range for asked in publisher.asked("/whisperer.pth")] == ["", f"bytes={HALF}-"]


def test_breaking_off_never_ends_it_while_bytes_come(run: Run, card: Card, shelf: Shelf, publisher: Publisher):
    tiny = card()
    publisher.drops = [len(CONTENT) // 20] * 15
    run(tiny)
    assert content_of(shelf, tiny) == CONTENT


def test_a_later_run_goes_on_too(run: Run, card: Card, shelf: Shelf, publisher: Publisher):
    tiny = card()
    publisher.drops = [HALF, *[0] * 6]
    with pytest.raises(ModelAway, match="run it again"):
        run(tiny)
    assert not shelf.has(tiny)
    publisher.requests.clear()
    publisher.drops = []
    run(tiny)
    assert content_of(shelf, tiny) == CONTENT
    assert [asked.range for asked in publisher.requests] == [f"bytes={HALF}-"]


def test_begins_anew_when_the_publisher_knows_no_ranges(run: Run, card: Card, shelf: Shelf, publisher: Publisher):
    tiny = card()
    publisher.drops, publisher.ranges = [HALF], False
    run(tiny)
    assert content_of(shelf, tiny) == CONTENT


def test_begins_anew_when_the_file_has_changed_meanwhile(run: Run, card: Card, shelf: Shelf, publisher: Publisher):
    tiny = card(digest=False)
    publisher.drops = [HALF, *[0] * 6]
    with pytest.raises(ModelAway):
        run(tiny)
    publisher.drops = []
    publisher.publish("/whisperer.pth", CONTENT[::-1])
    run(tiny)
    assert content_of(shelf, tiny) == CONTENT[::-1]


def test_does_not_join_what_it_cannot_tell_apart(run: Run, card: Card, publisher: Publisher):
    publisher.tagged, publisher.drops = False, [HALF]
    run(card(digest=False))
    assert [asked.range for asked in publisher.asked("/whisperer.pth")] == ["", ""]


def test_a_whole_part_is_put_in_its_place(run: Run, card: Card, shelf: Shelf):
    tiny = card()
    place = shelf.place(tiny)
    place.mkdir(parents=True)
    (place / ".whisperer.pth.part").write_bytes(CONTENT)
    run(tiny)
    assert content_of(shelf, tiny) == CONTENT


def test_a_part_of_something_else_is_given_up(run: Run, card: Card, shelf: Shelf):
    tiny = card()
    place = shelf.place(tiny)
    place.mkdir(parents=True)
    (place / ".whisperer.pth.part").write_bytes(b"x" * HALF)
    run(tiny)
    assert content_of(shelf, tiny) == CONTENT


@pytest.mark.parametrize(
    "published",
    [
        pytest.param(CONTENT[::-1], id="another content"),
        pytest.param(CONTENT[:-1], id="too short"),
        pytest.param(CONTENT + b"x", id="too long"),
    ],
)
def test_refuses_what_is_not_what_was_published(run: Run, card: Card, shelf: Shelf, published: bytes):
    tiny = card(published=published)
    with pytest.raises(BadModel, match="is not what was published"):
        run(tiny)
    assert not shelf.has(tiny)
    assert not [path for path in shelf.place(tiny).iterdir() if path.stat().st_size]


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        pytest.param(401, ModelRefused, "accept the model's terms at .*/page, then set HF_TOKEN", id="who are you"),
        pytest.param(403, ModelRefused, "HF_TOKEN", id="not for you"),
        pytest.param(404, ModelRefused, r"is not there; see .*/page, or .* --from", id="not there"),
        pytest.param(400, ModelRefused, "cannot be had", id="anything else"),
    ],
)
def test_says_what_to_do_when_it_is_refused(
    run: Run, card: Card, publisher: Publisher, status: int, error: type[SoundstageError], says: str
):
    publisher.answers = [status]
    with pytest.raises(error, match=says):
        run(card())
    assert not run.waits


def test_waits_as_long_as_it_is_asked_to(run: Run, card: Card, shelf: Shelf, publisher: Publisher):
    tiny = card()
    publisher.answers, publisher.retry_after = [429, 503], "7"
    run(tiny)
    assert run.waits == [7.0, 7.0]
    assert shelf.has(tiny)


def test_waits_longer_each_time_and_gives_up(run: Run, card: Card, publisher: Publisher):
    publisher.answers = [500] * 20
    with pytest.raises(ModelAway, match="does not answer"):
        run(card())
    assert run.waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_fetches_nothing_before_the_licence_is_accepted(shelf: Shelf, card: Card, publisher: Publisher):
    with pytest.raises(BadOption, match=r"CC-BY-NC-4.0 \(whisperer\).*--accept-licence CC-BY-NC-4.0"):
        pull([card()], shelf, ModelSettings(), lambda *_: None)
    assert not publisher.requests


def test_asks_nobody_for_what_is_here(run: Run, card: Card, publisher: Publisher):
    run(card())
    publisher.requests.clear()
    assert run(card())[0].fetched == 0
    assert not publisher.requests


def test_takes_what_was_put_in_its_place_by_hand(run: Run, card: Card, shelf: Shelf, publisher: Publisher):
    tiny = card()
    shelf.place(tiny).mkdir(parents=True)
    (shelf.place(tiny) / "whisperer.pth").write_bytes(CONTENT)
    assert run(tiny)[0].fetched == 0
    assert not publisher.requests
    assert [one.state for one in verify(tiny, shelf)] == [State.OK]


def test_says_so_before_it_begins_when_there_is_no_room(run: Run, card: Card, publisher: Publisher):
    tiny = card()
    huge = replace(tiny, files=(replace(tiny.files[0], size=10**18),))
    with pytest.raises(StorageError, match="SOUNDSTAGE_MODELS"):
        run(huge)
    assert not publisher.requests


def test_speaks_nothing_but_https_with_others(run: Run, card: Card):
    plain = replace(card(), files=(ModelFile("a.pth", "http://models.invalid/a.pth"),))
    with pytest.raises(ModelRefused, match="only HTTPS"):
        run(plain)


@pytest.fixture
def repository(publisher: Publisher) -> Repository:
    files = {"config.json": b"{}", "unet/model.bin": CONTENT, "unet/config.json": b"[]", "README.md": b"hello"}
    publisher.publish_repository("studio/tiny", files)
    return Repository("studio/tiny", ("config.json", "unet/*"), extras=("vocab.json",))


def mirror(publisher: Publisher, **more: str) -> ModelSettings:
    return ModelSettings(model_mirror=publisher.url, **more)  # type: ignore[arg-type]


def test_brings_the_files_of_a_repository_that_belong_to_it(
    run: Run, card: Card, shelf: Shelf, publisher: Publisher, repository: Repository
):
    tiny = card(repository=repository)
    done = run(tiny, settings=mirror(publisher))
    assert done[0].files == ("config.json", "unet/config.json", "unet/model.bin")
    assert (shelf.place(tiny) / "unet" / "model.bin").read_bytes() == CONTENT
    assert shelf.has(tiny)


def test_checks_large_files_by_what_the_hub_says_of_them(
    run: Run, card: Card, publisher: Publisher, repository: Repository
):
    publisher.files["/studio/tiny/resolve/main/unet/model.bin"] = CONTENT[::-1]
    with pytest.raises(BadModel, match="SHA-256"):
        run(card(repository=repository), settings=mirror(publisher))


def test_a_listing_leads_out_of_no_folder(
    run: Run, card: Card, shelf: Shelf, publisher: Publisher, repository: Repository
):
    listing = next(path for path in publisher.files if path.startswith("/api/"))
    publisher.files[listing] = publisher.files[listing].replace(b"unet/model.bin", b"unet/../../escaped")
    with pytest.raises(ModelAway, match="does not list files as the hub does"):
        run(card(repository=repository), settings=mirror(publisher))
    assert not list(shelf.folder.rglob("*escaped*"))


def test_an_interrupted_repository_is_not_whole(
    run: Run, card: Card, shelf: Shelf, publisher: Publisher, repository: Repository
):
    tiny = card(repository=repository)
    kept = publisher.files.pop("/studio/tiny/resolve/main/unet/model.bin")
    with pytest.raises(ModelRefused):
        run(tiny, settings=mirror(publisher))
    assert shelf.lacking(tiny) == ("unet/model.bin", "unet/config.json")
    publisher.files["/studio/tiny/resolve/main/unet/model.bin"] = kept
    publisher.requests.clear()
    run(tiny, settings=mirror(publisher))
    assert shelf.has(tiny)
    assert not publisher.asked("/studio/tiny/resolve/main/config.json")


def test_says_which_file_a_repository_lacks(run: Run, card: Card, publisher: Publisher, repository: Repository):
    lacking = replace(repository, patterns=("config.json", "transformer/*"))
    with pytest.raises(ModelRefused, match=re.escape("studio/tiny has no file transformer/*")):
        run(card(repository=lacking), settings=mirror(publisher))


def test_shows_the_token_to_the_hub_alone(
    monkeypatch: pytest.MonkeyPatch, run: Run, card: Card, publisher: Publisher, repository: Repository
):
    monkeypatch.setenv("HF_TOKEN", "secret")
    publisher.gated = True
    run(card(repository=repository), settings=mirror(publisher))
    assert {asked.authorization for asked in publisher.requests} == {"Bearer secret"}
    publisher.gated = False
    publisher.requests.clear()
    run(card(), settings=ModelSettings())
    assert {asked.authorization for asked in publisher.requests} == {""}


def test_a_token_is_in_no_message(monkeypatch: pytest.MonkeyPatch, run: Run, card: Card, publisher: Publisher):
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert "secret" not in repr(ModelSettings())


def test_one_process_pulls_a_model_at_a_time(run: Run, card: Card, shelf: Shelf, tmp_path: Path):
    import fcntl

    lock = shelf.folder / ".records" / "whisperer.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BadOption, match="Another process"):
            run(card())
