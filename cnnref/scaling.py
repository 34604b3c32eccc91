"""Scaling: numbers that only mean something beside each other, brought to a common range."""

from __future__ import annotations

import math
import operator as python
from typing import Any

from cnnref._arrays import Array, array_namespace, dtype_name, is_integer, known_to_hold, operator

__all__ = ["cross_entropy", "log_softmax", "min_max", "softmax"]


@operator(integers="refused")
def softmax(input: Array, dim: int, *, temperature: float = 1.0, dtype: Any = None) -> Array:
    r"""Turn scores into shares that are positive and add up to 1.

    $$y_i = \frac{e^{x_i / T}}{\sum_j e^{x_j / T}} = \frac{e^{(x_i - m) / T}}{\sum_j e^{(x_j - m) / T}},
    \qquad m = \max_j x_j$$

    The second form is computed: no exponential can overflow. A lower temperature $T$ sharpens, a higher one flattens.

    Args:
        input: Floating scores of any shape.
        dim: The axis along which the shares add up to 1; from the end if negative.
        temperature: $T$, positive and finite.
        dtype: Cast `input` to this dtype first, as PyTorch does; integers need it.

    Returns:
        An array like `input`. Where a score is nan or $+\infty$, or all are $-\infty$, all shares are nan.

    Raises:
        TypeError: If `input` is no array, its dtype is not floating, or `dim` is no int.
        ValueError: If `dim` is out of range, or `temperature` is not positive and finite.

    References:
        Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; the temperature:
        Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", arXiv:1503.02531.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> scores = np.asarray([1.0, 2.0, 3.0])
        >>> [round(y, 4) for y in cnnref.softmax(scores, 0).tolist()]
        [0.09, 0.2447, 0.6652]
        >>> [round(y, 4) for y in cnnref.softmax(scores, 0, temperature=0.5).tolist()]
        [0.0159, 0.1173, 0.8668]
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(f"temperature must be positive and finite, got {temperature}")
    axis = _axis(input, dim)
    xp = array_namespace(input)
    e = xp.exp(_below_maximum(input, axis) / temperature)
    return e / xp.sum(e, axis=axis, keepdims=True)


@operator(integers="refused")
def log_softmax(input: Array, dim: int, *, dtype: Any = None) -> Array:
    r"""The logarithms of `softmax`, exact also where the shares themselves are too small for any float.

    $$y_i = x_i - m - \ln \sum_j e^{x_j - m}, \qquad m = \max_j x_j$$

    Args:
        input: Floating scores of any shape.
        dim: The axis along which the shares add up to 1; from the end if negative.
        dtype: Cast `input` to this dtype first, as PyTorch does; integers need it.

    Returns:
        An array like `input`. Where a score is nan or $+\infty$, or all are $-\infty$, all are nan.

    Raises:
        TypeError: If `input` is no array, its dtype is not floating, or `dim` is no int.
        ValueError: If `dim` is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.log_softmax(np.asarray([0.0, 1000.0]), 0).tolist()
        [-1000.0, 0.0]
    """
    axis = _axis(input, dim)
    xp = array_namespace(input)
    below = _below_maximum(input, axis)
    return below - xp.log(xp.sum(xp.exp(below), axis=axis, keepdims=True))


@operator(integers="promoted")
def min_max(
    input: Array, dim: int | tuple[int, ...] | None = None, *, feature_range: tuple[float, float] = (0, 1)
) -> Array:
    r"""Stretch numbers so that the smallest meets the lower bound and the largest the upper.

    $$y = a\,(1 - t) + b\,t, \qquad t = \frac{x - \min x}{\max x - \min x}$$

    Where all numbers are equal, $t$ is 0: the answer is the lower bound.

    Args:
        input: Numbers of any shape; integers and booleans are taken as float32.
        dim: The axis or axes that share one minimum and one maximum; `None` for all.
        feature_range: The bounds $(a, b)$.

    Returns:
        An array like `input`, of its dtype or float32. A nan makes all that share its minimum nan. Beside $+\infty$
        finite numbers meet the lower bound, and $+\infty$ itself gives nan; beside $-\infty$ all are nan.

    Raises:
        TypeError: If `input` is no array, holds complex numbers, or `dim` holds other than ints.
        ValueError: If `dim` is out of range or names an axis twice, or `feature_range` is not two increasing numbers.

    References:
        scikit-learn, `sklearn.preprocessing.MinMaxScaler`, which takes every column for itself (`dim=0`).

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.min_max(np.asarray([10.0, 15.0, 30.0])).tolist()
        [0.0, 0.25, 1.0]
        >>> cnnref.min_max(np.asarray([[1.0, 5.0], [3.0, 5.0]]), 0, feature_range=(-1, 1)).tolist()
        [[-1.0, -1.0], [1.0, -1.0]]
    """
    low, high = _increasing(feature_range)
    axes = _axes(input, dim)
    if 0 in input.shape:
        return input
    xp = array_namespace(input)
    smallest = xp.min(input, axis=axes, keepdims=True)
    span = xp.max(input, axis=axes, keepdims=True) - smallest
    t = (input - smallest) / xp.where(span == 0, 1, span)
    return low * (1 - t) + high * t


@operator(integers="refused", indices=("target",))
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    r"""How surprised the softmax of some scores is by the true classes.

    $$\ell_n = -w_{t_n} \ln \frac{e^{x_{n, t_n}}}{\sum_c e^{x_{nc}}}, \qquad
    \text{mean} = \frac{\sum_n \ell_n}{\sum_n w_{t_n}}$$

    With label smoothing $\varepsilon$, $\ell_n$ gives way to $(1 - \varepsilon)\,\ell_n +
    \varepsilon\,\frac{1}{C} \sum_c -w_c \ln y_{nc}$, where $y$ is the softmax and $C$ the number of classes.

    Args:
        input: Floating scores of shape `(C,)`, `(N, C)` or `(N, C, d1, ...)`.
        target: Integer class indices of shape `()`, `(N,)` or `(N, d1, ...)`.
        weight: The weight of each class, of shape `(C,)`; all 1 if not given.
        ignore_index: Targets of this value count for nothing.
        reduction: `"mean"` (weighted), `"sum"` or `"none"`.
        label_smoothing: $\varepsilon$, from 0 to 1.

    Returns:
        One number of rank 0 in the dtype of `input`, or with `"none"` an array of the shape of `target`. The mean over
        nothing is nan.

    Raises:
        TypeError: If `input` is not floating, `weight` has another dtype, or `target` does not hold integers.
        ValueError: If the shapes do not fit, a target is out of range, `reduction` is none of the three, or
            `label_smoothing` is not from 0 to 1. Where no value can be seen (torch's `meta` device, `torch.compile`,
            `torch.func.vmap`), a target out of range counts for nothing instead.

    References:
        The weighted mean and label smoothing are those of `torch.nn.functional.cross_entropy`; label smoothing:
        Szegedy et al., "Rethinking the inception architecture for computer vision", CVPR 2016.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> scores = np.asarray([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
        >>> round(float(cnnref.cross_entropy(scores, np.asarray([2, 0]))), 4)
        0.7531
        >>> [round(y, 4) for y in cnnref.cross_entropy(scores, np.asarray([2, 0]), reduction="none").tolist()]
        [0.4076, 1.0986]
    """
    _check_loss(reduction, label_smoothing)
    xp = array_namespace(input)
    axis = _class_axis(input, target)
    weight = _weight_along(axis, input, weight)
    hit = _one_hot(target, axis, input.shape[axis], ignore_index)
    cost = -weight * log_softmax(input, axis)  # of every class, if it were the true one
    loss = xp.sum(xp.where(hit, cost, 0), axis=axis)
    if label_smoothing:
        spread = xp.where(xp.any(hit, axis=axis), xp.mean(cost, axis=axis), 0)
        loss = (1 - label_smoothing) * loss + label_smoothing * spread
    if reduction == "none":
        return loss
    return xp.sum(loss) / (xp.sum(xp.where(hit, weight, 0)) if reduction == "mean" else 1)


# Axes ----------------------------------------------------------------------------------------------------------------


def _int(name: str, value: Any) -> int:
    """An int, or what stands for one (NumPy's integers); no bool."""
    try:
        if not isinstance(value, bool):
            return python.index(value)
    except TypeError:
        pass
    raise TypeError(f"{name} must be an int, got {value!r}")


def _axis(input: Array, dim: int) -> int | tuple[()]:
    """`dim` as an axis of `input`. Rank 0 answers to 0 and -1, as in torch, and is then reduced over no axis at all."""
    dim, rank = _int("dim", dim), len(input.shape)
    if not -max(rank, 1) <= dim < max(rank, 1):
        raise ValueError(f"dim must name an axis of input, which has rank {rank}, got {dim}")
    return dim % rank if rank else ()


def _axes(input: Array, dim: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """`dim` as the axes that share a minimum: one, several or all."""
    if dim is None:
        return tuple(range(len(input.shape)))
    axes = [_axis(input, each) for each in (dim if isinstance(dim, tuple) else (dim,))]
    if len(set(axes)) < len(axes) or not axes:
        raise ValueError(f"dim must name at least one axis, and none twice, got {dim}")
    return tuple(axis for axis in axes if axis != ())


def _increasing(bounds: tuple[float, float]) -> tuple[float, float]:
    """The two bounds of a range that has a length."""
    if not (isinstance(bounds, tuple | list) and len(bounds) == 2 and -math.inf < bounds[0] < bounds[1] < math.inf):
        raise ValueError(f"feature_range must be two finite numbers, the lower first, got {bounds}")
    return bounds[0], bounds[1]


def _below_maximum(input: Array, axis: int | tuple[()]) -> Array:
    """How far each number lies below the largest along the axis: at most 0, so that no exponential overflows."""
    if 0 in input.shape:
        return input  # nothing to take the maximum of
    return input - array_namespace(input).max(input, axis=axis, keepdims=True)


# Classes -------------------------------------------------------------------------------------------------------------


def _check_loss(reduction: str, label_smoothing: float) -> None:
    """Refuse options that no loss has."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must be from 0 to 1, got {label_smoothing}")


def _class_axis(input: Array, target: Array) -> int:
    """The axis of the classes: the second, or the only one. `target` has all the others, and holds integers."""
    shape = tuple(input.shape)
    if not shape:
        raise ValueError("input must have shape (C,), (N, C) or (N, C, d1, ...), got ()")
    axis = min(1, len(shape) - 1)
    if tuple(target.shape) != (expected := shape[:axis] + shape[axis + 1 :]):
        raise ValueError(f"target must have shape {expected} for input of shape {shape}, got {tuple(target.shape)}")
    if not is_integer(target):
        raise TypeError(f"target must hold integers, the indices of classes, got {dtype_name(target)}")
    return axis


def _weight_along(axis: int, input: Array, weight: Array | None) -> Array:
    """The weights of the classes (1 if none are given), shaped to be multiplied with `input`."""
    xp, classes = array_namespace(input), input.shape[axis]
    if weight is None:
        weight = xp.ones((classes,), dtype=input.dtype, device=input.device)
    if tuple(weight.shape) != (classes,):
        raise ValueError(f"weight must have shape ({classes},), one number per class, got {tuple(weight.shape)}")
    return xp.reshape(weight, (classes, *(1 for _ in input.shape[axis + 1 :])))


def _one_hot(target: Array, axis: int, classes: int, ignore_index: int) -> Array:
    """True where the class is the target, along a new axis; nowhere if the target is ignored."""
    xp = array_namespace(target)
    target = xp.astype(target, xp.int64)  # unsigned integers have no -100
    kept = target != ignore_index
    _check_targets(target, kept, classes)
    indices = xp.arange(classes, dtype=xp.int64, device=target.device)
    indices = xp.reshape(indices, (classes, *(1 for _ in target.shape[axis:])))
    return (xp.expand_dims(target, axis=axis) == indices) & xp.expand_dims(kept, axis=axis)


def _check_targets(target: Array, kept: Array, classes: int) -> None:
    """Name the first target that is no class, where values can be seen at all."""
    outside = kept & ((target < 0) | (target >= classes))
    if known_to_hold(outside):
        raise ValueError(f"target must be from 0 to {classes - 1}, or ignore_index, got {int(target[outside][0])}")
