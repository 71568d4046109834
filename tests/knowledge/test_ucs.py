"""File names of the Universal Category System."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundstage.knowledge.ucs import UcsName, categories, parse

blocks = st.text(alphabet="abcdefgXYZ 0123456789", min_size=1, max_size=12).map(str.strip).filter(bool)


def parts(name: UcsName) -> tuple[str, ...]:
    return (
        name.category.id,
        name.user_category,
        name.vendor_category,
        name.title,
        name.creator,
        name.source,
        name.user_data,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DOORWood_Front Door Open_KS_LIB.wav", ("DOORWood", "", "", "Front Door Open", "KS", "LIB", "")),
        ("GUNAuto-EXT_Uzi-Bursts_TN_NONE_416-Dual.wav", ("GUNAuto", "EXT", "Uzi", "Bursts", "TN", "NONE", "416-Dual")),
        ("/a/b/RAIN_On Tent_ab_c_d_e.flac", ("RAIN", "", "", "On Tent", "ab", "c", "d_e")),
        ("THUN_Close.wav", ("THUN", "", "", "Close", "", "", "")),
    ],
    ids=["four blocks", "all blocks", "underscores in user data", "two blocks"],
)
def test_names_are_taken_apart(name, expected):
    taken = parse(name)
    assert taken is not None
    assert parts(taken) == expected


@pytest.mark.parametrize("name", ["rain_window.wav", "dog.wav", "DOORWood.wav", "DOORWood_.wav", "", "Doorwood_x_y_z"])
def test_other_names_are_none(name):
    assert parse(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AEROHeli_HoverClose2_a_b.wav", "hover close 2 aircraft helicopter"),
        ("WATRMisc_Odd-Drip_a_b.wav", "drip odd water"),
    ],
)
def test_words_are_plain(name, words):
    taken = parse(name)
    assert taken is not None
    assert taken.words == words


def test_all_categories_are_there_once():
    assert len(categories()) > 700
    assert all(category.id == cat_id for cat_id, category in categories().items())


@given(name=st.text(max_size=60))
def test_no_name_breaks_it(name):
    taken = parse(name)
    assert taken is None or taken.title


@given(cat_id=st.sampled_from(sorted(categories())), title=blocks, creator=blocks, source=blocks)
def test_a_name_put_together_comes_apart_the_same(cat_id, title, creator, source):
    taken = parse(f"{cat_id}_{title}_{creator}_{source}.wav")
    assert taken is not None
    assert parts(taken) == (cat_id, "", "", title, creator, source, "")
