"""Shows that what measures soundtracks agrees with the published code: same weights, same inputs, float32.

    python -m benchmarks.parity.hearing --av-benchmark DIR --passt DIR --ms-clap DIR --laion-clap DIR \
        --torchlibrosa DIR --torchaudio DIR

Each `DIR` is a checkout: hkchengrex/av-benchmark (VGGish, PANNs), kkoutini/passt_hear21, microsoft/CLAP, LAION-AI/CLAP,
qiuqiangkong/torchlibrosa; of torchaudio, whose folder holds `compliance` and `functional`, two files are run. What else
they import is stood in for, in this process alone. Networks have their published sizes, but for the texts' encoders.
"""

import argparse
import contextlib
import gc
import importlib
import io
import math
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import soundfile
import torch
from torch import Tensor, nn
from transformers import GPT2Config, GPT2Model, RobertaConfig, RobertaModel

from benchmarks.parity.stand_ins import difference, module, package
from soundstage.evaluation.features.item import Item, legacy
from soundstage.evaluation.features.resampling import resampled
from soundstage.evaluation.features.sounds import cut, heard
from soundstage.networks import laionclap, msclap, panns, passt, vggish
from soundstage.networks.mel import MelSettings, mel_filters
from soundstage.networks.rack import Setting
from soundstage.networks.spectrogram import Spectrogram

MOST = 1e-4
ON_CPU = Setting(torch.device("cpu"), torch.float32)
_LAION = laionclap.LaionConfig(layers=2)
_MICROSOFT = msclap.MsConfig(layers=2)

Errors = dict[str, float]


def main() -> int:
    """Compare, print one line each, return 1 where something differs."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("av-benchmark", "passt", "ms-clap", "laion-clap", "torchlibrosa", "torchaudio"):
        asked.add_argument(f"--{name}", type=Path, required=True)
    options = asked.parse_args()
    _stand_in(options)
    torch.manual_seed(5)
    differing = 0
    for compare in (_resampling, _reading, _vggish, _panns, _passt, _ms_clap, _laion_clap):
        began = time.perf_counter()
        with torch.inference_mode():
            errors = compare()
        gc.collect()
        for name, error in errors.items():
            differing += error >= MOST
            print(f"{name:28} relative error {error:.2e} {'agrees' if error < MOST else 'DIFFERS'}")
        print(f"{'':28} {time.perf_counter() - began:.1f} s")
    return int(bool(differing))


def _resampling() -> Errors:
    original = _module("torchaudio.functional.functional")
    errors = {}
    for given, wanted in ((48_000, 16_000), (44_100, 16_000), (48_000, 32_000), (48_000, 44_100), (22_050, 48_000)):
        sound = torch.randn(3 * given)
        errors[f"{given} to {wanted} Hz"] = difference(
            original.resample(sound, given, wanted), resampled(sound, given, wanted)
        )
    return errors


def _reading() -> Errors:
    """What the networks are shown of a file: av-benchmark's datasets beside our reader."""
    datasets = _module("av_bench.data.audio_dataset")
    rate, shown = 44_100, legacy(8.0)
    time = torch.arange(9 * rate) / rate
    stereo = torch.stack((0.3 * torch.sin(2000 * time * time), 0.1 * torch.randn(9 * rate) + 0.2))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.wav"
        soundfile.write(str(path), stereo.T.numpy(), rate, subtype="PCM_16")
        item = Item("film", 9.0, path)
        ours = heard(item)
        errors = {}
        for wanted in (16_000, 32_000, 48_000):
            theirs, name = datasets.AudioDataset([path], audio_length=8.0, sr=wanted)[0]
            found = cut(ours.at(wanted), wanted, shown, item)
            errors[f"{name}.wav at {wanted} Hz"] = difference(theirs, found)
        theirs, _ = datasets.SynchformerAudioDataset([path], duration=8.0)[0]
        errors["film.wav for Synchformer"] = difference(theirs, ours.at(16_000, centred=False)[: 8 * 16_000])
    return errors


def _vggish() -> Errors:
    original = _module("av_bench.vggish.vggish").VGGish(pretrained=False, postprocess=False).eval()
    sounds = torch.randn(2, 50_000) * 0.2
    wanted = original(sounds)
    with _checkpoint(original.state_dict()) as path:
        ours = vggish.load_vggish(path, ON_CPU)
    found = torch.stack([ours(vggish.examples(sound)) for sound in sounds])
    return {"VGGish, (frames, 128)": difference(wanted, found)}


def _panns() -> Errors:
    """The original reads its weights from a folder of the user's: it is given ours there."""
    ours = _stirred(panns.Panns()).eval()
    _as_published(ours.spectrogram_extractor, panns.PANNS.window)
    filters = mel_filters(MelSettings(panns.RATE, panns.PANNS.window, panns.PANNS.hop, panns.PANNS.bands, 8_000.0))
    ours.logmel_extractor.melW.copy_(filters.T)
    with tempfile.TemporaryDirectory() as home, _environment(HOME=home):
        folder = Path(home) / ".cache/audioldm_eval/ckpt"
        folder.mkdir(parents=True)
        (folder / "Cnn14_mAP=0.431.pth").touch()  # that it is there is all that matters
        torch.save({"model": ours.state_dict()}, folder / panns.FILE)
        names = {"window_size": 512, "hop_size": 160, "mel_bins": 64, "fmin": 50, "fmax": 8000, "classes_num": 527}
        build = _module("av_bench.panns").Cnn14
        original = build(features_list=["2048", "logits"], sample_rate=16_000, **names).eval()
        loaded = panns.load_panns(folder / panns.FILE, ON_CPU)
    sounds = torch.randn(2, 8 * panns.RATE) * 0.2
    wanted, found = original(sounds), loaded(sounds)
    return {
        "PANNs, (2048)": difference(wanted["2048"], found[0]),
        "PANNs, logits": difference(wanted["logits"], found[1]),
    }


def _passt() -> Errors:
    with contextlib.redirect_stdout(io.StringIO()):
        models = _module("hear21passt.models.passt")
        net = models.get_model(arch="passt_s_swa_p16_128_ap476", pretrained=False)
        shown = _module("hear21passt.models.preprocess")
        shown.torch = _with_real_spectra()
        settings: dict[str, Any] = {
            "n_mels": 128,
            "sr": 32_000,
            "win_length": 800,
            "hopsize": 320,
            "n_fft": 1024,
            "freqm": 48,
        }
        settings |= {"timem": 192, "htk": False, "fmin": 0.0, "fmax": None, "norm": 1}
        mel = shown.AugmentMelSTFT(**settings, fmin_aug_range=10, fmax_aug_range=2000)
        wrapper = _module("hear21passt.wrapper").PasstBasicWrapper
        original = wrapper(mel=mel, net=_stirred(net), mode="all").eval()
        sound = torch.randn(1, passt.SAMPLES) * 0.2
        wanted = original(sound)
    with _checkpoint(net.state_dict()) as path:
        features, logits = passt.load_passt(path, ON_CPU)(passt.log_mel(sound))
    return {
        "PaSST, spectrogram": difference(mel(sound), passt.log_mel(sound)),
        "PaSST, (768)": difference(wanted[:, 527:], features),
        "PaSST, logits": difference(wanted[:, :527], logits),
    }


def _ms_clap() -> Errors:
    package_of = _module("msclap.models.clap")
    small = GPT2Config(n_layer=_MICROSOFT.layers)
    package_of.AutoModel = SimpleNamespace(from_pretrained=lambda name: GPT2Model(small))
    original = package_of.CLAP("HTSAT", msclap.RATE, 1024, 320, 64, 50, 8000, 527, 768, "gpt2", 768, _MICROSOFT.joint)
    original = _stirred(original).eval()
    _as_published(original.audio_encoder.base.htsat.spectrogram_extractor, 1024)
    _some_bands(original.audio_encoder.base.htsat.logmel_extractor.melW)
    with _checkpoint({"model": original.state_dict()}) as path:
        ours = msclap.load_ms(path, ON_CPU, _MICROSOFT)
    sounds = torch.randn(2, msclap.SAMPLES) * 0.2
    words = torch.tensor([[2829, 0, 9379, 286, 257, 50256]])
    padded = {"input_ids": torch.cat((words, torch.zeros(1, 71, dtype=torch.long)), 1)}
    padded["attention_mask"] = (torch.arange(77) < words.shape[1]).long()[None]
    return {
        "MS-CLAP, sounds": difference(original.audio_encoder(sounds)[0], ours.sounds(sounds)),
        "MS-CLAP, texts": difference(original.caption_encoder(padded), ours.texts(words)),
    }


def _laion_clap() -> Errors:
    models = _module("clap_module.model")
    small = RobertaConfig(
        vocab_size=50_265, num_hidden_layers=_LAION.layers, max_position_embeddings=514, type_vocab_size=1,
        layer_norm_eps=1e-5,
    )  # fmt: skip
    models.RobertaModel = SimpleNamespace(from_pretrained=lambda name: RobertaModel(small))
    hearing: dict[str, Any] = {"audio_length": 1024, "clip_samples": 480_000, "mel_bins": 64, "sample_rate": 48_000}
    hearing |= {"window_size": 1024, "hop_size": 480, "fmin": 50, "fmax": 14_000, "class_num": 527}
    hearing |= {"model_type": "HTSAT", "model_name": "base"}
    reading: dict[str, Any] = {"context_length": 77, "vocab_size": 49_408, "width": 512, "heads": 8, "layers": 12}
    original = _stirred(models.CLAP(1024, hearing, reading | {"model_type": "roberta"})).eval()
    _as_published(original.audio_branch.spectrogram_extractor, 1024)
    _some_bands(original.audio_branch.logmel_extractor.melW)
    saved = {f"module.{name}": value for name, value in original.state_dict().items()}
    with _checkpoint({"epoch": 15, "state_dict": saved}) as path:
        ours = laionclap.load_laion(path, ON_CPU, _LAION)
    sounds = torch.randn(2, laionclap.SAMPLES) * 0.2
    given = [{"waveform": sound, "longer": torch.tensor([False])} for sound in sounds]
    words = torch.full((2, 77), 1)
    words[0, :5], words[1, :3] = torch.tensor([0, 100, 2000, 300, 2]), torch.tensor([0, 4000, 2])
    shown = (words != 1).long()
    wanted = original.get_text_embedding({"input_ids": words, "attention_mask": shown})
    return {
        "LAION-CLAP, sounds": difference(original.get_audio_embedding(given), ours.sounds(sounds)),
        "LAION-CLAP, texts": difference(wanted, ours.texts(words, shown)),
    }


def _module(name: str) -> Any:  # noqa: ANN401 - modules of checkouts
    return importlib.import_module(name)


def _stirred(network: Any) -> Any:  # noqa: ANN401 - modules of checkouts
    """A network whose biases, norms and tokens are not the zeros and ones that they begin as."""
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and (tensor.dim() == 1 or "token" in name or "pos_embed" in name):
            tensor.add_(0.1 * torch.rand_like(tensor))
    return network


def _as_published(spectrogram: Spectrogram, window: int) -> None:
    """Give a spectrogram the Fourier transform that it holds in published checkpoints."""
    times = torch.arange(window, dtype=torch.float64)
    angles = -2 * math.pi / window * torch.outer(torch.arange(window // 2 + 1, dtype=torch.float64), times)
    hann = torch.hann_window(window, dtype=torch.float64)
    spectrogram.stft.conv_real.weight.copy_((angles.cos() * hann)[:, None].float())
    spectrogram.stft.conv_imag.weight.copy_((angles.sin() * hann)[:, None].float())


def _some_bands(weights: Tensor) -> None:
    weights.copy_(torch.rand_like(weights) * 0.01)


@contextlib.contextmanager
def _checkpoint(weights: Mapping[str, Any]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.pt"
        torch.save(weights, path)
        yield path


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _with_real_spectra() -> Any:  # noqa: ANN401 - stands for torch itself
    """torch, whose `stft` still gives real and imaginary parts apart where that is asked for."""

    def stft(*arguments: Any, return_complex: bool, **settings: Any) -> Tensor:  # noqa: ANN401
        spectrum: Tensor = partial(torch.stft, return_complex=True)(*arguments, **settings)
        return spectrum if return_complex else torch.view_as_real(spectrum)

    return type("Torch", (), {"__getattr__": lambda self, name: stft if name == "stft" else getattr(torch, name)})()


def _stand_in(options: argparse.Namespace) -> None:
    """Put bare modules where the checkouts import what is not needed for this."""
    warnings.filterwarnings("ignore")
    sys.path[:0] = [str(options.av_benchmark), str(options.torchlibrosa), str(options.laion_clap / "src/laion_clap")]
    for name in ("resampy", "h5py", "tqdm"):
        module(name, tqdm=None)
    module("timm.models._hub", download_cached_file=None)
    module("torchvision.ops.misc", FrozenBatchNorm2d=nn.BatchNorm2d)
    filters = SimpleNamespace(
        mel=lambda sr, n_fft, n_mels, fmin, fmax: np.zeros((n_mels, n_fft // 2 + 1)),  # ours come in its place
        get_window=lambda kind, length, fftbins: torch.hann_window(length).numpy(),
    )
    module("librosa", filters=filters, util=SimpleNamespace(pad_center=lambda data, size: data))
    module("torchaudio.functional.filtering", highpass_biquad=None, treble_biquad=None)
    module("torchaudio._internal.module_utils", dropping_support=lambda function: function)
    module("torchvision.transforms.v2")
    module("pytorchvideo.data.clip_sampling", ConstantClipsPerVideoSampler=None)
    masking: dict[str, Any] = {
        name: lambda *arguments, **settings: nn.Identity() for name in ("FrequencyMasking", "TimeMasking")
    }
    module("torchaudio.transforms", **masking, Resample=_Resample)
    module("clap_module.timm_model", TimmModel=None)
    for name, folder in (
        ("torchaudio.functional", options.torchaudio / "functional"),
        ("torchaudio.compliance", options.torchaudio / "compliance"),
        ("hear21passt.models", options.passt / "hear21passt/models"),
        ("hear21passt", options.passt / "hear21passt"),
        ("msclap", options.ms_clap / "msclap"),
        ("clap_module", options.laion_clap / "src/laion_clap/clap_module"),
    ):
        package(name, folder)
    _module("torchaudio.compliance.kaldi")
    sys.modules["torchaudio"].load = _load  # type: ignore[attr-defined]


def _unmasked(*arguments: object, **settings: object) -> nn.Module:
    """Masks are for training."""
    return nn.Identity()


class _Resample:
    """torchaudio's transform, by its function."""

    def __init__(self, given: int, wanted: int) -> None:
        self._rates = given, wanted

    def __call__(self, sound: Tensor) -> Tensor:
        result: Tensor = _module("torchaudio.functional.functional").resample(sound, *self._rates)
        return result


def _load(path: Path) -> tuple[Tensor, int]:
    samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    return torch.from_numpy(samples.T.copy()), rate


if __name__ == "__main__":
    raise SystemExit(main())
