from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.networks.unmade import unmade  # noqa: E402
from soundstage.synth.mmaudio import autoencoder  # noqa: E402
from soundstage.synth.mmaudio.autoencoder import REACH, Autoencoder, Distribution  # noqa: E402
from soundstage.synth.mmaudio.preserving import folded  # noqa: E402
from soundstage.synth.mmaudio.variants import AT_16K, AT_44K, Sampling  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402

SAMPLING = Sampling("tiny", sample_rate=2000, hop=32, bands=8, channels=4, width=8)
CPU = Setting(torch.device("cpu"), torch.float32)

RESIDUAL = ["conv1.weight", "conv2.weight"]
WIDER = [*RESIDUAL, "nin_shortcut.weight"]
MIDDLE = {
    *(f"mid.{block}.{name}" for block in ("block_1", "block_2") for name in RESIDUAL),
    "mid.attn_1.qkv.weight",
    "mid.attn_1.proj_out.weight",
}
ENDS = {"conv_in.weight", "conv_out.weight", "learnable_gain"}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny one as published: raw filters, and means and deviations of spectrograms."""
    model = fill(Autoencoder(SAMPLING))
    model.data_std.abs_().add_(1)
    path = tmp_path_factory.mktemp("autoencoder") / "v1-tiny.pth"
    torch.save(model.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def tiny(checkpoint: Path) -> Autoencoder:
    return autoencoder.load(checkpoint, SAMPLING, CPU, encoder=True)


def names(half: str) -> set[str]:
    whole = unmade(lambda: Autoencoder(SAMPLING)).state_dict()
    return {name.removeprefix(half + ".") for name in whole if name.startswith(half + ".")}


class TestNames:
    def blocks(self, side: str, rows: list[list[list[str]]]) -> set[str]:
        return {
            f"{side}.{level}.block.{block}.{name}"
            for level, row in enumerate(rows)
            for block, found in enumerate(row)
            for name in found
        }

    def test_the_encoders_are_those_published(self):
        down = self.blocks("down", [[RESIDUAL, RESIDUAL], [WIDER, RESIDUAL], [WIDER, RESIDUAL]])
        halving = {"down.0.downsample.conv1.weight", "down.0.downsample.conv2.weight"}
        assert names("encoder") == ENDS | MIDDLE | down | halving

    def test_the_decoders_are_those_published(self):
        kept, narrower = [RESIDUAL] * 3, [WIDER, RESIDUAL, RESIDUAL]
        up = self.blocks("up", [narrower, narrower, kept])
        assert names("decoder") == ENDS | MIDDLE | up | {"up.1.upsample.conv.weight"}

    def test_means_and_deviations_of_spectrograms_come_with_it(self):
        assert {"data_mean", "data_std"} < set(unmade(lambda: Autoencoder(SAMPLING, encoder=False)).state_dict())

    @pytest.mark.parametrize(
        ("sampling", "millions"), [(AT_16K, 171.66), (AT_44K, 305.48)], ids=lambda given: getattr(given, "name", "")
    )
    def test_published_sizes_have_as_many_parameters(self, sampling: Sampling, millions: float):
        model = unmade(lambda: Autoencoder(sampling))
        assert sum(each.numel() for each in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)


class TestDecode:
    def test_recorded(self, tiny: Autoencoder):
        mel = tiny.decode(noise(1, 4, 12))
        assert mel.shape == (1, 8, 24)
        assert mel.square().mean().sqrt().item() == pytest.approx(1.115629, rel=1e-4)
        chosen = [mel[0, 0, 0].item(), mel[0, 5, 11].item(), mel[0, -1, -1].item()]
        assert chosen == pytest.approx([-1.65594, 1.16393, 0.71485], rel=1e-3)

    def test_rows_of_a_batch_are_what_they_are_alone(self, tiny: Autoencoder):
        latent = noise(3, 4, 12)
        alone = torch.cat([tiny.decode(row[None]) for row in latent])
        torch.testing.assert_close(tiny.decode(latent), alone, rtol=1e-5, atol=1e-5)

    def test_takes_latents_of_any_precision(self, tiny: Autoencoder):
        assert tiny.decode(noise(1, 4, 12).double()).dtype == torch.float32

    def test_what_is_further_off_than_its_reach_acts_by_attention_alone(self, checkpoint: Path):
        silent = autoencoder.load(checkpoint, SAMPLING, replace(CPU, dtype=torch.float64))
        silent.decoder.mid.attn_1.proj_out.weight.zero_()
        assert self.touched(silent) == (2 * (50 - REACH), 2 * (50 + REACH) + 1)

    def test_attention_looks_at_everything(self, tiny: Autoencoder):
        assert self.touched(tiny) == (0, 199)

    def touched(self, model: Autoencoder) -> tuple[int, int]:
        """The first and last of 200 frames that change when the 51st latent does."""
        latent = noise(1, 4, 100)
        other = latent.clone()
        other[..., 50] += 1
        frames = (model.decode(latent) - model.decode(other)).abs().amax(dim=(0, 1)).nonzero()
        return int(frames[0]), int(frames[-1])


class TestEncode:
    def test_recorded(self, tiny: Autoencoder):
        found = tiny.encode(noise(1, 8, 24))
        assert found.mean.shape == found.deviation.shape == (1, 4, 12)
        assert found.mean.square().mean().sqrt().item() == pytest.approx(1.535785, rel=1e-4)
        assert found.deviation.mean().item() == pytest.approx(1.423406, rel=1e-4)

    def test_a_sample_has_the_distributions_mean_and_deviation(self):
        shape = (1, 1, 20_000)
        drawn = Distribution(torch.full(shape, 3.0), torch.full(shape, 0.5)).sample(torch.Generator().manual_seed(1))
        assert drawn.mean().item() == pytest.approx(3.0, abs=0.02)
        assert drawn.std().item() == pytest.approx(0.5, abs=0.02)


class TestFolded:
    def test_filters_have_unit_norm(self):
        found = folded({"conv.weight": 5 * noise(6, 4, 3)})["conv.weight"]
        torch.testing.assert_close(found.flatten(1).norm(dim=1), torch.ones(6), rtol=1e-3, atol=0)

    def test_all_else_is_left_alone(self):
        given = {"data_mean": noise(1, 8, 1), "learnable_gain": torch.tensor(0.2)}
        assert folded(given) == given


class TestLoad:
    def test_can_leave_out_the_encoder(self, checkpoint: Path, tiny: Autoencoder):
        decoder = autoencoder.load(checkpoint, SAMPLING, CPU)
        assert not any(name.startswith("encoder.") for name in decoder.state_dict())
        assert torch.equal(decoder.decode(noise(1, 4, 12)), tiny.decode(noise(1, 4, 12)))

    def test_another_samplings_checkpoint_is_refused(self, checkpoint: Path):
        with pytest.raises(BadModel, match=r"v1-tiny\.pth does not fit Autoencoder: .* has shape"):
            autoencoder.load(checkpoint, replace(SAMPLING, width=16), CPU)
