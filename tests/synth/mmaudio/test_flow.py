import pytest

torch = pytest.importorskip("torch")

from soundstage.synth.mmaudio import flow  # noqa: E402


def test_steps_are_even_and_lead_from_noise_to_sound():
    times = flow.times()
    assert (times[0], times[-1]) == (0, 1)
    torch.testing.assert_close(times.diff(), torch.full((25,), 0.04))


def test_as_many_steps_as_asked_for():
    assert flow.times(4).tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_no_step_is_refused():
    with pytest.raises(ValueError, match="at least one step, not 0"):
        flow.times(0)
