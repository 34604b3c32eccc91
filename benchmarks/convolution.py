"""`conv2d` on six shapes: dense, a stem, deep and narrow, few channels, depthwise and pointwise."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

import cnnref
from benchmarks import Runs, absent

GOALS = {
    (
        "float32",
        1,
    ): "`cnnref` at most 1.6 in the median and 3.5 anywhere, at most 1.3 of `gemm` in the median; `onnx` at"
    " least twice `cnnref` on 3x3, stem, 5x5 and depthwise",
    ("float64", 1): "`cnnref` at most 0.9 in the median",
}


class Shape(NamedTuple):
    images: tuple[int, ...]
    kernels: tuple[int, ...]
    stride: int = 1
    padding: int = 0
    groups: int = 1

    @property
    def out(self) -> tuple[int, int]:
        sizes = zip(self.images[2:], self.kernels[2:], strict=True)
        h, w = ((n + 2 * self.padding - k) // self.stride + 1 for n, k in sizes)
        return h, w


SHAPES = {
    "3x3, 64 to 64 at 56": Shape((8, 64, 56, 56), (64, 64, 3, 3), padding=1),
    "7x7 stem at 224": Shape((8, 3, 224, 224), (64, 3, 7, 7), stride=2, padding=3),
    "3x3, 256 to 512 at 14": Shape((8, 256, 14, 14), (512, 256, 3, 3), padding=1),
    "5x5, 1 to 16 at 28": Shape((32, 1, 28, 28), (16, 1, 5, 5)),
    "3x3 depthwise, 64 at 56": Shape((8, 64, 56, 56), (64, 1, 3, 3), padding=1, groups=64),
    "1x1, 256 to 512 at 28": Shape((8, 256, 28, 28), (512, 256, 1, 1)),
}
# Without a matrix product and with a loop over kernels, scipy takes a minute for the others.
SCIPY = ("5x5, 1 to 16 at 28", "3x3 depthwise, 64 at 56")


def cases(dtype: str) -> Iterator[tuple[str, Runs]]:
    for name, shape in SHAPES.items():
        x, w = operands(shape, dtype)
        runs = {"cnnref": cnnref_conv(x, w, shape), "gemm": gemm(x, w, shape), "im2col": im2col(x, w, shape)}
        if "torch" not in absent():
            runs = {"torch": torch_conv(x, w, shape), **runs, "cnnref on torch": cnnref_on_torch(x, w, shape)}
        if "onnx" not in absent():
            runs["onnx"] = onnx_conv(x, w, shape)
        if "scipy" not in absent() and name in SCIPY:
            runs["scipy"] = scipy_conv(x, w, shape)
        check(runs)
        yield name, runs


def operands(shape: Shape, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    x, w = (generator.standard_normal(each).astype(dtype) for each in (shape.images, shape.kernels))
    return x, w


def check(runs: Runs) -> None:
    """Nobody is timed who computes something else; `gemm` has the work of a convolution, not its numbers."""
    expected = np.asarray(runs["cnnref"]())
    for peer, run in runs.items():
        if peer != "gemm":
            np.testing.assert_allclose(np.asarray(run()), expected, rtol=1e-3, atol=1e-2, err_msg=peer)


def cnnref_conv(x, w, shape: Shape) -> Callable:
    return lambda: cnnref.conv2d(x, w, None, shape.stride, shape.padding, 1, shape.groups)


def torch_conv(x, w, shape: Shape) -> Callable:
    import torch

    x, w = torch.from_numpy(x), torch.from_numpy(w)
    return lambda: torch.nn.functional.conv2d(x, w, None, shape.stride, shape.padding, 1, shape.groups)


def cnnref_on_torch(x, w, shape: Shape) -> Callable:
    import torch

    return cnnref_conv(torch.from_numpy(x), torch.from_numpy(w), shape)


def gemm(x, w, shape: Shape) -> Callable:
    """The matrix products of the convolution alone, with operands and result ready: no NumPy can be faster."""
    n, o, g, inner = x.shape[0], w.shape[0], shape.groups, int(np.prod(w.shape[1:]))
    columns = np.ones((n, g, inner, int(np.prod(shape.out))), x.dtype)
    matrix, result = w.reshape(g, o // g, inner), np.empty((n, g, o // g, columns.shape[-1]), x.dtype)
    return lambda: np.matmul(matrix, columns, out=result)


def im2col(x, w, shape: Shape) -> Callable:
    """The columns of the whole batch by one array of indices, as courses teach it."""
    n, c, (h, wide), (kh, kw) = x.shape[0], w.shape[1], shape.out, w.shape[2:]
    channel, u, v = (each.reshape(-1, 1) for each in np.indices((c, kh, kw)))
    i, j = (shape.stride * each.reshape(1, -1) for each in np.indices((h, wide)))
    frame = ((0, 0), (0, 0), (shape.padding, shape.padding), (shape.padding, shape.padding))

    def one_group(padded, kernels):
        columns = padded[:, channel, u + i, v + j].transpose(1, 2, 0).reshape(c * kh * kw, -1)
        return (kernels.reshape(len(kernels), -1) @ columns).reshape(len(kernels), h, wide, n).transpose(3, 0, 1, 2)

    def run():
        parts = zip(np.split(np.pad(x, frame), shape.groups, axis=1), np.split(w, shape.groups), strict=True)
        return np.concatenate([one_group(*part) for part in parts], axis=1)

    return run


def onnx_conv(x, w, shape: Shape) -> Callable:
    attributes = {
        "strides": [shape.stride] * 2,
        "pads": [shape.padding] * 4,
        "group": shape.groups,
        "kernel_shape": list(w.shape[2:]),
    }
    return onnx_run("Conv", {"x": x, "w": w}, attributes)


def onnx_run(operation: str, inputs: dict[str, np.ndarray], attributes: dict) -> Callable:
    """One node in onnx's ReferenceEvaluator, which is written in NumPy."""
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    node = helper.make_node(operation, list(inputs), ["y"], **attributes)
    kind = helper.np_dtype_to_tensor_dtype(next(iter(inputs.values())).dtype)
    given = [helper.make_tensor_value_info(name, kind, each.shape) for name, each in inputs.items()]
    graph = helper.make_graph([node], operation, given, [helper.make_tensor_value_info("y", kind, None)])
    evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]))
    return lambda: evaluator.run(None, inputs)[0]


def scipy_conv(x, w, shape: Shape) -> Callable:
    """Image by image and kernel by kernel, as `scipy.signal` offers it."""
    from scipy import signal

    (n, _, *_), (o, c, *_) = x.shape, w.shape
    frame = ((0, 0), (0, 0), (shape.padding, shape.padding), (shape.padding, shape.padding))
    per_group = o // shape.groups

    def run():
        padded, y = np.pad(x, frame), np.zeros((n, o, *shape.out), x.dtype)
        for i, k in np.ndindex(n, o):
            for j in range(c):
                plane = padded[i, k // per_group * c + j]
                full = signal.correlate(plane, w[k, j], mode="valid", method="direct")
                y[i, k] += full[:: shape.stride, :: shape.stride]
        return y

    return run
