r"""Pooling: one number for each window, the largest or the mean.

A window is a box, so it can be pooled along one axis after the other:

$$\max_{u,\,v} x_{i+u,\ j+v} = \max_u \Big( \max_v x_{i+u,\ j+v} \Big)$$

which looks at $k_h + k_w$ pixels instead of $k_h k_w$.
"""

from __future__ import annotations

import functools
import math
import operator as python
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cnnref._arrays import Array, array_namespace, is_floating, operator
from cnnref._windows import (
    Sizes,
    Window,
    cells_along,
    check_fits,
    check_wide_integers,
    count_windows,
    framed,
    per_axis,
    volume,
    with_batch,
    without_batch,
)

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool2d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]


@operator(integers="kept")
def max_pool1d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""Keep the largest element of each window.

    $$y_{nci} = \max_{t < k} x_{n,\ c,\ i s - p + t d}$$

    As in `max_pool2d`, with one axis instead of two.

    Args:
        input: Sequences of shape `(n, c, l)`, or one of shape `(c, l)`, of any dtype but booleans.
        kernel_size: $k$, the length of the window.
        stride: $s$, the step between windows; `kernel_size` if not given.
        padding: $p$, how far windows may hang over on both sides; at most half of `kernel_size`.
        dilation: $d$, the step between the cells of one window.
        ceil_mode: Whether a last window that hangs over the end counts.
        return_indices: Whether to return, with the maxima, where each was found.

    Returns:
        Sequences of shape `(n, c, l_out)` or `(c, l_out)`; with `return_indices` a pair, the second of dtype int64.

    Raises:
        TypeError: If `input` holds booleans, or a size is no int.
        ValueError: If no window fits, a size is out of range, or the input is empty but for its batch.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.max_pool1d(np.asarray([[1.0, 3.0, 2.0, 2.0]]), 2).tolist()
        [[3.0, 2.0]]
    """
    return _max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, axes=1)


@operator(integers="kept")
def max_pool2d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""Keep the largest pixel of each window.

    $$y_{ncij} = \max_{u < k_h,\ v < k_w} x_{n,\ c,\ i s_h - p_h + u d_h,\ j s_w - p_w + v d_w}$$

    Cells that hang over the edge are left out. Of equal maxima the first takes it all: its is the index, and the whole
    gradient. A nan wins, the last one if there are several.

    Args:
        input: Images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`, of any dtype but booleans.
        kernel_size: $k$, height and width of the window, as an int or a pair.
        stride: $s$, the step between windows; `kernel_size` if not given.
        padding: $p$, how far windows may hang over on every side; at most half of `kernel_size`.
        dilation: $d$, the step between the cells of one window.
        ceil_mode: Whether a last window that hangs over the end counts; one that starts after it never does.
        return_indices: Whether to return, with the maxima, where each was found: the number of the pixel, row by row.

    Returns:
        Images of shape `(n, c, h_out, w_out)` or `(c, h_out, w_out)`,
            `h_out = (h + 2 * p_h - d_h * (k_h - 1) - 1) // s_h + 1`;
            with `return_indices` a pair, the second of dtype int64.

    Raises:
        TypeError: If `input` holds booleans, or a size is no int.
        ValueError: If no window fits, a size is out of range, or the input is empty but for its batch.

    References:
        Ranzato et al., "Unsupervised learning of invariant feature hierarchies", CVPR 2007; Scherer, Mueller and
        Behnke, "Evaluation of pooling operations in convolutional architectures", ICANN 2010.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[1.0, 2.0, 5.0, 0.0], [3.0, 4.0, 0.0, 0.0]]])
        >>> cnnref.max_pool2d(x, 2).tolist()
        [[[4.0, 5.0]]]
        >>> y, indices = cnnref.max_pool2d(x, 2, return_indices=True)
        >>> indices.tolist()
        [[[5, 2]]]
    """
    return _max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, axes=2)


@operator(integers="kept")
def max_pool3d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    r"""Keep the largest pixel of each window of a volume.

    $$y_{nci} = \max_{t} x_{n,\,c,\,i s - p + t d}, \qquad i, t \in \mathbb{N}^3$$

    As in `max_pool2d`, with three axes instead of two.

    Args:
        input: Volumes of shape `(n, c, d, h, w)`, or one of shape `(c, d, h, w)`, of any dtype but booleans.
        kernel_size: The window, as an int or three.
        stride: The step between windows; `kernel_size` if not given.
        padding: How far windows may hang over on every side; at most half of `kernel_size`.
        dilation: The step between the cells of one window.
        ceil_mode: Whether a last window that hangs over the end counts.
        return_indices: Whether to return, with the maxima, where each was found.

    Returns:
        Volumes of shape `(n, c, d_out, h_out, w_out)` or without `n`; with `return_indices` a pair, the second of
            dtype int64.

    Raises:
        TypeError: If `input` holds booleans, or a size is no int.
        ValueError: If no window fits, a size is out of range, or the input is empty but for its batch.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.reshape(np.arange(8.0), (1, 2, 2, 2))
        >>> cnnref.max_pool3d(x, (1, 2, 2)).tolist()
        [[[[3.0]], [[7.0]]]]
    """
    return _max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, axes=3)


@operator(integers="kept")
def avg_pool1d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    r"""The mean of each window.

    $$y_{nci} = \frac{1}{k} \sum_{t < k} x_{n,\ c,\ i s - p + t}$$

    As in `avg_pool2d`, with one axis instead of two.

    Args:
        input: Sequences of shape `(n, c, l)`, or one of shape `(c, l)`, floating or int64.
        kernel_size: $k$, the length of the window.
        stride: $s$, the step between windows; `kernel_size` if not given.
        padding: $p$, zeros added on both sides; at most half of `kernel_size`.
        ceil_mode: Whether a last window that hangs over the end counts.
        count_include_pad: Whether the divisor counts the zeros of the padding.

    Returns:
        Sequences of shape `(n, c, l_out)` or `(c, l_out)`; int64 is rounded toward zero.

    Raises:
        TypeError: If the dtype is neither floating nor int64, or a size is no int.
        ValueError: If no window fits, a size is out of range, or the input is empty but for its batch.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.avg_pool1d(np.asarray([[1.0, 3.0, 2.0, 4.0]]), 2, stride=1).tolist()
        [[2.0, 2.5, 3.0]]
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, None, axes=1)


@operator(integers="kept")
def avg_pool2d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    r"""The mean of each window.

    $$y_{ncij} = \frac{1}{k_h k_w} \sum_{u < k_h} \sum_{v < k_w} x_{n,\ c,\ i s_h - p_h + u,\ j s_w - p_w + v}$$

    Padded pixels are zeros. The divisor counts the cells on the image and, unless told otherwise, in its padding; what
    hangs over even the padding, as with `ceil_mode`, never counts.

    Args:
        input: Images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`, floating or int64.
        kernel_size: $k$, height and width of the window, as an int or a pair.
        stride: $s$, the step between windows; `kernel_size` if not given.
        padding: $p$, zeros added on every side; at most half of `kernel_size`.
        ceil_mode: Whether a last window that hangs over the end counts; one that starts after it never does.
        count_include_pad: Whether the divisor counts the zeros of the padding.
        divisor_override: Divide every sum by this int, not 0, instead.

    Returns:
        Images of shape `(n, c, h_out, w_out)` or `(c, h_out, w_out)`, `h_out = (h + 2 * p_h - k_h) // s_h + 1`;
            int64 is rounded toward zero.

    Raises:
        TypeError: If the dtype is neither floating nor int64, or a size is no int.
        ValueError: If no window fits, a size is out of range, or the input is empty but for its batch.

    References:
        LeCun et al., "Handwritten digit recognition with a back-propagation network", NIPS 1989.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[1.0, 2.0], [3.0, 6.0]]])
        >>> cnnref.avg_pool2d(x, 2).tolist()
        [[[3.0]]]
        >>> cnnref.avg_pool2d(x, 2, padding=1).tolist()
        [[[0.25, 0.5], [0.75, 1.5]]]
        >>> cnnref.avg_pool2d(x, 2, padding=1, count_include_pad=False).tolist()
        [[[1.0, 2.0], [3.0, 6.0]]]
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, axes=2)


@operator(integers="kept")
def avg_pool3d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    r"""The mean of each window of a volume.

    $$y_{nci} = \frac{1}{k_d k_h k_w} \sum_{t} x_{n,\,c,\,i s - p + t}, \qquad i, t \in \mathbb{N}^3$$

    As in `avg_pool2d`, with three axes instead of two.

    Args:
        input: Volumes of shape `(n, c, d, h, w)`, or one of shape `(c, d, h, w)`, floating or int64.
        kernel_size: The window, as an int or three.
        stride: The step between windows; `kernel_size` if not given.
        padding: Zeros added on every side; at most half of `kernel_size`.
        ceil_mode: Whether a last window that hangs over the end counts.
        count_include_pad: Whether the divisor counts the zeros of the padding.
        divisor_override: Divide every sum by this int, not 0, instead.

    Returns:
        Volumes of shape `(n, c, d_out, h_out, w_out)` or without `n`; int64 is rounded toward zero.

    Raises:
        TypeError: If the dtype is neither floating nor int64, or a size is no int.
        ValueError: If no window fits, a size is out of range, or the input is empty but for its batch.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.reshape(np.arange(8.0), (1, 2, 2, 2))
        >>> cnnref.avg_pool3d(x, 2).tolist()
        [[[[3.5]]]]
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, axes=3)


@operator(integers="refused")
def lp_pool2d(
    input: Array,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Array:
    r"""The $p$-norm of each window: the sum at $p = 1$, ever closer to the maximum as $p$ grows.

    $$y_{ncij} = \Big( \sum_{u < k_h} \sum_{v < k_w} x_{n,\ c,\ i s_h + u,\ j s_w + v}^{\,p} \Big)^{1/p}$$

    No absolute value is taken: an odd $p$ suits pixels that are not negative. As in PyTorch, a window that hangs over
    the edge with `ceil_mode` counts as if its missing cells held the mean of the others.

    Args:
        input: Floating images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`.
        norm_type: $p$, not 0; with $\pm\infty$ the largest or the smallest absolute value.
        kernel_size: $k$, height and width of the window, as an int or a pair.
        stride: $s$, the step between windows; `kernel_size` if not given.
        ceil_mode: Whether a last window that hangs over the end counts.

    Returns:
        Images of shape `(n, c, h_out, w_out)` or `(c, h_out, w_out)`, `h_out = (h - k_h) // s_h + 1`.

    Raises:
        TypeError: If the dtype is not floating, or a size is no int.
        ValueError: If `norm_type` is 0 or nan, no window fits, or a size is out of range.

    References:
        Sermanet, Chintala and LeCun, "Convolutional neural networks applied to house numbers digit classification",
        arXiv:1204.3968.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[3.0, 0.0], [0.0, 4.0]]])
        >>> cnnref.lp_pool2d(x, 2, 2).tolist()
        [[[5.0]]]
    """
    if norm_type == 0 or math.isnan(norm_type):
        raise ValueError(f"norm_type must not be 0 or nan, got {norm_type}")
    xp = array_namespace(input)
    if math.isinf(norm_type):
        sign = 1 if norm_type > 0 else -1
        return sign * _max_pool(sign * xp.abs(input), kernel_size, stride, 0, 1, ceil_mode, False, axes=2)
    mean = _avg_pool(input**norm_type, kernel_size, stride, 0, ceil_mode, True, None, axes=2)
    # Where the sum is 0 the root has no slope: as in torch no gradient passes there.
    mean = xp.where(mean == 0, xp.zeros_like(mean), mean)
    return (mean * volume(per_axis("kernel_size", kernel_size, 2, 1))) ** (1 / norm_type)


@operator(integers="refused")
def adaptive_avg_pool1d(input: Array, output_size: Any) -> Array:
    r"""The means of a given number of windows that together cover a sequence.

    $$y_{nci} = \operatorname{mean}_{a_i \le j < b_i} x_{ncj}, \qquad a_i = \lfloor i\,l / m \rfloor,\quad
    b_i = \lceil (i + 1)\,l / m \rceil$$

    Args:
        input: Floating sequences of shape `(n, c, l)`, or one of shape `(c, l)`.
        output_size: $m$, the number of windows.

    Returns:
        Sequences of shape `(n, c, m)` or `(c, m)`.

    Raises:
        TypeError: If the dtype is not floating, or a size is no int.
        ValueError: If `output_size` is negative, or the input has no element.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.adaptive_avg_pool1d(np.asarray([[1.0, 2.0, 6.0]]), 2).tolist()
        [[1.5, 4.0]]
    """
    return _adaptive_avg_pool(input, output_size, axes=1)


@operator(integers="refused")
def adaptive_avg_pool2d(input: Array, output_size: Any) -> Array:
    r"""The means of a given number of windows that together cover an image: any size in, one size out.

    $$y_{ncij} = \operatorname{mean}_{a_i \le u < b_i,\ a_j \le v < b_j} x_{ncuv}, \qquad
    a_i = \lfloor i\,h / m \rfloor,\quad b_i = \lceil (i + 1)\,h / m \rceil$$

    Neighboring windows share a row where $m$ does not divide $h$. An `output_size` of 1 is global average pooling.

    Args:
        input: Floating images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`.
        output_size: $m$, the number of windows along each axis: an int, or a pair in which `None` keeps the size.

    Returns:
        Images of shape `(n, c, m_h, m_w)` or `(c, m_h, m_w)`.

    Raises:
        TypeError: If the dtype is not floating, or a size is no int.
        ValueError: If `output_size` is negative or no pair, or the input has no pixel.

    References:
        Lin, Chen and Yan, "Network in network", arXiv:1312.4400 (global); He et al., "Spatial pyramid pooling",
        arXiv:1406.4729 (several sizes).

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[1.0, 2.0, 6.0], [3.0, 4.0, 8.0]]])
        >>> cnnref.adaptive_avg_pool2d(x, 1).tolist()
        [[[4.0]]]
        >>> cnnref.adaptive_avg_pool2d(x, (None, 1)).tolist()
        [[[3.0], [5.0]]]
    """
    return _adaptive_avg_pool(input, output_size, axes=2)


@operator(integers="refused")
def adaptive_avg_pool3d(input: Array, output_size: Any) -> Array:
    r"""The means of a given number of windows that together cover a volume.

    $$y_{nci} = \operatorname{mean}_{a_i \le j < b_i} x_{ncj}, \qquad a_i = \lfloor i\,l / m \rfloor,\quad
    b_i = \lceil (i + 1)\,l / m \rceil, \qquad i, j \in \mathbb{N}^3$$

    As in `adaptive_avg_pool2d`, with three axes instead of two.

    Args:
        input: Floating volumes of shape `(n, c, d, h, w)`, or one of shape `(c, d, h, w)`.
        output_size: The number of windows along each axis: an int, or three in which `None` keeps the size.

    Returns:
        Volumes of shape `(n, c, m_d, m_h, m_w)` or `(c, m_d, m_h, m_w)`.

    Raises:
        TypeError: If the dtype is not floating, or a size is no int.
        ValueError: If `output_size` is negative or not three, or the input has no pixel.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.reshape(np.arange(8.0), (1, 2, 2, 2))
        >>> cnnref.adaptive_avg_pool3d(x, (2, 1, 1)).tolist()
        [[[[1.5]], [[5.5]]]]
    """
    return _adaptive_avg_pool(input, output_size, axes=3)


@operator(integers="refused")
def adaptive_max_pool1d(input: Array, output_size: Any, return_indices: bool = False) -> Any:
    r"""The maxima of a given number of windows that together cover a sequence.

    $$y_{nci} = \max_{a_i \le j < b_i} x_{ncj}, \qquad a_i = \lfloor i\,l / m \rfloor,\quad
    b_i = \lceil (i + 1)\,l / m \rceil$$

    Args:
        input: Floating sequences of shape `(n, c, l)`, or one of shape `(c, l)`.
        output_size: $m$, the number of windows.
        return_indices: Whether to return, with the maxima, where each was found.

    Returns:
        Sequences of shape `(n, c, m)` or `(c, m)`; with `return_indices` a pair, the second of dtype int64.

    Raises:
        TypeError: If the dtype is not floating, or a size is no int.
        ValueError: If `output_size` is negative, or the input is empty but for its batch.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.adaptive_max_pool1d(np.asarray([[1.0, 6.0, 2.0]]), 2).tolist()
        [[6.0, 6.0]]
    """
    return _adaptive_max_pool(input, output_size, return_indices, axes=1)


@operator(integers="refused")
def adaptive_max_pool2d(input: Array, output_size: Any, return_indices: bool = False) -> Any:
    r"""The maxima of a given number of windows that together cover an image: any size in, one size out.

    $$y_{ncij} = \max_{a_i \le u < b_i,\ a_j \le v < b_j} x_{ncuv}, \qquad
    a_i = \lfloor i\,h / m \rfloor,\quad b_i = \lceil (i + 1)\,h / m \rceil$$

    Ties and nan are settled as in `max_pool2d`.

    Args:
        input: Floating images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`.
        output_size: $m$, the number of windows along each axis: an int, or a pair in which `None` keeps the size.
        return_indices: Whether to return, with the maxima, where each was found: the number of the pixel, row by row.

    Returns:
        Images of shape `(n, c, m_h, m_w)` or `(c, m_h, m_w)`; with `return_indices` a pair, the second of dtype int64.

    Raises:
        TypeError: If the dtype is not floating, or a size is no int.
        ValueError: If `output_size` is negative or no pair, or the input is empty but for its batch.

    References:
        Oquab et al., "Is object localization for free?", CVPR 2015 (global max pooling).

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[1.0, 7.0, 6.0], [3.0, 4.0, 8.0]]])
        >>> cnnref.adaptive_max_pool2d(x, (1, 2)).tolist()
        [[[7.0, 8.0]]]
    """
    return _adaptive_max_pool(input, output_size, return_indices, axes=2)


@operator(integers="refused")
def adaptive_max_pool3d(input: Array, output_size: Any, return_indices: bool = False) -> Any:
    r"""The maxima of a given number of windows that together cover a volume.

    $$y_{nci} = \max_{a_i \le j < b_i} x_{ncj}, \qquad a_i = \lfloor i\,l / m \rfloor,\quad
    b_i = \lceil (i + 1)\,l / m \rceil, \qquad i, j \in \mathbb{N}^3$$

    As in `adaptive_max_pool2d`, with three axes instead of two.

    Args:
        input: Floating volumes of shape `(n, c, d, h, w)`, or one of shape `(c, d, h, w)`.
        output_size: The number of windows along each axis: an int, or three in which `None` keeps the size.
        return_indices: Whether to return, with the maxima, where each was found.

    Returns:
        Volumes of shape `(n, c, m_d, m_h, m_w)` or without `n`; with `return_indices` a pair, the second of
            dtype int64.

    Raises:
        TypeError: If the dtype is not floating, or a size is no int.
        ValueError: If `output_size` is negative or not three, or the input is empty but for its batch.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.reshape(np.arange(8.0), (1, 2, 2, 2))
        >>> cnnref.adaptive_max_pool3d(x, (1, 1, 2)).tolist()
        [[[[6.0, 7.0]]]]
    """
    return _adaptive_max_pool(input, output_size, return_indices, axes=3)


# The largest --------------------------------------------------------------------------------------------------------


def _max_pool(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    return_indices: bool,
    axes: int,
) -> Any:
    x, windows = images_and_windows(input, kernel_size, stride, padding, dilation, ceil_mode, axes)
    _check_each_holds_a_pixel(x, windows)

    def seen(each: Array, axis: int) -> Iterator[Array]:
        window = windows[axis - 2]
        return cells_along(_held(each, axis, window), axis, window)

    return _largest(input, x, seen, return_indices)


def _adaptive_max_pool(input: Array, output_size: Any, return_indices: bool, axes: int) -> Any:
    x = with_batch(input, axes)
    _check_pixels(input, x, first=1)
    sizes = _output_sizes(output_size, x)

    def seen(each: Array, axis: int) -> Iterator[Array]:
        return _adaptive_cells(each, axis, sizes[axis - 2])

    return _largest(input, x, seen, return_indices)


def _largest(input: Array, x: Array, seen: Any, return_indices: bool) -> Any:
    """Pool along one axis after the other, the last one first; the number of each pixel travels with it."""
    arrays = [x, _numbers(x)] if return_indices else [x]
    for axis in range(x.ndim - 1, 1, -1):
        arrays = _winners(zip(*(seen(each, axis) for each in arrays), strict=True))
    if not return_indices:
        return without_batch(arrays[0], input, x.ndim - 2)
    y, at = arrays
    at = array_namespace(x).broadcast_to(at, y.shape) + 0  # an array of its own, also where it is one for all images
    return without_batch(y, input, x.ndim - 2), without_batch(at, input, x.ndim - 2)


def _winners(candidates: Iterable[Sequence[Array]]) -> list[Array]:
    """Of all candidates the largest, and what belongs to it; the first of equal ones, and the last nan.

    `where` hands the whole gradient to the winner. `maximum` would divide it among equal ones.
    """
    best, *others = candidates
    xp = array_namespace(best[0])
    if not others:
        return [xp.concat([each], axis=0) for each in best]  # a copy: results share no memory with the input
    for each in others:
        wins = (each[0] > best[0]) | (each[0] != each[0])
        best = [xp.where(wins, new, old) for new, old in zip(each, best, strict=True)]
    return best


def _numbers(x: Array) -> Array:
    """The pixels of an image, counted row by row."""
    xp = array_namespace(x)
    lengths = tuple(x.shape[2:])
    return xp.reshape(xp.arange(volume(lengths), dtype=xp.int64, device=x.device), (1, 1, *lengths))


def _held(x: Array, axis: int, window: Window) -> Array:
    r"""A frame that no maximum can notice: each of its pixels repeats one that the same windows hold already.

    No value is lower than all others, so none could stand there: a window of nothing but $-\infty$ must find its own.
    """
    length, step = x.shape[axis], window.dilation

    def pixel(q: int) -> Array:
        return x[(slice(None),) * axis + (slice(q, q + 1), ...)]

    before = [pixel(min(q % step, length - 1)) for q in range(-window.before, 0)]
    last = length - 1
    after = [pixel(max(last - (last - q) % step, 0)) for q in range(length, length + window.after(length))]
    return array_namespace(x).concat([*before, x, *after], axis=axis) if before or after else x


def _adaptive_cells(x: Array, axis: int, count: int) -> Iterator[Array]:
    """Cell by cell what the adaptive windows see; a short one sees its last pixel again, which no maximum notices."""
    xp, length = array_namespace(x), x.shape[axis]
    if count > 0 and length % count == 0:  # windows side by side, as those of `max_pool2d` are: no need to gather
        yield from cells_along(x, axis, Window(length // count, length // count, 1, 0, count))
        return
    bounds = _bounds(length, count)
    for t in range(max([1, *(stop - start for start, stop in bounds)])):
        places = [min(start + t, stop - 1) for start, stop in bounds]
        yield xp.take(x, xp.asarray(places, dtype=xp.int64, device=x.device), axis=axis)


# The mean -----------------------------------------------------------------------------------------------------------


def _avg_pool(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
    axes: int,
) -> Array:
    check_wide_integers(input)
    x, windows = images_and_windows(input, kernel_size, stride, padding, 1, ceil_mode, axes)
    if axes == 3:  # torch has this rule for volumes alone
        check_fits(tuple(window.size for window in windows), tuple(x.shape[2:]))
    divisor, total = divisors(x, windows, count_include_pad, divisor_override), x
    for axis, window in enumerate(windows, 2):
        total = framed(total, axis, window.before, window.after(x.shape[axis]))
        total = functools.reduce(python.add, cells_along(total, axis, window))
    return without_batch(_divided(total, divisor), input, axes)


def divisors(x: Array, windows: list[Window], count_include_pad: bool, divisor_override: int | None) -> Any:
    """What the sum of each window is divided by."""
    if divisor_override is not None:
        return _checked_divisor(divisor_override)
    counts = [_counts(x, axis, window, count_include_pad) for axis, window in enumerate(windows, 2)]
    return functools.reduce(python.mul, counts)


def _counts(x: Array, axis: int, window: Window, include_pad: bool) -> Array:
    """How many cells of each window along one axis count: those on the image, or on its padding as well."""
    length, frame = x.shape[axis], window.before if include_pad else 0
    starts = [i * window.stride - window.before for i in range(window.count)]
    counts = [min(start + window.size, length + frame) - max(start, -frame) for start in starts]
    xp = array_namespace(x)
    return xp.reshape(xp.asarray(counts, dtype=x.dtype, device=x.device), (-1, *(1,) * (x.ndim - 1 - axis)))


def _divided(total: Array, divisor: Any) -> Array:
    """`total / divisor`; integers toward zero, as torch divides them."""
    if is_floating(total):
        return total / divisor
    xp = array_namespace(total)
    sign = xp.sign(total) * (xp.sign(divisor) if not isinstance(divisor, int) else (1 if divisor > 0 else -1))
    return sign * (xp.abs(total) // abs(divisor))


def _adaptive_avg_pool(input: Array, output_size: Any, axes: int) -> Array:
    x = with_batch(input, axes)
    _check_pixels(input, x, first=2)
    xp, sizes = array_namespace(x), _output_sizes(output_size, x)
    whole = tuple(axis for axis, count in enumerate(sizes, 2) if count == 1)
    x = xp.mean(x, axis=whole, keepdims=True) if whole else x  # at once, as in global average pooling
    for axis, count in enumerate(sizes, 2):
        parts = [x[(slice(None),) * axis + (slice(*bounds), ...)] for bounds in _bounds(x.shape[axis], count)]
        means = [xp.mean(part, axis=axis, keepdims=True) for part in parts]
        x = xp.concat(means, axis=axis) if means else x[(slice(None),) * axis + (slice(0), ...)]
    return without_batch(x, input, axes)


def _bounds(length: int, count: int) -> list[tuple[int, int]]:
    """Where each of `count` adaptive windows starts and stops: at the share of the axis, rounded outward."""
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


# What fits ----------------------------------------------------------------------------------------------------------


def images_and_windows(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    axes: int,
) -> tuple[Array, list[Window]]:
    """What a pooling, or its gradient, is about: images with a batch axis and one window along each other axis."""
    x = with_batch(input, axes)
    _check_pixels(input, x, first=1)
    dilation = per_axis("dilation", dilation, axes, 1)
    return x, _windows(x, kernel_size, stride, padding, dilation, ceil_mode)


def _windows(
    x: Array, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, dilation: tuple[int, ...], ceil_mode: bool
) -> list[Window]:
    """One window along each axis; padding by at most half of it, so that each holds some pixel."""
    axes, lengths = x.ndim - 2, tuple(x.shape[2:])
    kernel = per_axis("kernel_size", kernel_size, axes, 1)
    step = kernel if stride is None or (isinstance(stride, tuple | list) and not stride) else stride
    step, padding = per_axis("stride", step, axes, 1), per_axis("padding", padding, axes, 0)
    if any(p > k // 2 for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"padding must be at most half of kernel_size {kernel}, got {padding}")
    reaches = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    counts = [
        count_windows(length, reach, s, p, ceil_mode)
        for length, reach, s, p in zip(lengths, reaches, step, padding, strict=True)
    ]
    if min(counts) < 1:
        check_fits(reaches, tuple(length + 2 * p for length, p in zip(lengths, padding, strict=True)))
    return [Window(*each) for each in zip(kernel, step, dilation, padding, counts, strict=True)]


def _output_sizes(output_size: Any, x: Array) -> tuple[int, ...]:
    """The number of windows along each axis; `None` among several keeps the size."""
    lengths = tuple(x.shape[2:])
    if isinstance(output_size, tuple | list) and len(output_size) == len(lengths) > 1:
        output_size = tuple(n if size is None else size for size, n in zip(output_size, lengths, strict=True))
    elif isinstance(output_size, tuple | list) and len(output_size) == 1 < len(lengths):
        raise ValueError(f"output_size must be an int or a tuple of {len(lengths)}, got {output_size!r}")
    return per_axis("output_size", output_size, len(lengths), 0)


def _checked_divisor(divisor: Any) -> int:
    if isinstance(divisor, bool) or not hasattr(divisor, "__index__"):
        raise TypeError(f"divisor_override must be an int, not 0, got {divisor!r}")
    if divisor == 0:
        raise ValueError(f"divisor_override must be an int, not 0, got {divisor!r}")
    return python.index(divisor)


def _check_pixels(input: Array, x: Array, first: int) -> None:
    """Refuse an empty input; only its batch may be, and before axis `first` its channels."""
    if 0 in x.shape[first:]:
        raise ValueError(f"input must not be empty but for its batch, got shape {tuple(input.shape)}")


def _check_each_holds_a_pixel(x: Array, windows: list[Window]) -> None:
    """Refuse windows so dilated that one steps over the whole axis: torch's index then points outside the image."""
    for length, window in zip(x.shape[2:], windows, strict=True):
        starts = range(-window.before, 0, window.stride)[: window.count]
        if any(start % window.dilation >= length for start in starts):
            raise ValueError(f"dilation must not step over an axis of {length}, got {window.dilation}")
