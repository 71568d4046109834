import pytest

pytest.importorskip("torch")

from soundstage.synth.foleycrafter.ruler import Ruler

RULER = Ruler()


@pytest.mark.parametrize(
    ("seconds", "latents"),
    [(0.3, 128), (10.0, 128), (10.24, 128), (10.25, 129), (600.0, 7500)],
    ids=["short", "published", "a-window", "longer", "ten-minutes"],
)
def test_a_latent_lasts_eighty_milliseconds_and_a_window_is_the_least(seconds, latents):
    assert RULER.latents(seconds) == latents


def test_windows_cover_a_long_sound_and_share_a_quarter():
    windows = RULER.windows(25.0)
    assert windows.starts == (0, 96, 185)
    assert RULER.seconds(windows)[-1] == pytest.approx((14.8, 25.04))


def test_windows_over_columns_lie_where_those_over_latents_do():
    windows = RULER.windows(25.0)
    columns = RULER.columns(windows)
    assert columns.starts == (0, 768, 1480)
    assert (columns.length, columns.window) == (2504, 1024)
