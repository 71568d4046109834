from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.networks.unmade import unmade  # noqa: E402
from soundstage.synth.mmaudio import network  # noqa: E402
from soundstage.synth.mmaudio.conditions import Conditions, stack  # noqa: E402
from soundstage.synth.mmaudio.network import Velocity, guided  # noqa: E402
from soundstage.synth.mmaudio.variants import VARIANTS, Lengths, Sampling, Variant  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402

SAMPLING = Sampling("tiny", sample_rate=2000, hop=32, bands=8, channels=4, width=8)
FIRST = Variant(
    "tiny", SAMPLING, heads=2, depth=3, fused=1, head_channels=8, clip_channels=12, sync_channels=16, text_channels=20
)
REVISED = replace(FIRST, revised=True)
LENGTHS = Lengths(latent=11, clip=5, sync=16)
CPU = Setting(torch.device("cpu"), torch.float32)

ATTENTION = ["attn.k_norm.weight", "attn.q_norm.weight", "attn.qkv.bias", "attn.qkv.weight"]
ASKING = ["adaLN_modulation.1.bias", "adaLN_modulation.1.weight", *ATTENTION]
BLOCK = [*ASKING, "ffn.w1.weight", "ffn.w2.weight", "ffn.w3.weight", "linear1.bias", "linear1.weight"]


@pytest.fixture(scope="module")
def tiny() -> Velocity:
    return fill(Velocity(FIRST))


def features(variant: Variant = FIRST, lengths: Lengths = LENGTHS, key: int = 0, rows: int = 1):
    """Features of pictures, movement and words."""
    clip = noise(rows, lengths.clip, variant.clip_channels, key=key)
    sync = noise(rows, lengths.sync, variant.sync_channels, key=key + 1)
    return clip, sync, noise(rows, variant.text_length, variant.text_channels, key=key + 2)


def conditions(model: Velocity, key: int = 0, lengths: Lengths = LENGTHS, rows: int = 1) -> Conditions:
    return model.conditions(*features(model.variant, lengths, key, rows), lengths.latent)


def latents(rows: int = 1, length: int = LENGTHS.latent, key: int = 9):
    return noise(rows, length, SAMPLING.channels, key=key)


class TestNames:
    def names(self, variant: Variant) -> set[str]:
        return set(unmade(lambda: Velocity(variant)).state_dict())

    def of(self, prefix: str, names: list[str]) -> set[str]:
        return {f"{prefix}.{name}" for name in names}

    def test_blocks_are_named_as_published(self):
        found = {name for name in self.names(FIRST) if "_blocks." in name}
        expected = self.of("fused_blocks.0", BLOCK)
        for part, last in (("latent", BLOCK), ("clip", ASKING), ("text", ASKING)):
            expected |= self.of(f"joint_blocks.0.{part}_block", BLOCK) | self.of(f"joint_blocks.1.{part}_block", last)
        assert found == expected

    def test_all_else_is_named_as_published(self):
        found = {name for name in self.names(FIRST) if "_blocks." not in name}
        gated = ["w1.weight", "w2.weight", "w3.weight"]
        assert found == {
            *("latent_mean", "latent_std", "sync_pos_emb", "empty_string_feat", "empty_clip_feat", "empty_sync_feat"),
            *self.of("audio_input_proj", ["0.bias", "0.weight"]) | self.of("audio_input_proj.2", gated),
            *self.of("clip_input_proj", ["0.bias", "0.weight"]) | self.of("clip_input_proj.1", gated),
            *self.of("sync_input_proj", ["0.bias", "0.weight"]) | self.of("sync_input_proj.2", gated),
            *self.of("text_input_proj", ["0.bias", "0.weight"]) | self.of("text_input_proj.1", gated),
            *self.of("clip_cond_proj", ["bias", "weight"]) | self.of("text_cond_proj", ["bias", "weight"]),
            *self.of("global_cond_mlp", gated),
            *self.of("t_embed.mlp", ["0.bias", "0.weight", "2.bias", "2.weight"]),
            *self.of("final_layer", ["adaLN_modulation.1.bias", "adaLN_modulation.1.weight", "conv.bias"]),
            "final_layer.conv.weight",
        }

    def test_v2_has_an_activation_in_every_input(self):
        moved = self.names(REVISED) - self.names(FIRST)
        assert {name.rsplit(".", 2)[0] for name in moved} == {"clip_input_proj.2", "text_input_proj.2"}

    @pytest.mark.parametrize(
        ("name", "millions"),
        [
            ("small_16k", 157.28),
            ("small_44k", 157.41),
            ("medium_44k", 621.81),
            ("large_44k", 1030.00),
            ("large_44k_v2", 1030.58),
        ],
    )
    def test_published_variants_have_as_many_parameters(self, name: str, millions: float):
        model = unmade(lambda: Velocity(VARIANTS[name]))
        assert sum(each.numel() for each in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)


class TestVelocity:
    @pytest.mark.parametrize(
        ("variant", "size", "chosen"),
        [
            pytest.param(FIRST, 0.827984, [1.81346, 0.18756, 0.98136], id="first"),
            pytest.param(REVISED, 0.634032, [1.38209, 0.44708, 0.29798], id="v2"),
        ],
    )
    def test_recorded(self, variant: Variant, size: float, chosen: list[float]):
        model = fill(Velocity(variant))
        found = model(latents(), torch.tensor([0.28]), conditions(model))[0]
        assert found.square().mean().sqrt().item() == pytest.approx(size, rel=1e-4)
        assert [found[0, 0].item(), found[5, 2].item(), found[-1, -1].item()] == pytest.approx(chosen, rel=1e-3)

    def test_rows_of_a_batch_are_what_they_are_alone_each_at_its_own_time(self, tiny: Velocity):
        rows, times = latents(3), torch.tensor([0.0, 0.4, 0.96])
        wishes = [conditions(tiny, key=10 * row) for row in range(3)]
        together = tiny(rows, times, stack(wishes))
        alone = [tiny(rows[row, None], times[row, None], wishes[row]) for row in range(3)]
        torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("what", ["time", "clip", "sync", "text"])
    def test_hangs_on(self, tiny: Velocity, what: str):
        def velocity(**changed: int):
            clip, sync, text = (
                noise(1, *shape, key=changed.get(name, key))
                for key, (name, shape) in enumerate(
                    {"clip": (5, 12), "sync": (16, 16), "text": (77, 20)}.items(), start=1
                )
            )
            time = torch.tensor([0.1 * changed.get("time", 1)])
            return tiny(latents(), time, tiny.conditions(clip, sync, text, LENGTHS.latent))

        assert (velocity() - velocity(**{what: 7})).abs().max() > 1e-3

    def test_no_length_is_remembered(self, tiny: Velocity):
        longer = Lengths(latent=17, clip=8, sync=24)
        before = tiny(latents(), torch.tensor([0.5]), conditions(tiny))
        tiny(latents(length=17), torch.tensor([0.5]), conditions(tiny, lengths=longer))
        assert torch.equal(tiny(latents(), torch.tensor([0.5]), conditions(tiny)), before)

    def test_movement_acts_where_it_is(self, tiny: Velocity):
        clip, sync, text = features()
        other = sync.clone()
        other[:, :8] = 0
        change = tiny.conditions(clip, sync, text, 16).sync - tiny.conditions(clip, other, text, 16).sync
        assert change.abs().amax(dim=(0, 2))[:8].min() > 1e-3
        assert change[:, 13:].abs().max() == 0  # five features further on, as far as convolutions of 7, 3 and 3 reach

    def test_is_of_the_latents_type(self):
        model = fill(Velocity(FIRST)).to(torch.bfloat16)
        assert model(latents(), torch.tensor([0.5]), conditions(model)).dtype == torch.float32

    def test_half_precision_comes_near(self, tiny: Velocity):
        half = fill(Velocity(FIRST)).to(torch.bfloat16)
        time = torch.tensor([0.52])
        found, exact = half(latents(), time, conditions(half)), tiny(latents(), time, conditions(tiny))
        assert (found - exact).square().mean() < 0.01 * exact.square().mean()

    def test_is_one_graph(self, tiny: Velocity):
        compiled = torch.compile(tiny, backend="eager", fullgraph=True)
        given = latents(), torch.tensor([0.5]), conditions(tiny)
        torch.testing.assert_close(compiled(*given), tiny(*given))


class TestGuidance:
    def test_leads_from_the_unwanted_through_the_wanted(self, tiny: Velocity):
        latent, time = latents(2), torch.tensor([0.2, 0.6])
        wanted, unwanted = conditions(tiny, rows=2), conditions(tiny, key=30, rows=2)
        expected = 4.5 * tiny(latent, time, wanted) - 3.5 * tiny(latent, time, unwanted)
        found = guided(tiny, latent, time, wanted, unwanted, 4.5)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)

    def test_below_one_is_none(self, tiny: Velocity):
        latent, time, wanted = latents(), torch.tensor([0.2]), conditions(tiny)
        found = guided(tiny, latent, time, wanted, conditions(tiny, key=30), 0.5)
        assert torch.equal(found, tiny(latent, time, wanted))


class TestEmpty:
    def test_what_is_missing_has_features_of_its_own(self, tiny: Velocity):
        clip, sync, text = tiny.no_clip(2, LENGTHS), tiny.no_sync(2, LENGTHS), tiny.no_text(2)
        assert (clip.shape, sync.shape, text.shape) == ((2, 5, 12), (2, 16, 16), (2, 77, 20))
        assert torch.equal(clip[1, 3], tiny.empty_clip_feat[0])
        assert torch.equal(sync[1, 3], tiny.empty_sync_feat[0])
        assert torch.equal(text[1], tiny.empty_string_feat)


class TestUnnormalise:
    def test_scales_and_shifts_every_channel_and_leaves_its_input(self, tiny: Velocity):
        latent = latents()
        found = tiny.unnormalise(latent)
        assert torch.equal(latent, latents())
        torch.testing.assert_close(found[0, 3], latent[0, 3] * tiny.latent_std[0, 0] + tiny.latent_mean[0, 0])


class TestConditions:
    def test_rows_and_stack_undo_each_other(self, tiny: Velocity):
        whole = conditions(tiny, rows=3)
        again = stack([whole.rows([2]), whole.rows(slice(0, 2)), whole.rows(-1)])
        assert len(again) == 4
        for name in ("clip", "sync", "text", "summary"):
            assert torch.equal(getattr(again, name), getattr(whole, name)[[2, 0, 1, 2]])

    def test_of_other_lengths_are_not_stacked(self, tiny: Velocity):
        longer = conditions(tiny, lengths=Lengths(latent=12, clip=5, sync=16))
        with pytest.raises(ValueError, match="same lengths"):
            stack([conditions(tiny), longer])


class TestLoad:
    def test_gives_the_network_of_a_checkpoint(self, tiny: Velocity, tmp_path: Path):
        torch.save(tiny.state_dict(), tmp_path / "tiny.pth")
        loaded = network.load(tmp_path / "tiny.pth", FIRST, CPU)
        given = latents(), torch.tensor([0.5])
        assert torch.equal(loaded(*given, conditions(loaded)), tiny(*given, conditions(tiny)))

    def test_takes_checkpoints_that_hold_what_is_worked_out_here(self, tiny: Velocity, tmp_path: Path):
        extra = {name: torch.zeros(3) for name in ("t_embed.freqs", "latent_rot", "clip_rot")}
        torch.save(tiny.state_dict() | extra, tmp_path / "tiny.pth")
        loaded = network.load(tmp_path / "tiny.pth", FIRST, CPU)
        assert loaded.state_dict().keys() == tiny.state_dict().keys()

    def test_another_variants_checkpoint_is_refused(self, tiny: Velocity, tmp_path: Path):
        torch.save(tiny.state_dict(), tmp_path / "tiny.pth")
        with pytest.raises(BadModel, match=r"tiny\.pth does not fit Velocity: it lacks clip_input_proj\.2\.w1\.weight"):
            network.load(tmp_path / "tiny.pth", REVISED, CPU)

    def test_another_size_is_refused(self, tiny: Velocity, tmp_path: Path):
        torch.save(tiny.state_dict(), tmp_path / "tiny.pth")
        with pytest.raises(BadModel, match=r"has shape \(.*\) where \(.*\) was expected"):
            network.load(tmp_path / "tiny.pth", replace(FIRST, heads=4), CPU)

    def test_a_damaged_file_is_refused(self, tmp_path: Path):
        (tmp_path / "tiny.pth").write_bytes(b"PK\x03\x04 cut short")
        with pytest.raises(BadModel, match="damaged or no checkpoint"):
            network.load(tmp_path / "tiny.pth", FIRST, CPU)

    def test_a_missing_file_is_told(self, tmp_path: Path):
        with pytest.raises(MissingPart, match="soundstage models pull"):
            network.load(tmp_path / "tiny.pth", FIRST, CPU)
