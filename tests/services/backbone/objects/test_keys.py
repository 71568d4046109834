import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backbone.ids import new_id
from services.backbone.objects.keys import StepKey, job_prefix, parse_step_key, step_key, upload_key


@pytest.mark.parametrize("name", ["master.flac", "stems/ambience.flac", "reading/keyframes/0001.jpg"])
def test_the_key_of_a_step_says_whose_it_is(name: str):
    account, job, step = new_id("acct"), new_id("job"), new_id("step")
    key = step_key(account, job, step, 3, name)
    assert key.startswith(job_prefix(account, job))
    assert parse_step_key(key) == StepKey(account, job, step, 3, name)


def test_the_key_of_an_upload_is_no_step_s():
    account, upload = new_id("acct"), new_id("up")
    assert upload_key(account, upload) == f"accounts/{account}/uploads/{upload}/source"
    assert parse_step_key(upload_key(account, upload)) is None


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/../b", "a//b", "/a", "a/", ".hidden", "a/.b", "a b", "ä", "a\n", "a\x00", "a/b/c/d/e"],
)
def test_names_that_are_not_of_our_making_get_into_no_key(name: str):
    with pytest.raises(ValueError, match="can not be part"):
        step_key(new_id("acct"), new_id("job"), new_id("step"), 1, name)


@pytest.mark.parametrize("id", ["", "job", "job_", "../job_1", "job_1/..", "JOB_1", "job_1\n", "job_ä"])
def test_what_is_no_id_gets_into_no_key(id: str):
    with pytest.raises(ValueError, match="is no id"):
        upload_key(id, new_id("up"))
    with pytest.raises(ValueError, match="is no id"):
        job_prefix(new_id("acct"), id)


@given(st.text(max_size=60))
def test_whatever_gets_into_a_key_stays_under_its_step(name: str):
    account, job, step = new_id("acct"), new_id("job"), new_id("step")
    try:
        key = step_key(account, job, step, 1, name)
    except ValueError:
        return
    assert parse_step_key(key) == StepKey(account, job, step, 1, name)
    assert ".." not in key.split("/")
