"""How many windows of eight seconds MMAudio makes in a second on a card, stage by stage, beside the published way.

Run as `python -m benchmarks.makers.throughput [--variant large_44k_v2] [--batch 16] [--device cuda]`. Weights are
random, of the published sizes; nothing is fetched. Ours are as many cues as the batch holds, each of eight seconds of
a film, asked for by as many threads; all of it counts: decoding, CLIP, Synchformer, words, 25 guided steps, decoder,
vocoder. The published way is the same networks, weights, precision and card, one clip after the other, with two passes
a step. With `--upstream DIR`, a checkout of hkchengrex/MMAudio, its own network class is timed too. Without a GPU
nothing is measured, and it says so; `--tiny` runs a tiny instance on the processor, to see that the script works.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.makers import instances
from soundstage.footage import Footage
from soundstage.networks.desk import Desk
from soundstage.networks.rack import Rack, Setting
from soundstage.synth.canvas import noise
from soundstage.synth.mmaudio import stages
from soundstage.synth.mmaudio.engine import Engine, EngineOptions, Order
from soundstage.synth.mmaudio.features import shown
from soundstage.synth.mmaudio.model import Model
from soundstage.synth.mmaudio.stages import Piece, Seen, Wish
from soundstage.synth.mmaudio.variants import TRAINED_SECONDS, VARIANTS

# Dense half-precision rates of data sheets, in operations a second, by what the card's name holds.
_RATES = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12, "RTX 4090": 165e12}
_MATRIX = 8192
_ROUNDS = 3


@dataclass(frozen=True)
class Bench:
    """What is timed: a model where it works, how, and a film of as many windows as a batch holds."""

    model: Model
    setting: Setting
    options: EngineOptions
    film: Footage

    @property
    def batch(self) -> int:
        """Windows."""
        return self.options.batch

    def engine(self) -> Engine:
        """Ours; networks are loaded when they are first used."""
        return Engine(self.model, Rack(self.setting), self.options)

    def published_engine(self) -> Engine:
        """The same, a clip at a time and in two passes a step."""
        engine = Engine(self.model, Rack(self.setting), replace(self.options, batch=1))
        engine._velocities = Desk(_TwoPasses(self.model, engine.rack, self.options.guidance), 1)
        return engine

    def orders(self, seed: int) -> list[Order]:
        """As many as a batch holds, each of another eight seconds."""
        seconds = TRAINED_SECONDS
        return [
            Order(f"rain {number}", seconds, seed + number, number * seconds, self.film, "music")
            for number in range(self.batch)
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", choices=list(VARIANTS), default="large_44k_v2")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--compile", action="store_true", help="compile our network first")
    parser.add_argument("--upstream", type=Path, help="a checkout of hkchengrex/MMAudio")
    parser.add_argument("--tiny", action="store_true", help="a tiny instance on the processor")
    asked = parser.parse_args()
    if not asked.tiny and not torch.cuda.is_available():
        print("There is no GPU here, so nothing was measured; --tiny shows that the script works.")
        return
    with tempfile.TemporaryDirectory() as folder:
        bench = _tiny(Path(folder)) if asked.tiny else _full(asked, Path(folder))
        print(f"{bench.model.variant.name}, {bench.setting.dtype}, batch {bench.batch}, {_card(bench.setting)}")
        measure(bench, asked.upstream)


def measure(bench: Bench, upstream: Path | None) -> None:
    """Time everything and print it."""
    ours = _seconds(bench, bench.engine(), _together)
    memory = _peak_memory(bench.setting)
    theirs = _seconds(bench, bench.published_engine(), _one_by_one)
    _tell("ours, all stages", ours, bench.batch)
    _tell("one clip at a time", theirs, bench.batch)
    print(f"{'times the throughput':28s}{theirs / ours:8.2f}   (must be 3 at batch 16)")
    if memory is not None:
        print(f"{'peak memory, ours':28s}{memory / 2**30:8.2f} GiB")
    with torch.inference_mode():
        for name, seconds in _stages(bench):
            print(f"  {name:26s}{1000 * seconds / bench.batch:8.2f} ms a window")
        _tell_rate(bench)
        if upstream is not None:
            _tell_upstream(bench, upstream)


def _full(asked: argparse.Namespace, folder: Path) -> Bench:
    setting = Setting(torch.device(asked.device), torch.bfloat16)
    model = instances.published(asked.variant, asked.compile)
    film = instances.film(folder, (asked.batch + 1) * TRAINED_SECONDS)
    return Bench(model, setting, EngineOptions(batch=asked.batch, remembered=1, decoders=8), film)


def _tiny(folder: Path) -> Bench:
    setting = Setting(torch.device("cpu"), torch.float32)
    options = EngineOptions(batch=2, steps=2, remembered=1)
    return Bench(instances.small(folder), setting, options, instances.film(folder, 3 * TRAINED_SECONDS))


def _seconds(bench: Bench, engine: Engine, run: Callable[[Engine, Sequence[Order]], None]) -> float:
    """Median seconds for a batch of windows; the first round, which loads and warms up, does not count."""
    run(engine, bench.orders(0))
    return statistics.median(
        _timed(bench.setting, lambda seed=seed: run(engine, bench.orders(seed)))  # type: ignore[misc]
        for seed in range(100, 100 + 100 * _ROUNDS, 100)
    )


def _together(engine: Engine, orders: Sequence[Order]) -> None:
    with ThreadPoolExecutor(len(orders)) as pool:
        list(pool.map(lambda order: list(engine.compose(order)), orders))


def _one_by_one(engine: Engine, orders: Sequence[Order]) -> None:
    for order in orders:
        list(engine.compose(order))


class _TwoPasses(stages.Velocities):
    """A clip alone, with and without its wish one after the other, as published."""

    @torch.inference_mode()
    def __call__(self, items: Sequence[Piece]) -> Sequence[torch.Tensor]:
        (piece,) = items
        time = torch.tensor([piece.time], device=piece.latent.device)
        with self.model.lend_network(self.rack) as network:
            towards, away = (network(piece.latent[None], time, side) for side in (piece.wanted, piece.unwanted))
        return torch.unbind(self._guidance * towards + (1 - self._guidance) * away)


def _stages(bench: Bench) -> Iterator[tuple[str, float]]:
    """Seconds of each stage alone for a batch of windows."""
    model, setting, batch = bench.model, bench.setting, bench.batch
    rack = Rack(setting)
    lengths = model.variant.sampling.lengths(TRAINED_SECONDS)
    seen = [shown(bench.film, number * TRAINED_SECONDS, lengths) for number in range(batch)]
    pictures = [picture for each in seen for picture in each.pictures]
    segments = [segment for each in seen for segment in each.segments]
    pieces = _pieces(bench, rack)
    latent = [piece.latent for piece in pieces]
    mels = stages.Spectrograms(model, rack)(latent)
    steps = bench.options.steps
    work: dict[str, Callable[[], object]] = {
        "decode (one core)": lambda: [shown(bench.film, n * TRAINED_SECONDS, lengths) for n in range(batch)],
        "CLIP": lambda: _in_batches(stages.Pictures(model, rack), pictures, bench.options.pictures),
        "Synchformer": lambda: _in_batches(stages.Movements(model, rack), segments, bench.options.segments),
        "words": lambda: stages.Words(model, rack)([f"rain {number}" for number in range(batch)]),
        f"denoise ({steps} steps)": lambda: [_velocities(bench, rack)(pieces) for _ in range(steps)],
        "VAE": lambda: stages.Spectrograms(model, rack)(latent),
        "vocoder": lambda: stages.Sounds(model, rack)(mels),
    }
    for name, job in work.items():
        job()
        yield name, statistics.median(_timed(setting, job) for _ in range(_ROUNDS))


def _velocities(bench: Bench, rack: Rack) -> stages.Velocities:
    return stages.Velocities(bench.model, rack, bench.options.guidance)


def _pieces(bench: Bench, rack: Rack) -> list[Piece]:
    """A batch of windows in the middle of their way."""
    variant, device = bench.model.variant, bench.setting.device
    lengths = variant.sampling.lengths(TRAINED_SECONDS)
    seen = Seen(noise(1, lengths.clip, variant.clip_channels), noise(2, lengths.sync, variant.sync_channels))
    words = noise(3, variant.text_length, variant.text_channels)
    wanted, unwanted = stages.Wishes(bench.model, rack)([Wish(seen, words, lengths), Wish(None, words, lengths)])
    latent = noise(4, lengths.latent, variant.sampling.channels).to(device)
    return [Piece(latent, 0.5, wanted, unwanted) for _ in range(bench.batch)]


def _tell_rate(bench: Bench) -> None:
    """The share of the card's matrix rate that denoising reaches."""
    rack = Rack(bench.setting)
    pieces, velocities = _pieces(bench, rack), _velocities(bench, rack)
    velocities(pieces)
    with FlopCounterMode(display=False) as counter:
        velocities(pieces)
    operations = counter.get_total_flops()
    reached = operations / statistics.median(_timed(bench.setting, lambda: velocities(pieces)) for _ in range(10))
    measured = _matrix_rate(bench.setting)
    line = f"{'matrix rate reached':28s}{reached / 1e12:8.2f} Tflop/s, {reached / measured:.0%} of a plain product's"
    if (known := _known_rate(bench.setting)) is not None:
        line += f", {reached / known:.0%} of the card's {known / 1e12:.0f}"
    print(f"{line} ({operations / 1e12:.3f} Tflop a step)")


def _tell_upstream(bench: Bench, checkout: Path) -> None:
    """Its own network, a clip at a time, over the same weights."""
    rack = Rack(bench.setting)
    pieces, velocities = _pieces(bench, rack), _velocities(bench, rack)
    published = _published_step(bench, rack, checkout)
    published()
    theirs = statistics.median(_timed(bench.setting, published) for _ in range(10))
    ours = statistics.median(_timed(bench.setting, lambda: velocities(pieces)) for _ in range(10)) / bench.batch
    print(f"{'a step of a window, ours':28s}{1000 * ours:8.2f} ms; upstream's own class {1000 * theirs:.2f} ms")


def _published_step(bench: Bench, rack: Rack, checkout: Path) -> Callable[[], object]:
    from benchmarks.parity.mmaudio import _stand_in

    _stand_in(checkout)
    networks: Any = import_module("mmaudio.model.networks")

    variant, setting = bench.model.variant, bench.setting
    lengths = variant.sampling.lengths(TRAINED_SECONDS)
    network: Any = getattr(networks, variant.name)()
    with bench.model.lend_network(rack) as ours:
        network.load_weights(dict(ours.state_dict()))
    network = network.to(setting.device, setting.dtype).eval()
    empty = network.get_empty_conditions(1)
    latent = noise(4, lengths.latent, variant.sampling.channels)[None].to(setting.device, setting.dtype)
    middle = torch.tensor(0.5, device=setting.device)
    return lambda: network.ode_wrapper(middle, latent, empty, empty, bench.options.guidance)


def _matrix_rate(setting: Setting) -> float:
    """What one large product of matrices reaches here, in operations a second."""
    size = _MATRIX if setting.device.type == "cuda" else _MATRIX // 8
    matrix = torch.randn(size, size, device=setting.device, dtype=setting.dtype)
    torch.mm(matrix, matrix)
    seconds = statistics.median(_timed(setting, lambda: torch.mm(matrix, matrix)) for _ in range(10))
    return 2 * size**3 / seconds


def _known_rate(setting: Setting) -> float | None:
    if setting.device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(setting.device)
    return next((rate for part, rate in _RATES.items() if part in name), None)


def _in_batches(work: Callable[[Sequence[Any]], object], items: Sequence[Any], most: int) -> None:
    for start in range(0, len(items), most):
        work(items[start : start + most])


def _timed(setting: Setting, job: Callable[[], object]) -> float:
    _wait(setting)
    began = time.perf_counter()
    job()
    _wait(setting)
    return time.perf_counter() - began


def _wait(setting: Setting) -> None:
    if setting.device.type == "cuda":
        torch.cuda.synchronize(setting.device)


def _peak_memory(setting: Setting) -> int | None:
    return torch.cuda.max_memory_allocated(setting.device) if setting.device.type == "cuda" else None


def _card(setting: Setting) -> str:
    return torch.cuda.get_device_name(setting.device) if setting.device.type == "cuda" else "the processor"


def _tell(what: str, seconds: float, windows: int) -> None:
    real_time = windows * TRAINED_SECONDS / seconds
    print(f"{what:28s}{windows / seconds:8.2f} windows a second, {real_time:.1f} times real time")


if __name__ == "__main__":
    main()
