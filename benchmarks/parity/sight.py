"""CLIP, Synchformer and the preparing of pictures beside open_clip, MMAudio and av-benchmark.

Run as `python -m benchmarks.parity.sight --mmaudio DIR --avbench DIR --open-clip DIR [--full]`; `--full` at the
published sizes, which takes 6 GB of memory and some minutes. Fails where a relative difference reaches 1e-4.
"""

import argparse
import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.parity.stand_ins import difference, stand_in_for_open_clip, stand_in_for_synchformer
from soundstage.networks import pictures
from soundstage.networks.checkpoints import load_into
from soundstage.networks.clip.config import DFN5B, ClipConfig, Tower
from soundstage.networks.clip.network import Clip
from soundstage.networks.clip.words import END, START, ClipWords
from soundstage.networks.synchformer.comparing import Comparison
from soundstage.networks.synchformer.config import SYNCHFORMER, SyncConfig
from soundstage.networks.synchformer.hearing import SyncSound
from soundstage.networks.synchformer.mel import log_mel
from soundstage.networks.synchformer.network import SyncNet
from soundstage.networks.synchformer.sight import SyncPictures
from soundstage.networks.unmade import unmade
from tests.networks.filling import fill, noise
from tests.networks.filling import pictures as frames

LIMIT = 1e-4
TEXTS = [
    "A dog barks twice, then the door slams shut!",
    "it's 1977: rain on a tin roof & wind  in the trees",
    "Größe naïve façade — 雨が降る 🎧🎧 don't they'll we've I'm",
    "&lt;b&gt;footsteps&amp;gravel&lt;/b&gt;",
    "",
    "very " * 200 + "long",
]
Row = tuple[str, float]

_SMALL_CLIP = ClipConfig(48, 30, 7, Tower(40, 2, 4), Tower(32, 2, 4), vocabulary=100, context=20, quick_gelu=True)
_SMALL_SYNC = SyncConfig(width=48, heads=4, sight_layers=2, sound_layers=2)
_SEEING: dict[str, Any] = {
    "extract_features": True,
    "agg_time_module": "torch.nn.Identity",
    "add_global_repr": False,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mmaudio", type=Path, required=True, help="checkout of hkchengrex/MMAudio")
    parser.add_argument("--avbench", type=Path, required=True, help="checkout of hkchengrex/av-benchmark")
    parser.add_argument("--open-clip", type=Path, required=True, help="checkout of mlfoundations/open_clip")
    parser.add_argument("--full", action="store_true", help="at the published sizes too")
    options = parser.parse_args()
    sys.path[:0] = [str(options.mmaudio), str(options.avbench)]
    worst = 0.0
    with torch.inference_mode():
        for name, apart in _rows(options):
            worst = max(worst, apart)
            print(f"{name:64} {apart:.1e}", flush=True)
    return int(worst >= LIMIT)


def _rows(options: argparse.Namespace) -> Iterator[Row]:
    yield from _resizing()
    yield from _mel()
    stand_in_for_open_clip(options.open_clip)
    yield from _tokens(options.open_clip)
    yield from _clip("small", _SMALL_CLIP, side=33)
    vit = {"EMBED_DIM": _SMALL_SYNC.width, "DEPTH": _SMALL_SYNC.sight_layers, "NUM_HEADS": _SMALL_SYNC.heads}
    stand_in_for_synchformer(**vit)
    yield from _synchformer("small", _SMALL_SYNC)
    yield from _comparison()
    if options.full:
        yield from _clip("published", DFN5B, side=pictures.CLIP_SIZE)
        stand_in_for_synchformer()
        yield from _synchformer_whole()


def _resizing() -> Iterator[Row]:
    """Beside torchvision's own call (on bytes), and beside its way over floats."""
    given = pictures.channels_first(frames(4, 90, 160))
    for size in ((56, 56), (224, 398)):
        theirs = functional.interpolate(given, size=size, mode="bicubic", align_corners=False, antialias=True)
        ours = pictures.resized(given, *size)
        yield f"resized to {size}, bytes", difference(theirs.float(), ours.float())
        floats = functional.interpolate(given.float(), size=size, mode="bicubic", align_corners=False, antialias=True)
        off = (floats.clamp(0, 255).round() - ours.float()).abs()
        print(
            f"  (bytes and floats differ by at most {off.max():.0f}, in {(off > 0).float().mean():.2%} of the values)"
        )


def _mel() -> Iterator[Row]:
    """Beside the spectrogram of transformers, which is checked against torchaudio's."""
    tools = importlib.import_module("transformers.audio_utils")
    samples = noise(10240)
    bank = tools.mel_filter_bank(513, 128, 0.0, 8000.0, 16_000, norm=None, mel_scale="htk")
    window = np.zeros(1024)
    window[312:712] = tools.window_function(400, "hann")
    power = tools.spectrogram(samples.numpy().astype(np.float64), window, 1024, 160, 1024, power=2.0, mel_filters=bank)
    logarithms = np.pad(np.log(np.maximum(power, 0) + 1e-6), ((0, 0), (0, 1)))
    theirs = torch.from_numpy((logarithms + 4.2677393) / (2 * 4.5689974)).float()
    yield "log-mel spectrogram", difference(theirs, log_mel(samples))


def _tokens(checkout: Path) -> Iterator[Row]:
    tokenizer = importlib.import_module("open_clip.tokenizer").SimpleTokenizer()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = {"<start_of_text>": START, "<end_of_text>": END}
        vocabulary = {names.get(token, token): number for token, number in tokenizer.encoder.items()}
        (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
        merges = "\n".join(" ".join(pair) for pair in tokenizer.bpe_ranks)
        (folder / "merges.txt").write_text(merges, encoding="utf-8")
        words = ClipWords.read(folder)
    yield "tokens of texts", difference(tokenizer(TEXTS).float(), words(TEXTS).float())


def _clip(label: str, config: ClipConfig, side: int) -> Iterator[Row]:
    theirs: Any = fill(_their_clip(config))
    ours = _with_weights_of(theirs, unmade(lambda: Clip(config)), "logit_scale")
    seen = noise(2, 3, side, side).add(1).div(2)
    given = pictures.normalised(seen, pictures.CLIP_MEAN, pictures.CLIP_STD)
    yield (
        f"CLIP, {label}: pictures",
        difference(theirs.encode_image(given, normalize=True), ours.picture_features(seen)),
    )
    tokens = noise(3, config.context).abs().mul(config.vocabulary - 3).long()
    tokens[:, config.context // 2] = config.vocabulary - 1
    yield f"CLIP, {label}: texts", difference(theirs.encode_text(tokens, normalize=True), ours.text_features(tokens))
    yield f"CLIP, {label}: tokens", difference(_all_tokens(theirs, tokens), ours.token_features(tokens))


def _their_clip(config: ClipConfig) -> Any:  # noqa: ANN401
    sight, words = config.sight, config.words
    return importlib.import_module("open_clip.model").CLIP(
        embed_dim=config.embedding,
        vision_cfg={
            **{"image_size": config.picture, "patch_size": config.patch, "width": sight.width},
            **{"layers": sight.layers, "head_width": sight.width // sight.heads},
        },
        text_cfg={**asdict(words), "context_length": config.context, "vocab_size": config.vocabulary},
        quick_gelu=config.quick_gelu,
    )


def _all_tokens(clip: Any, tokens: Tensor) -> Tensor:  # noqa: ANN401
    """What MMAudio makes of `encode_text`: every token after the last norm."""
    read = clip.transformer(clip.token_embedding(tokens) + clip.positional_embedding, attn_mask=clip.attn_mask)
    return functional.normalize(clip.ln_final(read), dim=-1)


def _synchformer(label: str, config: SyncConfig) -> Iterator[Row]:
    """The towers one by one, as the sizes of the whole are fixed."""
    for owner in ("mmaudio.ext", "av_bench"):
        their_sight = importlib.import_module(f"{owner}.synchformer.motionformer").MotionFormer(
            factorize_space_time=True, agg_space_module="TransformerEncoderLayer", **_SEEING
        )
        ours = _with_weights_of(fill(their_sight), SyncPictures(config), "patch_embed.")
        for count in (1, 3):
            segments = noise(1, count, 16, 3, 224, 224)
            theirs = their_sight(segments.transpose(2, 3).contiguous())
            yield f"Synchformer of {owner}, {label}: {count} segments seen", difference(theirs, ours(segments))
    their_sound = _their_ast(config)
    hearing = _with_weights_of(fill(their_sound), SyncSound(config))
    spectrograms = noise(2, 3, 128, 66)
    theirs, _ = their_sound(spectrograms.transpose(2, 3))
    yield f"Synchformer of av_bench, {label}: segments heard", difference(theirs, hearing(spectrograms))


def _their_ast(config: SyncConfig) -> Any:  # noqa: ANN401
    module: Any = importlib.import_module("av_bench.synchformer.ast")
    original = importlib.import_module("transformers").ASTConfig
    module.ASTConfig = partial(
        original,
        hidden_size=config.width,
        num_hidden_layers=config.sound_layers,
        num_attention_heads=config.heads,
        intermediate_size=4 * config.width,
    )
    _mend(module)
    return module.AST(max_spec_t=66, factorize_freq_time=True, agg_freq_module="TransformerEncoderLayer", **_SEEING)


def _mend(module: Any) -> None:  # noqa: ANN401
    """Give back what transformers has dropped since upstream was written."""
    model = importlib.import_module("av_bench.synchformer.hf_src.modeling_ast").ASTModel
    model.get_head_mask = lambda self, mask, layers: [None] * layers
    importlib.import_module("transformers").ASTConfig.use_return_dict = True


def _comparison() -> Iterator[Row]:
    theirs = importlib.import_module("av_bench.synchformer.transformer").GlobalTransformer(
        tok_pdrop=0.0, embd_pdrop=0.1, resid_pdrop=0.1, attn_pdrop=0.1, n_layer=3, n_head=8, n_embd=768
    )
    ours = _with_weights_of(fill(theirs), Comparison(SYNCHFORMER))
    seen, heard = noise(2, 112, 768), noise(2, 84, 768, key=1)
    yield "Synchformer of av_bench, published: logits", difference(theirs(seen, heard), ours(seen, heard))


def _synchformer_whole() -> Iterator[Row]:
    """As av-benchmark takes DeSync, from pictures and samples to logits."""
    module: Any = importlib.import_module("av_bench.synchformer.ast")
    module.ASTConfig = importlib.import_module("transformers").ASTConfig
    _mend(module)
    theirs: Any = fill(importlib.import_module("av_bench.synchformer.synchformer").Synchformer())
    ours = _with_weights_of(theirs, unmade(SyncNet), "vfeat_extractor.patch_embed.")
    print(f"  (parameters of the tower that sees: {_count(ours.vfeat_extractor):,}; of the whole: {_count(ours):,})")
    film, samples = noise(1, 120, 3, 224, 224), noise(1, 76_800)
    cut = film.unfold(1, 16, 8).movedim(-1, 2)
    seen = torch.cat([theirs.extract_vfeats(one[None].contiguous()) for one in cut[0, :, None]], dim=1)
    our_seen = torch.cat([ours.vfeat_extractor(one[None]) for one in cut[0, :, None]], dim=1)
    yield "Synchformer whole, published: 14 segments seen", difference(seen, our_seen)
    spectrograms = log_mel(samples.unfold(-1, 10_240, 5_120))
    heard, our_heard = theirs.extract_afeats(spectrograms.unsqueeze(2)), ours.sound_features(samples)
    yield "Synchformer whole, published: 14 segments heard", difference(heard, our_heard)
    yield (
        "Synchformer whole, published: logits",
        difference(theirs.compare_v_a(seen, heard), ours.offsets(our_seen, our_heard)),
    )


def _with_weights_of(theirs: nn.Module, ours: Any, *ignore: str) -> Any:  # noqa: ANN401
    load_into(ours, theirs.state_dict(), Path("upstream"), ignore=ignore)
    return ours.eval()


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


if __name__ == "__main__":
    sys.exit(main())
