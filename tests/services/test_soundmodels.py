"""A film through the service with sound models: a tiny MMAudio that is shown the film's clips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import select

pytest.importorskip("torch")

from services.backbone.ledger.sessions import transaction
from services.backbone.ledger.tables import Asset, Job, Take
from services.backbone.options import JobOptions
from services.backbone.settings import Settings, settings
from services.worker_gpu.service import SERVICE as GPU
from services.worker_gpu.synthesis import Synthesis, sees
from services.worker_llm.service import SERVICE as LLM
from soundstage.footage import Footage
from soundstage.makers import house_makers
from soundstage.reading import Shot
from soundstage.soundmodels import Wishes
from soundstage.synth.maker import SoundMaker
from soundstage.synth.mmaudio.maker import MMAudioMaker
from soundstage.weights.catalogue import catalogue
from tests.documents import cue
from tests.services.jobs import small_film, submit, work_all
from tests.synth.mmaudio import tiny

OPTIONS = JobOptions(hint="a hammer hits a nail", candidates=1, transcript=False, cue_seconds=60)


@dataclass
class TinyModels:
    """Sound models of which there is one, whoever asks; notes what it is shown, and for which wishes."""

    folder: Path
    shown: list[Footage] = field(default_factory=list)
    wished: list[Wishes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._engine = tiny.new_engine(tiny.write_model(self.folder))

    def crew(self, wishes: Wishes) -> "TinyModels":
        self.wished.append(wishes)
        return self

    def makers(self, footage: Footage | None, stop: Callable[[], bool]) -> tuple[SoundMaker, ...]:
        if footage is not None:
            self.shown.append(footage)
        cards = catalogue().needed(catalogue().card("mmaudio-large-44k-v2"))
        return (MMAudioMaker(cards, self._engine, footage, stop=stop),)

    def ears(self, footage: Footage | None) -> tuple[()]:
        return ()

    def notes(self) -> tuple[()]:
        return ()


def test_models_are_shown_the_clips_of_their_cues(
    service_environment: Mapping[str, str],
    service_settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOUNDSTAGE_CLIPS", "true")
    settings.cache_clear()
    models = TinyModels(tmp_path / "model")
    rounds = [kind for kind in GPU.warm() if kind.startswith("synthesize")]
    handlers = {**LLM.warm(), **dict.fromkeys(rounds, Synthesis(house_makers(), models))}
    job = submit(small_film(tmp_path, pictures=30), service_settings, OPTIONS)

    work_all(handlers)

    with transaction() as session:
        row = session.get(Job, job)
        assert row.status.value == "succeeded", row.error
        clips = session.scalars(select(Asset.name).where(Asset.job_id == job, Asset.name.contains("clips/"))).all()
        takes = [take.record for take in session.scalars(select(Take).where(Take.job_id == job))]
    assert len(clips) == 2
    assert models.shown
    assert models.wished[0] == OPTIONS.wishes()
    by_model = [take for take in takes if take["maker"] == "mmaudio-large-44k-v2"]
    assert any("on screen, seen from" in take["choice"] for take in by_model)


@pytest.mark.parametrize("names", [("mmaudio-huge",), ("../etc",)], ids=["unknown", "a path"])
def test_a_model_that_does_not_exist_is_refused_with_the_request(names: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="There is no model"):
        JobOptions(makers=names)


@pytest.mark.parametrize(
    ("options", "wishes"),
    [
        pytest.param({}, Wishes(), id="all that are there"),
        pytest.param({"makers": ["house"]}, Wishes(("house",)), id="none"),
        pytest.param({"commercial_use": True, "music": "a waltz"}, Wishes((), True, True), id="use and music"),
    ],
)
def test_what_a_job_wishes(options: dict[str, object], wishes: Wishes) -> None:
    assert JobOptions.model_validate(options).wishes() == wishes


@pytest.mark.parametrize(
    ("start", "end", "seen"),
    [
        pytest.param(0.0, 15.0, False, id="long before"),
        pytest.param(0.0, 18.0, True, id="in the window that a short cue is timed by"),
        pytest.param(20.0, 20.1, True, id="at the cue"),
        pytest.param(28.0, 40.0, True, id="in a window that goes on after it"),
    ],
)
def test_every_shot_that_a_model_may_be_shown_is_brought(start: float, end: float, seen: bool) -> None:
    assert sees(cue(start=20.0, end=20.3), Shot(index=0, start=start, end=end)) is seen
