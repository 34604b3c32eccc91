"""Where a network leaves the maps: every number of the output sees every number of the input."""

from __future__ import annotations

import math
import numbers
from typing import Any

from cnnref._arrays import Array, array_namespace, operator

__all__ = ["flatten", "linear"]


@operator(integers="kept")
def linear(input: Array, weight: Array, bias: Array | None = None) -> Array:
    r"""Weigh all numbers of the last axis, once for each output.

    $$y_{no} = \sum_i x_{ni}\, w_{oi} + b_o, \qquad Y = X W^\top + b$$

    Strictly speaking the map is linear without the bias and affine with it.

    Args:
        input: Numbers of shape `(*, i)`; floating or integer.
        weight: One row for each output, of shape `(o, i)`; or of shape `(i,)` for a single output without an axis.
        bias: One number for each output, of shape `(o,)`, or one for all, of shape `()`.

    Returns:
        Numbers of shape `(*, o)`, or `(*,)`; dtype, library and device are those of `input`.

    Raises:
        TypeError: If one of them is no array, their dtypes differ, or `input` holds booleans or complex numbers.
        ValueError: If the shapes do not fit.

    References:
        `torch.nn.functional.linear`.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[1.0, 2.0], [3.0, 4.0]])
        >>> weight, bias = np.asarray([[1.0, 1.0], [1.0, -1.0], [0.0, 2.0]]), np.asarray([0.0, 0.0, 10.0])
        >>> cnnref.linear(x, weight, bias).tolist()
        [[3.0, -1.0, 14.0], [7.0, -1.0, 18.0]]
    """
    check_linear(input, weight, bias)
    xp = array_namespace(input)
    y = xp.matmul(input, weight if len(weight.shape) == 1 else xp.matrix_transpose(weight))
    return y if bias is None else y + bias


@operator(integers="any")
def flatten(input: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    r"""Lay maps out in one row: neighboring axes become one, the last of them running fastest.

    $$y_k = x_{chw}, \qquad k = (c\,H + h)\,W + w$$

    Args:
        input: Numbers of any dtype and shape.
        start_dim: The first of the axes to join; 1 keeps the images of a batch apart.
        end_dim: The last of them; both count from the end if negative.

    Returns:
        An array like `input` with those axes joined; rank 0 becomes rank 1.

    Raises:
        TypeError: If `input` is no array, or a dimension is no int.
        ValueError: If a dimension is out of range, or the first comes after the last.

    References:
        `torch.flatten`.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> maps = np.asarray([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]])
        >>> cnnref.flatten(maps, 1).tolist()
        [[1, 2, 3, 4, 5, 6, 7, 8]]
    """
    shape = tuple(input.shape)
    first, last = _axis("start_dim", start_dim, len(shape)), _axis("end_dim", end_dim, len(shape))
    if first > last:
        raise ValueError(f"start_dim must not come after end_dim, got {start_dim} and {end_dim} of shape {shape}")
    joined = math.prod(shape[first : last + 1])
    return array_namespace(input).reshape(input, (*shape[:first], joined, *shape[last + 1 :]))


# What does not fit ---------------------------------------------------------------------------------------------------


def check_linear(input: Array, weight: Array, bias: Array | None) -> None:
    """Refuse shapes that do not fit together."""
    if len(input.shape) == 0:
        raise ValueError("input must have shape (*, i), got ()")
    if len(weight.shape) not in (1, 2) or weight.shape[-1] != input.shape[-1]:
        features = input.shape[-1]
        raise ValueError(f"weight must have shape (o, {features}) or ({features},), got {tuple(weight.shape)}")
    outputs = tuple(weight.shape[:-1])
    if bias is not None and tuple(bias.shape) not in (outputs, ()):
        raise ValueError(f"bias must have shape {outputs}{' or ()' if outputs else ''}, got {tuple(bias.shape)}")


def _axis(name: str, dim: Any, rank: int) -> int:
    """A dimension counted from the start; rank 0 counts as rank 1, as in torch."""
    if isinstance(dim, bool) or not isinstance(dim, numbers.Integral):
        raise TypeError(f"{name} must be an int, got {dim!r}")
    rank = max(rank, 1)
    if not -rank <= dim < rank:
        raise ValueError(f"{name} must be from {-rank} to {rank - 1}, got {dim}")
    return int(dim) % rank
