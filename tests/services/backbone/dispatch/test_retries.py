import pytest

from services.backbone.dispatch.retries import retry_delay
from soundstage.errors import BadAnswer, BudgetSpent, ModelAway, ModelRefused, SoundstageError


def test_a_model_that_is_away_is_asked_again_later_and_later():
    delays = [retry_delay(ModelAway("It is too busy."), failures) for failures in range(3)]
    assert all(delays)
    assert delays == sorted(delays)


@pytest.mark.parametrize("kind", [ModelRefused, BadAnswer, BudgetSpent])
def test_what_would_fail_again_is_not_tried_again(kind: type[SoundstageError]):
    assert retry_delay(kind("No."), 0) is None
