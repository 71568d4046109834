import pytest

torch = pytest.importorskip("torch")

from soundstage.synth.foleycrafter.timing import map_of_events, map_of_logits  # noqa: E402


def sounding(columns):
    return torch.nonzero(columns > 0).flatten().tolist()


def test_a_picture_that_sounds_marks_the_columns_under_it():
    logits = torch.full((15,), -2.0)
    logits[3] = 0.0  # a probability of one half sounds
    found = map_of_logits(logits, columns=100, column_rate=100)
    assert sounding(found) == list(range(20, 27))  # 3/15 s to 4/15 s
    assert set(found.tolist()) == {-1.0, 1.0}


def test_after_the_last_picture_is_silence():
    assert sounding(map_of_logits(torch.ones(6), columns=1024, column_rate=100)) == list(range(40))


def test_the_published_stretch_is_the_published_map():
    logits = torch.sin(torch.arange(150.0) * 0.9)
    published = [1 if logits[int(column / 1024 * 150)] >= 0 else -1 for column in range(1024)]
    assert map_of_logits(logits, 1024, 102.4).tolist() == published


def test_known_events_sound_from_their_own_column_on():
    found = map_of_events([0.1, 0.5], columns=64, column_rate=100)
    assert sounding(found) == [*range(10, 30), *range(50, 64)]


def test_events_outside_the_map_mark_nothing():
    assert sounding(map_of_events([-1.0, 3.0], columns=64, column_rate=100)) == []
