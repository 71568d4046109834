import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from soundstage.cuesheet import Cue, Method
from soundstage.errors import BadCueSheet, BadModel, BadSound, MissingPart, SoundstageError, StorageError
from soundstage.rendering import RenderOptions, Stage, performance_seed, with_notes
from soundstage.sound import Block, frames_of
from soundstage.synth.maker import Fit, MakerFacts, Rendering
from soundstage.synth.procedural import ProceduralMaker
from tests.documents import cue, sheet


@dataclass
class NoiseMaker:
    """A maker of noise; odd tries are silent, which review must hear. `broken` is how it refuses every cue."""

    name: str = "noise"
    fit: float = 1.0
    broken: SoundstageError | None = None
    full_disk: bool = False
    channels: int = 1
    basis: str = ""
    gathers: bool = False
    made: list[tuple[str, int]] = field(default_factory=list)

    @property
    def facts(self) -> MakerFacts:
        return MakerFacts(
            self.name,
            Method.PROCEDURAL,
            channels=self.channels,
            longest=None,
            cost=0.01,
            licence="CC0-1.0",
            gathers=self.gathers,
        )

    def can_make(self, cue: Cue) -> Fit:
        return Fit(self.fit, "noise is easy", self.basis)

    def make(self, cue: Cue, seed: int) -> Rendering:
        if self.broken:
            raise self.broken
        self.made.append((cue.label, seed))
        return Rendering(channels=self.channels, blocks=self._blocks(cue, seed), licence="CC0-1.0")

    def _blocks(self, cue: Cue, seed: int) -> Iterator[Block]:
        if self.full_disk:
            raise StorageError("The disk is full.")
        level = 0.0 if seed == performance_seed(cue, 0) else 0.1
        yield np.random.default_rng(seed).normal(0, level, (frames_of(cue.duration), 1)).astype(np.float32)


def _stage(folder: Path, *makers: NoiseMaker) -> Stage:
    return Stage(makers, folder, RenderOptions(candidates=2, workers=2))


def _quiet(fraction: float) -> None:
    assert 0 <= fraction <= 1


def test_the_better_take_is_kept(tmp_path: Path):
    rendered = _stage(tmp_path, NoiseMaker()).render([cue()], _quiet)
    take = rendered.takes["rain-1"]
    assert take.seed == performance_seed(cue(), 1)
    assert take.score > 0
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".flac", ".json"]


def test_what_is_rendered_is_not_rendered_again(tmp_path: Path):
    first = _stage(tmp_path, NoiseMaker()).render([cue()], _quiet)
    maker = NoiseMaker()
    second = _stage(tmp_path, maker).render([cue()], _quiet)
    assert (maker.made, second.fresh) == ([], 0)
    assert second.takes == first.takes


def test_a_damaged_record_is_rendered_again(tmp_path: Path):
    _stage(tmp_path, NoiseMaker()).render([cue()], _quiet)
    next(tmp_path.glob("*.json")).write_text("{")
    assert _stage(tmp_path, NoiseMaker()).render([cue()], _quiet).fresh == 1


def test_cues_that_sound_alike_are_rendered_once(tmp_path: Path):
    maker = NoiseMaker()
    rendered = _stage(tmp_path, maker).render([cue("a", 0, 2), cue("b", 2, 4, level=-40)], _quiet)
    assert len(maker.made) == 2  # two candidates of one sound
    assert rendered.takes["a"].path == rendered.takes["b"].path
    assert rendered.takes["b"].cue == "b"


def test_the_next_maker_serves_when_the_best_fails(tmp_path: Path):
    rendered = _stage(
        tmp_path, NoiseMaker("spare", fit=0.2), NoiseMaker("best", broken=BadSound("It cannot be made."))
    ).render([cue()], _quiet)
    assert rendered.takes["rain-1"].maker == "spare"


@pytest.mark.parametrize("problem", [BadSound, MissingPart, BadModel])
def test_a_maker_may_fail_in_any_way_that_is_its_own(tmp_path: Path, problem: type[SoundstageError]):
    best = NoiseMaker("best", broken=problem("It cannot be made."))
    rendered = _stage(tmp_path, NoiseMaker("spare", fit=0.2), best).render([cue()], _quiet)
    assert rendered.takes["rain-1"].maker == "spare"


def test_what_a_stand_in_made_is_kept_until_the_first_choice_serves(tmp_path: Path):
    spare = NoiseMaker("spare", fit=0.2)
    failing, mended = (NoiseMaker("best", broken=problem) for problem in (BadSound("It cannot be made."), None))

    first = _stage(tmp_path, spare, failing).render([cue()], _quiet)
    again = _stage(tmp_path, spare, failing).render([cue()], _quiet)
    later = _stage(tmp_path, spare, mended).render([cue()], _quiet)

    assert (first.fresh, again.fresh, later.fresh) == (1, 0, 1)
    assert later.takes["rain-1"].maker == "best"


def test_the_note_says_why_this_maker_and_no_other(tmp_path: Path):
    made = sheet((cue(),))
    makers = (NoiseMaker("third", fit=0.2), NoiseMaker("second", fit=0.5), NoiseMaker("first", broken=BadSound("No.")))
    rendered = _stage(tmp_path, *makers).render(list(made.cues()), _quiet)

    note = next(with_notes(made, rendered).cues()).take

    assert note is not None
    assert note.choice == "second (0.50: noise is easy) before third (0.20: noise is easy); first failed: No."


def test_other_weights_or_pictures_are_another_take(tmp_path: Path):
    bases = ("weights 1", "weights 1", "weights 2")
    fresh = [_stage(tmp_path, NoiseMaker(basis=basis)).render([cue()], _quiet).fresh for basis in bases]
    assert fresh == [1, 0, 1]


def test_a_maker_that_gathers_is_asked_for_many_cues_at_once(tmp_path: Path):
    together = threading.Barrier(8)

    class Gathering(NoiseMaker):
        def make(self, cue: Cue, seed: int) -> Rendering:
            together.wait(timeout=20)
            return super().make(cue, seed)

    cues = [cue(f"rain-{number}", seed=number) for number in range(8)]
    stage = Stage([Gathering(gathers=True)], tmp_path, RenderOptions(candidates=1, workers=1))

    assert len(stage.render(cues, _quiet).takes) == 8


def test_what_nobody_can_make_stays_silent_and_says_so(tmp_path: Path):
    made = sheet((cue(),))
    rendered = _stage(tmp_path, NoiseMaker(broken=BadSound("It cannot be made."))).render(list(made.cues()), _quiet)
    assert rendered.silent == {"rain-1": "It cannot be made."}
    note = next(with_notes(made, rendered).cues()).take
    assert note is not None
    assert (note.maker, note.score, note.reason) == ("none", 0.0, "It cannot be made.")


def test_what_nobody_offers_names_the_remedy(tmp_path: Path):
    rendered = _stage(tmp_path, NoiseMaker(fit=0.0)).render([cue()], _quiet)
    assert "soundstage library add" in rendered.silent["rain-1"]


def test_the_method_asked_for_is_kept_to(tmp_path: Path):
    rendered = _stage(tmp_path, NoiseMaker()).render([cue(method="library")], _quiet)
    assert rendered.takes == {}


def test_an_unknown_label_is_refused_with_near_ones(tmp_path: Path):
    with pytest.raises(BadCueSheet, match="choose one that exists"):
        _stage(tmp_path, NoiseMaker()).render([cue(label="rayning hard")], _quiet)


def test_a_full_disk_ends_the_rendering_and_leaves_no_half_take(tmp_path: Path):
    with pytest.raises(StorageError):
        _stage(tmp_path, NoiseMaker(full_disk=True)).render([cue("a"), cue("b", seed=3)], _quiet)
    assert list(tmp_path.iterdir()) == []


def test_a_take_cut_short_is_rendered_again(tmp_path: Path):
    first = _stage(tmp_path, NoiseMaker()).render([cue()], _quiet).takes["rain-1"].path
    whole = first.read_bytes()
    first.write_bytes(whole[: len(whole) // 2])
    assert _stage(tmp_path, NoiseMaker()).render([cue()], _quiet).fresh == 1
    assert first.read_bytes() == whole


def test_a_cue_shorter_than_a_sample_stays_silent_and_leaves_nothing(tmp_path: Path):
    rendered = _stage(tmp_path, NoiseMaker()).render([cue(end=1e-6)], _quiet)
    assert "make it longer" in rendered.silent["rain-1"]
    assert list(tmp_path.iterdir()) == []


@dataclass
class SteadyMaker(NoiseMaker):
    """A maker whose every take is a good one of rain."""

    def _blocks(self, cue: Cue, seed: int) -> Iterator[Block]:
        yield from ProceduralMaker().make(cue, seed).blocks


def test_one_good_take_of_a_steady_sound_is_enough(tmp_path: Path):
    maker = SteadyMaker(channels=2)
    _stage(tmp_path, maker).render([cue()], _quiet)
    assert len(maker.made) == 1


def test_a_maker_that_nobody_waits_for_any_more_is_closed_at_once(tmp_path: Path):
    class Endless(NoiseMaker):
        closed = False

        def _blocks(self, cue: Cue, seed: int) -> Iterator[Block]:
            try:
                while True:
                    stop.set()
                    yield np.zeros((0, 1), np.float32)
            finally:
                self.closed = True

    stop, maker = threading.Event(), Endless()
    with pytest.raises(StorageError, match="stopped") as problem:  # whose traceback refers to all that was under way
        Stage([maker], tmp_path, stop=stop).render([cue()], _quiet)
    assert problem.value
    assert maker.closed
