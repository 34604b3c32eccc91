"""The pools on the shapes of networks: 2x2 halving, a stem's 3x3, an Inception's 3x3, adaptive and global."""

from collections.abc import Callable, Iterator

import numpy as np

import cnnref
from benchmarks import Runs, absent
from benchmarks.convolution import onnx_run

GOALS = {("float32", 1): "`cnnref` at most 1.3", ("float64", 1): "`cnnref` at most 1.3"}

SHAPES = {  # kernel size, stride, padding
    "2x2/2 at 56": ((8, 64, 56, 56), 2, 2, 0),
    "3x3/2 at 112": ((8, 64, 112, 112), 3, 2, 1),
    "3x3/1 at 56": ((8, 64, 56, 56), 3, 1, 1),
}
ADAPTIVE = {"56 to 7": ((8, 64, 56, 56), 7), "56 to 5": ((8, 64, 56, 56), 5), "global at 7": ((8, 512, 7, 7), 1)}


def cases(dtype: str) -> Iterator[tuple[str, Runs]]:
    for size, (shape, *window) in SHAPES.items():
        x = images(shape, dtype)
        yield f"max {size}", among("max_pool2d", x, window) | peers_of_max(x, *window)
        yield f"max {size}, indices", among("max_pool2d", x, window, return_indices=True)
        yield f"avg {size}", among("avg_pool2d", x, window) | peers_of_avg(x, *window)
    for size, (shape, count) in ADAPTIVE.items():
        x = images(shape, dtype)
        yield f"adaptive max {size}", among("adaptive_max_pool2d", x, [count])
        yield f"adaptive avg {size}", among("adaptive_avg_pool2d", x, [count])


def images(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def among(name: str, x: np.ndarray, arguments: list[int], **options) -> Runs:
    """An operator of cnnref, with torch's before it where there is one."""
    ours = {"cnnref": lambda: getattr(cnnref, name)(x, *arguments, **options)}
    if "torch" in absent():
        return ours
    import torch

    tensor, theirs = torch.from_numpy(x), getattr(torch.nn.functional, name)
    return {
        "torch": lambda: theirs(tensor, *arguments, **options),
        **ours,
        "cnnref on torch": lambda: getattr(cnnref, name)(tensor, *arguments, **options),
    }


def peers_of_max(x: np.ndarray, kernel: int, stride: int, padding: int) -> Runs:
    return onnx_pool("MaxPool", x, kernel, stride, padding) | scipy_filter("maximum_filter", x, kernel, stride, padding)


def peers_of_avg(x: np.ndarray, kernel: int, stride: int, padding: int) -> Runs:
    return onnx_pool("AveragePool", x, kernel, stride, padding, count_include_pad=1) | scipy_filter(
        "uniform_filter", x, kernel, stride, padding
    )


def onnx_pool(operation: str, x: np.ndarray, kernel: int, stride: int, padding: int, **attributes) -> Runs:
    if "onnx" in absent():
        return {}
    sizes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [padding] * 4}
    return {"onnx": onnx_run(operation, {"x": x}, sizes | attributes)}


def scipy_filter(name: str, x: np.ndarray, kernel: int, stride: int, padding: int) -> Runs:
    """A filter over every place, of which the stride keeps some; its frame makes no difference in time."""
    if "scipy" in absent():
        return {}
    from scipy import ndimage

    run: Callable = getattr(ndimage, name)
    first = kernel // 2 - padding
    return {"scipy": lambda: run(x, (1, 1, kernel, kernel), mode="constant")[:, :, first::stride, first::stride]}
