"""Batch normalization in training, on the shapes of networks: early and large, small, late and deep."""

from collections.abc import Iterator

import numpy as np

import cnnref
from benchmarks import Runs, absent

GOALS = {("float32", 1): "`cnnref` at most 1.3", ("float64", 1): "`cnnref` at most 1.3"}

SHAPES = ((8, 64, 56, 56), (32, 16, 28, 28), (8, 256, 14, 14))


def cases(dtype: str) -> Iterator[tuple[str, Runs]]:
    for shape in SHAPES:
        c, rng = shape[1], np.random.default_rng(0)
        x, weight, bias = (rng.standard_normal(each).astype(dtype) for each in (shape, c, c))
        yield "batch norm " + "x".join(map(str, shape)), among([x, np.zeros(c, dtype), np.ones(c, dtype), weight, bias])


def among(arrays: list[np.ndarray]) -> Runs:
    """A step of training in cnnref, with torch's before it where there is one."""
    ours = {"cnnref": lambda: cnnref.batch_norm(*arrays, training=True)}
    if "torch" in absent():
        return ours
    import torch

    tensors = [torch.tensor(each) for each in arrays]
    return {
        "torch": lambda: torch.nn.functional.batch_norm(*tensors, training=True),
        **ours,
        "cnnref on torch": lambda: cnnref.batch_norm(*tensors, training=True),
    }
