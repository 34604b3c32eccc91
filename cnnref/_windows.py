"""What convolution and pooling share: a window that slides along each axis, and the pixels under its cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from operator import index
from typing import Any, NamedTuple

from cnnref._arrays import Array, array_namespace, dtype_name, is_integer

Sizes = int | tuple[int, ...]


class Window(NamedTuple):
    """A window along one axis: window `i` sees the pixels `i * stride - before + t * dilation` for `t < size`."""

    size: int
    stride: int
    dilation: int
    before: int  # pixels of the frame before the first pixel; negative: pixels that no window sees
    count: int  # how many windows there are

    @property
    def reach(self) -> int:
        """How many pixels lie from the first cell to the last, both included."""
        return (self.size - 1) * self.dilation + 1

    def after(self, length: int) -> int:
        """How far the last window hangs over the end of an axis of this length."""
        return max(0, (self.count - 1) * self.stride + self.reach - self.before - length)

    def cells(self) -> Iterator[slice]:
        """For each cell, what it sees in all windows at once; the frame is counted in."""
        for t in range(self.size):
            first = t * self.dilation
            yield slice(first, first + (self.count - 1) * self.stride + 1, self.stride)


def cells(x: Array, windows: list[Window]) -> Iterator[Array]:
    """For each cell of the windows over the last axes of `x`, row by row: the pixels it sees in all windows at once."""
    for place in product(*(window.cells() for window in windows)):
        yield x[(..., *place)]


def cells_along(x: Array, axis: int, window: Window) -> Iterator[Array]:
    """For each cell of a window along one axis: the pixels it sees in all windows at once."""
    for place in window.cells():
        yield x[(slice(None),) * axis + (place, ...)]


# How many windows fit -----------------------------------------------------------------------------------------------


def count_windows(length: int, reach: int, stride: int, padding: int = 0, ceil_mode: bool = False) -> int:
    r"""$\lfloor (l + 2p - r) / s \rfloor + 1$; rounded up with `ceil_mode`, but no window starts after the input."""
    room = length + 2 * padding - reach
    if not ceil_mode:
        return room // stride + 1
    return min(-(-room // stride), (length + padding - 1) // stride) + 1


# Frames -------------------------------------------------------------------------------------------------------------


def framed(x: Array, axis: int, before: int, after: int) -> Array:
    """Zeros before and after the pixels along one axis; a negative `before` cuts pixels off."""
    xp = array_namespace(x)

    def zeros(width: int) -> list[Array]:
        shape = (*x.shape[:axis], width, *x.shape[axis + 1 :])
        return [xp.zeros(shape, dtype=x.dtype, device=x.device)] if width > 0 else []

    x = x[(slice(None),) * axis + (slice(max(0, -before), x.shape[axis]), ...)]
    frame = [*zeros(before), x, *zeros(after)]
    return xp.concat(frame, axis=axis) if len(frame) > 1 else x


# What may be asked --------------------------------------------------------------------------------------------------


def per_axis(name: str, value: Any, axes: int, least: int) -> tuple[int, ...]:
    """One int for each axis, from one for all or a tuple with one for each."""
    rule = f"{name} must be an int or a tuple of {axes}, each at least {least}, got {value!r}"
    several = tuple(value) if isinstance(value, list | tuple) else (value,)
    if any(isinstance(each, bool) or not hasattr(each, "__index__") for each in several):
        raise TypeError(rule)
    try:
        numbers = tuple(index(each) for each in several)
    except TypeError:  # an array has __index__, and only one of a single integer can do it
        raise TypeError(rule) from None
    if len(numbers) not in (1, axes) or min(numbers) < least:
        raise ValueError(rule)
    return numbers * (axes // len(numbers))


def with_batch(input: Array, axes: int) -> Array:
    """`input` with a batch axis, of one image if it comes without."""
    if input.ndim == axes + 2:
        return input
    if input.ndim != axes + 1:
        space = ("l", "h, w", "d, h, w")[axes - 1]
        shape = tuple(input.shape)
        raise ValueError(f"input must have shape (n, c, {space}) or (c, {space}), got {shape}")
    return input[None, ...]


def without_batch(y: Array, input: Array, axes: int) -> Array:
    """The result `y`, without the batch axis if `input` came without."""
    return y if input.ndim == axes + 2 else y[0, ...]


def check_wide_integers(input: Array) -> None:
    """Refuse integers other than int64, as torch does where it would divide or scatter them."""
    if is_integer(input) and dtype_name(input) != "int64":
        raise TypeError(f"input must have a floating dtype or int64, got {dtype_name(input)}")


def check_fits(reaches: tuple[int, ...], spans: tuple[int, ...]) -> None:
    """Refuse windows that reach further than the framed input."""
    if any(reach > span for reach, span in zip(reaches, spans, strict=True)):
        raise ValueError(f"kernel_size with its dilation must fit the padded input of {spans}, got {reaches}")


def volume(sizes: tuple[int, ...] | list[int]) -> int:
    """How many cells or pixels there are: the product of the sizes."""
    return math.prod(list(sizes))  # a list: torch.compile follows no other iterable here
