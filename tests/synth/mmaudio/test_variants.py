import pytest

from soundstage.synth.mmaudio.variants import AT_16K, AT_44K, SHORTEST, VARIANTS, Lengths, Sampling


@pytest.mark.parametrize(
    ("sampling", "duration", "lengths"),
    [
        pytest.param(AT_16K, 8.0, Lengths(250, 64, 192), id="16k as trained"),
        pytest.param(AT_44K, 8.0, Lengths(345, 64, 192), id="44k as trained"),
        pytest.param(AT_16K, 0.64, Lengths(20, 5, 8), id="16k one segment"),
        pytest.param(AT_44K, 0.64, Lengths(28, 5, 8), id="44k one segment"),
        pytest.param(AT_16K, 0.95, Lengths(30, 7, 8), id="just no second segment"),
        pytest.param(AT_16K, 0.96, Lengths(30, 7, 16), id="just a second segment"),
        pytest.param(AT_16K, 2.0, Lengths(63, 16, 40), id="half a latent more"),
        pytest.param(AT_44K, 11.3, Lengths(487, 90, 272), id="longer than trained"),
    ],
)
def test_lengths(sampling: Sampling, duration: float, lengths: Lengths):
    assert sampling.lengths(duration) == lengths


def test_a_sound_without_one_segment_of_movement_is_refused():
    with pytest.raises(ValueError, match=r"no sound of 0\.6 s; ask for at least 0\.64 s"):
        AT_44K.lengths(0.6)


@pytest.mark.parametrize("sampling", [AT_16K, AT_44K], ids=lambda sampling: sampling.name)
@pytest.mark.parametrize("duration", [SHORTEST, 1.0, 3.3, 8.0])
def test_latents_cover_all_of_a_sound(sampling: Sampling, duration: float):
    covered = sampling.lengths(duration).latent * sampling.samples_per_latent
    assert 0 <= covered - duration * sampling.sample_rate < sampling.samples_per_latent


def test_latent_rates():
    assert AT_16K.latent_rate == 31.25
    assert AT_44K.latent_rate == pytest.approx(43.066, abs=1e-3)


def test_published_sizes():
    sizes = {name: (each.hidden, each.heads, each.depth, each.fused) for name, each in VARIANTS.items()}
    assert sizes == {
        "small_16k": (448, 7, 12, 8),
        "small_44k": (448, 7, 12, 8),
        "medium_44k": (896, 14, 12, 8),
        "large_44k": (896, 14, 21, 14),
        "large_44k_v2": (896, 14, 21, 14),
    }


def test_only_the_v2_checkpoint_is_revised():
    assert [name for name, each in VARIANTS.items() if each.revised] == ["large_44k_v2"]
