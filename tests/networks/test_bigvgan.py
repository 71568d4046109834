import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal.windows import kaiser

torch = pytest.importorskip("torch")

from soundstage.errors import BadModel, MissingPart  # noqa: E402
from soundstage.networks.bigvgan import generator  # noqa: E402
from soundstage.networks.bigvgan.activation import Activation, SnakeBeta, kaiser_sinc  # noqa: E402
from soundstage.networks.bigvgan.generator import Generator, folded  # noqa: E402
from soundstage.networks.bigvgan.layout import AT_16K, AT_44K, Layout, read_layout  # noqa: E402
from soundstage.networks.rack import Setting  # noqa: E402
from soundstage.networks.unmade import unmade  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402

TINY = Layout(bands=6, rates=(4, 2), kernels=(8, 4), channels=16, blocks=(3, 7), dilations=(1, 3))
CPU = Setting(torch.device("cpu"), torch.float32)
PUBLISHED = {
    "resblock": "1",
    "num_mels": 128,
    "upsample_rates": [8, 4, 2, 2, 2, 2],
    "upsample_kernel_sizes": [16, 8, 4, 4, 4, 4],
    "upsample_initial_channel": 1536,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    "use_tanh_at_final": False,
    "use_bias_at_final": False,
    "activation": "snakebeta",
    "snake_logscale": True,
}


def soft(layout: Layout) -> Generator:
    """One whose sound is well within its bounds."""
    model = fill(Generator(layout))
    model.conv_post.weight.mul_(0.1)
    return model


@pytest.fixture(scope="module")
def tiny() -> Generator:
    return soft(TINY)


def write_config(folder: Path, **changes: object) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(PUBLISHED | changes))
    return path


class TestLayout:
    @pytest.mark.parametrize(("layout", "hop"), [(AT_16K, 256), (AT_44K, 512)], ids=["16k", "44k"])
    def test_samples_a_frame(self, layout: Layout, hop: int):
        assert layout.hop == hop

    @pytest.mark.parametrize(("layout", "millions"), [(AT_16K, 112.20), (AT_44K, 122.15)], ids=["16k", "44k"])
    def test_published_ones_have_as_many_parameters(self, layout: Layout, millions: float):
        model = unmade(lambda: Generator(layout))
        assert sum(each.numel() for each in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)

    @pytest.mark.parametrize("layout", [AT_16K, AT_44K, TINY], ids=["16k", "44k", "tiny"])
    def test_nothing_beyond_the_context_acts_on_a_frames_sound(self, layout: Layout):
        model = soft(replace(layout, channels=64)).double()
        reach, place = layout.context, layout.context + 2
        mel = noise(1, layout.bands, 2 * place + 1).double()
        other = mel.clone()
        other[..., place] += 1
        changed = (model(mel) - model(other))[0].nonzero().flatten()
        first, last = int(changed[0]) // layout.hop, int(changed[-1]) // layout.hop
        # What passes only the outermost taps of filter after filter is lost in rounding, even in float64.
        assert reach - 3 <= max(place - first, last - place) <= reach


class TestReadLayout:
    def test_the_published_configuration(self, tmp_path: Path):
        assert read_layout(write_config(tmp_path)) == AT_44K

    def test_what_older_configurations_leave_out(self, tmp_path: Path):
        told = {name: value for name, value in PUBLISHED.items() if not name.startswith("use_")}
        (tmp_path / "config.json").write_text(json.dumps(told))
        assert read_layout(tmp_path / "config.json") == replace(AT_44K, bounded_by_tanh=True, last_bias=True)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            pytest.param({"activation": "snake"}, "asks for activation 'snake'; only 'snakebeta'", id="activation"),
            pytest.param({"resblock": "2"}, "asks for resblock '2'; only '1'", id="residual block"),
            pytest.param(
                {"resblock_dilation_sizes": [[1, 3, 5], [1, 2], [1]]}, "asks for other dilations", id="dilations"
            ),
            pytest.param({"num_mels": "many"}, "no BigVGAN configuration", id="no number"),
            pytest.param({"resblock_dilation_sizes": []}, "no BigVGAN configuration", id="no dilations"),
        ],
    )
    def test_what_is_not_built_here_is_refused(self, tmp_path: Path, changes: dict[str, object], said: str):
        with pytest.raises(BadModel, match=said):
            read_layout(write_config(tmp_path, **changes))

    @pytest.mark.parametrize("text", ["{", "[]", "{}"], ids=["cut short", "a list", "empty"])
    def test_what_is_no_configuration_is_refused(self, tmp_path: Path, text: str):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(BadModel, match="no BigVGAN configuration"):
            read_layout(tmp_path / "config.json")

    def test_a_missing_one_is_told(self, tmp_path: Path):
        with pytest.raises(MissingPart, match="soundstage models pull"):
            read_layout(tmp_path / "config.json")


class TestActivation:
    def test_snake_adds_a_squared_sine(self):
        snake = SnakeBeta(2).requires_grad_(False)
        snake.alpha.copy_(torch.tensor([0.0, math.log(2)]))
        snake.beta.copy_(torch.tensor([math.log(4), 0.0]))
        found = snake(torch.tensor([[[0.5], [0.3]]]))[0, :, 0]
        expected = [0.5 + math.sin(0.5) ** 2 / 4, 0.3 + math.sin(0.6) ** 2]
        assert found.tolist() == pytest.approx(expected)

    def test_its_low_pass_is_a_sinc_under_a_kaiser_window(self):
        ideal = np.sinc(0.5 * (np.arange(12) - 5.5)) * kaiser(12, beta=4.663)
        np.testing.assert_allclose(kaiser_sinc(0.25, 0.3, 12), ideal / ideal.sum(), atol=1e-4)

    def test_a_slow_signal_gets_through_unchanged_but_for_the_snake(self):
        activation = Activation(1).requires_grad_(False)
        slow = torch.linspace(0, 2 * math.pi, 400).sin()[None, None]
        expected = activation.act(slow)
        torch.testing.assert_close(activation(slow)[..., 10:-10], expected[..., 10:-10], atol=2e-3, rtol=0)

    def test_harmonics_fold_back_less(self):
        activation = Activation(1).requires_grad_(False)
        assert alias(activation) < 0.2 * alias(activation.act)


def alias(turn: "torch.nn.Module") -> float:
    """Power at 0.2 of the sampling rate of what is made of a tone at 0.4: the tone's octave, folded back."""
    tone = (2 * math.pi * 0.4 * torch.arange(2000)).sin()[None, None]
    return float(torch.fft.rfft(turn(tone)[0, 0] * torch.hann_window(2000))[400].abs().square())


class TestGenerator:
    def test_names_are_those_published(self):
        names = set(unmade(lambda: Generator(replace(TINY, rates=(4,), kernels=(8,), blocks=(3,)))).state_dict())
        activation = ["act.alpha", "act.beta", "upsample.filter", "downsample.lowpass.filter"]
        convolutions = ["conv_pre", "ups.0.0", "conv_post"]
        convolutions += [f"resblocks.0.convs{which}.{i}" for which in (1, 2) for i in range(2)]
        activations = ["activation_post", *(f"resblocks.0.activations.{i}" for i in range(4))]
        assert names == {f"{layer}.{name}" for layer in convolutions for name in ("weight", "bias")} | {
            f"{layer}.{name}" for layer in activations for name in activation
        }

    def test_recorded(self, tiny: Generator):
        sound = tiny(noise(1, 6, 20))
        assert sound.shape == (1, 160)
        assert sound.square().mean().sqrt().item() == pytest.approx(0.358383, rel=1e-4)
        chosen = [sound[0, 0].item(), sound[0, 77].item(), sound[0, -1].item()]
        assert chosen == pytest.approx([-0.307863, -0.323977, -0.265347], rel=1e-3)

    def test_rows_of_a_batch_are_what_they_are_alone(self, tiny: Generator):
        mel = noise(3, 6, 20)
        alone = torch.cat([tiny(row[None]) for row in mel])
        torch.testing.assert_close(tiny(mel), alone, rtol=1e-5, atol=1e-5)

    def test_a_piece_with_its_context_sounds_as_in_the_whole(self, tiny: Generator):
        mel, context, hop = noise(1, 6, 100), TINY.context, TINY.hop
        piece = tiny(mel[..., 40 - context : 60 + context])
        torch.testing.assert_close(
            piece[:, hop * context : -hop * context], tiny(mel)[:, 40 * hop : 60 * hop], rtol=0, atol=1e-5
        )

    @pytest.mark.parametrize("by_tanh", [True, False], ids=["by tanh", "by clipping"])
    def test_sound_is_bounded(self, by_tanh: bool):
        loud = fill(Generator(replace(TINY, bounded_by_tanh=by_tanh)))
        loud.conv_post.weight.mul_(100)
        assert loud(noise(1, 6, 20)).abs().max() == pytest.approx(1, abs=1e-6)

    def test_is_one_graph(self, tiny: Generator):
        compiled = torch.compile(tiny, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(noise(1, 6, 20)), tiny(noise(1, 6, 20)))


def spelt(model: Generator, magnitude: str, direction: str) -> dict[str, torch.Tensor]:
    """Its weights as weight normalisation would hold them: directions of some length, and magnitudes apart."""
    weights = {}
    for name, value in model.state_dict().items():
        if not name.endswith(".weight"):
            weights[name] = value
            continue
        owner = name.removesuffix("weight")
        weights[owner + direction] = 3 * value
        weights[owner + magnitude] = value.flatten(1).norm(dim=1)[:, None, None]
    return weights


class TestLoad:
    @pytest.mark.parametrize(
        ("magnitude", "direction"),
        [
            pytest.param("weight_g", "weight_v", id="as torch named them once"),
            pytest.param("parametrizations.weight.original0", "parametrizations.weight.original1", id="as now"),
        ],
    )
    def test_works_out_weight_normalisation(self, tiny: Generator, tmp_path: Path, magnitude: str, direction: str):
        torch.save({"generator": spelt(tiny, magnitude, direction)}, tmp_path / "g.pt")
        loaded = generator.load(tmp_path / "g.pt", TINY, CPU)
        torch.testing.assert_close(loaded(noise(1, 6, 20)), tiny(noise(1, 6, 20)), rtol=0, atol=1e-5)

    def test_takes_plain_weights_as_they_are(self, tiny: Generator, tmp_path: Path):
        torch.save({"generator": tiny.state_dict()}, tmp_path / "g.pt")
        assert torch.equal(generator.load(tmp_path / "g.pt", TINY, CPU)(noise(1, 6, 20)), tiny(noise(1, 6, 20)))

    def test_another_layouts_checkpoint_is_refused(self, tiny: Generator, tmp_path: Path):
        torch.save({"generator": tiny.state_dict()}, tmp_path / "g.pt")
        with pytest.raises(BadModel, match=r"g\.pt does not fit Generator: it also holds conv_post\.bias"):
            generator.load(tmp_path / "g.pt", replace(TINY, last_bias=False), CPU)

    def test_a_direction_without_its_magnitude_is_refused(self, tiny: Generator, tmp_path: Path):
        weights = spelt(tiny, "weight_g", "weight_v")
        del weights["conv_pre.weight_g"]
        torch.save({"generator": weights}, tmp_path / "g.pt")
        with pytest.raises(BadModel, match=r"it lacks conv_pre\.weight of"):
            generator.load(tmp_path / "g.pt", TINY, CPU)

    def test_folding_leaves_what_it_was_given(self, tiny: Generator):
        weights = spelt(tiny, "weight_g", "weight_v")
        before = set(weights)
        folded(weights)
        assert set(weights) == before
