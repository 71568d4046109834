from pathlib import Path

import pytest
from PIL import Image

from soundstage.evaluation.bench.checking import Measured
from soundstage.evaluation.bench.entries import Bench, Entry, Event, Span
from soundstage.evaluation.bench.statistics import Card, card_of, durations, markdown, plot

LENGTHS = {"a": 12.0, "b": 18.0, "c": 61.0}


def _card() -> Card:
    entries = (
        Entry(
            id="a",
            film="a.mp4",
            categories=("cooking",),
            captions=(Span(start=0, end=1, text="x"),),
            events=(Event(time=1, label="chopping food"), Event(time=2, label="chopping food")),
        ),
        Entry(id="b", film="b.mp4", categories=("cooking", "pots | $pans$"), scenes=(4.0,)),
        Entry(id="c", film="c.mp4"),
    )
    measured = {id: Measured(film=seconds, sound=seconds) for id, seconds in LENGTHS.items()}
    return card_of(Bench(name="kitchen", entries=entries), measured, errors=1)


def test_a_card_counts_what_is_there() -> None:
    card = _card()

    assert card.categories == {"cooking": 2, "pots | $pans$": 1, "no category": 1}
    assert (card.films, card.captions, card.scenes, card.events) == (3, 1, 4, {"chopping food": 2})
    assert (card.durations.total, card.durations.shortest, card.durations.longest) == (91.0, 12.0, 61.0)
    assert card.durations.mean == pytest.approx(91 / 3, abs=1e-3)


@pytest.mark.parametrize("lengths", [[3.0], [10.0, 10.0], [1.0, 59.9, 3599.0], [0.04, 7200.0]])
def test_every_film_lies_in_the_bin_of_its_length(lengths: list[float]) -> None:
    bins = durations(lengths).histogram

    assert [each.films for each in bins] == [sum(each.start <= s < each.end for s in lengths) for each in bins]
    assert sum(each.films for each in bins) == len(lengths)
    assert len(bins) <= 8


def test_a_bench_without_readable_films_has_a_card_too(tmp_path: Path) -> None:
    card = card_of(Bench(name="none"), {})

    plot(card, tmp_path / "card.png")

    assert "0 references readable" in markdown(card)


def test_markdown_keeps_its_tables_whatever_names_say() -> None:
    text = markdown(_card())

    assert "| pots \\| $pans$ | 1 |" in text
    assert "1 error, 0 warnings" in text


def test_the_plot_is_a_picture_large_enough_to_read(tmp_path: Path) -> None:
    plot(_card(), tmp_path / "card.png")

    with Image.open(tmp_path / "card.png") as picture:
        assert picture.format == "PNG"
        assert picture.width >= 1000
