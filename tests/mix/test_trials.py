from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundstage.loudness import LoudnessMeter
from soundstage.mix.limiter import Limiter
from soundstage.mix.premaster import Premaster
from soundstage.mix.trials import Trial, Trials
from soundstage.sound import Block, amplitude
from tests.mix.conftest import Desk, noise

CEILING = -1.0


def bursts(seconds: float, seed: int) -> Block:
    """Noise out of which bursts and single samples stand, also at its very beginning and end."""
    rng = np.random.default_rng(seed)
    sound = noise(seconds, 0.02, seed=seed)
    for start in (0, len(sound) - 100, *rng.integers(0, len(sound), 5).tolist()):
        sound[start : start + int(rng.integers(1, 3000))] *= rng.uniform(4, 12)
    return sound


def whole(sound: Block, gain: float) -> Trial:
    """What limiting and measuring all of it gives."""
    limiter, meter = Limiter(CEILING, between=True), LoudnessMeter(peak=False)
    meter.add(np.concatenate([limiter.process(sound * np.float32(amplitude(gain))), limiter.flush()]))
    return Trial(meter.integrated, limiter.reduction)


def tried(folder: Path, sound: Block, *gains: float) -> list[Trial]:
    with closing(Premaster(folder)) as premaster:
        for start in range(0, len(sound), 30_000):
            premaster.add(sound[start : start + 30_000])
        trials = Trials(premaster, CEILING)
        return [trials.at(gain) for gain in gains]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seconds=st.floats(0.05, 4.0),
    seed=st.integers(0, 99),
    gains=st.lists(st.floats(-6, 24), min_size=1, max_size=3),
)
def test_a_trial_tells_what_limiting_all_of_it_gives(
    make_desk: Callable[[], Desk], seconds: float, seed: int, gains: list[float]
) -> None:
    sound = bursts(seconds, seed)
    for gain, trial in zip(gains, tried(make_desk().folder, sound, *gains), strict=True):
        expected = whole(sound, gain)
        assert trial.loudness == pytest.approx(expected.loudness, abs=0.01)
        assert trial.reduction == pytest.approx(expected.reduction, abs=0.01)


def test_only_what_may_be_limited_is_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noise(20.0, 0.02)
    sound[400_000:401_000] *= 10
    read: list[int] = []
    blocks = Premaster.blocks

    def counted(self: Premaster, *where: int) -> object:
        for block in blocks(self, *where):
            read.append(len(block))
            yield block

    monkeypatch.setattr(Premaster, "blocks", counted)
    tried(desk.folder, sound, 6.0, 6.5)
    assert 0 < sum(read) < len(sound) / 4
