from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.networks.synchformer import segments  # noqa: E402
from soundstage.networks.synchformer.config import OFFSETS, SyncConfig  # noqa: E402
from soundstage.networks.synchformer.network import SyncNet, load_sync_net, load_sync_pictures  # noqa: E402
from soundstage.networks.unmade import unmade  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402

SMALL = SyncConfig(width=24, heads=3, sight_layers=2, sound_layers=1, joint_layers=1, joint_heads=2, picture=32)
ON_CPU = Setting(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def net():
    return fill(SyncNet(SMALL))


@pytest.fixture(scope="module")
def features(net):
    """Of 20 segments: pictures and sound."""
    return net.picture_features(noise(1, 168, 3, 32, 32)), net.sound_features(noise(1, 107_520))


def seen(count=2):
    return noise(1, count, 16, 3, 32, 32)


def published(net, path):
    weights = {
        **net.state_dict(),
        "vfeat_extractor.patch_embed.proj.weight": torch.zeros(24, 3, 16, 16),
        "vfeat_extractor.patch_embed.proj.bias": torch.zeros(24),
    }
    torch.save(weights, path)
    return path


def test_pictures_become_the_recorded_features(net):
    found = net.vfeat_extractor(seen())
    assert found.shape == (1, 2, 8, 24)
    assert found[0, 1, 5, :4].tolist() == pytest.approx([-2.00423, -0.09409, -1.25372, -0.18072], abs=1e-5)


def test_sounds_become_the_recorded_features(net):
    found = net.sound_features(noise(2, 20_480))
    assert found.shape == (2, 3, 6, 24)
    assert found[1, 2, 3, :4].tolist() == pytest.approx([0.42331, -0.01013, -0.59933, -1.10234], abs=1e-5)


def test_features_become_the_recorded_logits(net, features):
    pictures, sound = features
    found = net.offsets(pictures[:, :14], sound[:, :14])
    assert found.shape == (1, 21)
    assert found[0, :4].tolist() == pytest.approx([0.6725, -1.22513, 0.07337, -0.41402], abs=1e-5)


def test_segments_are_seen_one_by_one(net):
    together = net.vfeat_extractor(seen(3))
    alone = torch.cat([net.vfeat_extractor(seen(3)[:, [place]]) for place in range(3)], dim=1)
    assert torch.allclose(together, alone, atol=1e-5)


def test_a_moment_shows_in_the_features_of_its_time(net):
    """Attention goes through all slices, so all change, but the class token of the slice itself changes most."""
    other = seen(1).clone()
    other[:, :, 6:8] = 1
    change = (net.vfeat_extractor(other) - net.vfeat_extractor(seen(1))).abs().mean(dim=-1)[0, 0]
    assert change.argmax() == 3


def test_film_and_sound_of_one_length_give_as_many_segments(features):
    pictures, sound = features
    assert pictures.shape == (1, 20, 8, 24)
    assert sound.shape == (1, 20, 6, 24)


def test_only_whole_windows_are_compared(net, features):
    pictures, sound = features
    with pytest.raises(ValueError, match="13 and 14 segments were given instead of 14"):
        net.offsets(pictures[:, :13], sound[:, :14])


def test_desync_is_the_mean_of_beginning_and_end(net, features):
    pictures, sound = features
    windows = (slice(None, 14), slice(-14, None))
    ends = [OFFSETS[int(net.offsets(pictures[:, one], sound[:, one]).argmax())] for one in windows]
    assert net.desync(pictures, sound).tolist() == pytest.approx([(abs(ends[0]) + abs(ends[1])) / 2])


def test_the_grid_of_offsets_is_two_seconds_each_way():
    assert (OFFSETS[0], OFFSETS[10], OFFSETS[20]) == (-2.0, 0.0, 2.0)
    assert [round(after - before, 9) for before, after in pairwise(OFFSETS)] == [0.2] * 20


def test_the_published_file_is_loaded(net, tmp_path, features):
    loaded = load_sync_net(published(net, tmp_path / "synchformer_state_dict.pth"), ON_CPU, SMALL)
    assert torch.equal(loaded.desync(*features), net.desync(*features))
    assert torch.equal(loaded.vfeat_extractor(seen()), net.vfeat_extractor(seen()))


def test_the_part_that_sees_is_loaded_from_the_file_of_the_whole(net, tmp_path):
    loaded = load_sync_pictures(published(net, tmp_path / "synchformer_state_dict.pth"), ON_CPU, SMALL)
    assert torch.equal(loaded(seen()), net.vfeat_extractor(seen()))


def test_half_precision_gives_nearly_the_same(net, tmp_path):
    path = published(net, tmp_path / "synchformer_state_dict.pth")
    half = load_sync_net(path, Setting(torch.device("cpu"), torch.bfloat16), SMALL)
    for exact, rough in (
        (net.vfeat_extractor(seen()), half.vfeat_extractor(seen())),
        (net.sound_features(noise(1, 20_480)), half.sound_features(noise(1, 20_480))),
    ):
        assert rough.dtype == torch.bfloat16
        assert torch.cosine_similarity(exact, rough.float(), dim=-1).min() > 0.99


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "synchformer_state_dict.pth"
    torch.save({"weight": torch.zeros(1)}, path)
    with pytest.raises(BadModel, match="SyncPictures"):
        load_sync_pictures(path, ON_CPU, SMALL)


def test_the_published_model_has_its_published_size_and_names():
    network = unmade(SyncNet)
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    sight = sum(value.numel() for value in network.vfeat_extractor.parameters())
    assert sight + 768 * (3 * 16 * 16 + 1) == 122_440_704
    assert shapes["vfeat_extractor.blocks.11.timeattn.qkv.weight"] == (2304, 768)
    assert shapes["vfeat_extractor.spatial_attn_agg.self_attn.in_proj_weight"] == (2304, 768)
    assert shapes["afeat_extractor.ast.embeddings.position_embeddings"] == (1, 74, 768)
    assert shapes["afeat_extractor.ast.encoder.layer.11.attention.attention.query.weight"] == (768, 768)
    assert shapes["transformer.pos_emb_cfg.pos_emb"] == (1, 198, 768)
    assert shapes["transformer.off_head.weight"] == (21, 768)


@pytest.mark.parametrize(("count", "expected"), [(16, 1), (23, 1), (24, 2), (200, 24)])
def test_pictures_fall_into_segments(count, expected):
    numbers = torch.arange(count).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)
    cut = segments.of_pictures(numbers)
    assert cut.shape == (expected, 16, 3, 2, 2)
    assert cut[-1, :, 0, 0, 0].tolist() == list(range(8 * (expected - 1), 8 * (expected - 1) + 16))


def test_sound_falls_into_segments_at_the_same_times():
    cut = segments.of_samples(torch.arange(128_000).expand(2, -1))
    assert cut.shape == (2, 24, 10_240)
    assert cut[1, 3, 0] == 3 * 8 / 25 * 16_000


def test_too_little_for_a_segment_is_refused():
    with pytest.raises(ValueError, match="15 pictures"):
        segments.of_pictures(noise(15, 3, 2, 2))
    with pytest.raises(ValueError, match="10239 samples"):
        segments.of_samples(noise(1, 10_239))
