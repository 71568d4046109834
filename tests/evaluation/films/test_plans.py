from itertools import pairwise

import numpy as np
import pytest

from soundstage.errors import BadOption
from soundstage.evaluation.bench.entries import CATEGORIES
from soundstage.evaluation.films.kinds import KINDS, THEMES, Kind
from soundstage.evaluation.films.plans import SETS, FilmPlan, plans
from soundstage.evaluation.films.timing import RATE
from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour

ALL = [pytest.param(plan, id=f"{name}-{plan.id}") for name in SETS for plan in plans(name)]


def test_the_same_seed_gives_the_same_films_and_another_gives_others() -> None:
    assert plans("small", 3) == plans("small", 3)
    assert plans("small", 3) != plans("small", 4)


@pytest.mark.parametrize("name", SETS)
def test_a_set_has_as_many_films_as_it_says(name: str) -> None:
    assert len({plan.id for plan in plans(name)}) == SETS[name].films


def test_the_large_set_shows_every_category_and_every_kind_of_scene() -> None:
    films = plans("large")

    assert {plan.category for plan in films} == set(CATEGORIES) == set(THEMES)
    assert {scene.kind for plan in films for scene in plan.scenes} >= set().union(*THEMES.values())


@pytest.mark.parametrize("film", ALL)
def test_scenes_lie_end_to_end_and_events_lie_in_them(film: FilmPlan) -> None:
    size = SETS["large" if film in plans("large") else "small"]
    entry = film.entry()

    assert size.seconds[0] - 1 <= film.seconds <= size.seconds[1] + 1
    assert [span.start for span in entry.captions] == [0.0, *entry.scenes]
    assert all(one.end == pytest.approx(other.start, abs=1e-3) for one, other in pairwise(entry.captions))
    for span, scene in zip(entry.captions, film.scenes, strict=True):
        assert all(span.start < at < span.end for at in scene.instants)


@pytest.mark.parametrize("film", ALL)
def test_everything_happens_on_a_picture(film: FilmPlan) -> None:
    entry = film.entry()
    times = [*entry.scenes, film.seconds, *(event.time for event in entry.events)]

    assert all(time * RATE == pytest.approx(round(time * RATE), abs=1e-3) for time in times)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=name) for name, kind in KINDS.items()])
def test_what_is_seen_can_be_made_heard(kind: Kind) -> None:
    instants = kind.act(np.random.default_rng(1), 8.0).instants
    labels = [knowledge().labels[name] for name in (kind.label, kind.bed) if name]

    assert labels
    assert all(label.recipe for label in labels)
    if instants:
        assert kind.label is not None
        assert knowledge().labels[kind.label].behaviour is not Behaviour.STEADY
        assert knowledge().labels[kind.label].acoustics.attack <= 0.02


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(BadOption, match="small, large"):
        plans("huge")
