r"""Convolution: the same small weights, applied everywhere; and its transpose, which writes where the other reads.

Write the pixels under each window into one column, and all windows at once are a matrix product:

$$y = W X, \qquad X_{(c, t),\, i} = x_{c,\ i s - p + t d}$$

with one row for each channel $c$ and cell $t$ of the window, one column for each window $i$.
"""

from __future__ import annotations

from typing import Any

from cnnref._arrays import Array, array_namespace, operator
from cnnref._windows import (
    Sizes,
    Window,
    cells,
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
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "unfold",
]

# Numbers in the columns that are made at a time: they stay in the cache, and memory stays small.
AT_ONCE = 2**19
# A GPU wants much at a time; and a gradient keeps all columns anyhow.
AT_ONCE_ELSEWHERE = 2**26


@operator(integers="kept")
def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    r"""Slide a window along a sequence and weigh what it sees.

    $$y_{n,o,i} = b_o + \sum_{c} \sum_{t < k} w_{o,c,t}\; x_{n,\,c,\,i s - p + t d}$$

    As in `conv2d`, with one axis instead of two.

    Args:
        input: Sequences of shape `(n, c, l)`, or one of shape `(c, l)`.
        weight: Kernels of shape `(o, c / groups, k)`.
        bias: One number for each output channel, of shape `(o,)`.
        stride: $s$, the step between windows.
        padding: $p$, zeros added on both sides; `'valid'` for none; `'same'` for an output as long as the input.
        dilation: $d$, the step between the cells of one window.
        groups: Parts into which the channels fall; each output channel reads one part.

    Returns:
        Sequences of shape `(n, o, l_out)` or `(o, l_out)`, `l_out = (l + 2 * p - d * (k - 1) - 1) // s + 1`.

    Raises:
        TypeError: If dtypes differ or hold booleans, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    References:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[1.0, 2.0, 4.0, 8.0]])
        >>> difference = np.asarray([[[-1.0, 1.0]]])
        >>> cnnref.conv1d(x, difference).tolist()
        [[1.0, 2.0, 4.0]]
    """
    return _convolution(input, weight, bias, stride, padding, dilation, groups, axes=1)


@operator(integers="kept")
def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    r"""Slide a window over an image and weigh what it sees.

    $$y_{n,o,i,j} = b_o + \sum_{c} \sum_{u < k_h} \sum_{v < k_w} w_{o,c,u,v}\;
    x_{n,\ c,\ i s_h - p_h + u d_h,\ j s_w - p_w + v d_w}$$

    Pixels outside the image count as zero. The kernel is not turned: mathematics calls this a cross-correlation.

    Args:
        input: Images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`.
        weight: Kernels of shape `(o, c / groups, k_h, k_w)`.
        bias: One number for each output channel, of shape `(o,)`.
        stride: $s$, the step between windows; an int or a pair.
        padding: $p$, zeros added on every side; `'valid'` for none; `'same'` for an output as large as the input, with
            the odd zero below and to the right, for stride 1 alone.
        dilation: $d$, the step between the cells of one window.
        groups: Parts into which the channels fall; each output channel reads one part. With `groups` equal to $c$ every
            channel has kernels of its own (depthwise).

    Returns:
        Images of shape `(n, o, h_out, w_out)` or `(o, h_out, w_out)`,
            `h_out = (h + 2 * p_h - d_h * (k_h - 1) - 1) // s_h + 1`.
            Half precision is summed in float32 and rounded once. On a GPU float32 is not rounded to TF32, which PyTorch
            allows its own convolutions: this one is a matrix product, for which that must be asked for.

    Raises:
        TypeError: If dtypes differ or hold booleans, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    References:
        LeCun et al., "Handwritten digit recognition with a back-propagation network", NIPS 1989; groups: Krizhevsky,
        Sutskever and Hinton, NIPS 2012; dilation: Yu and Koltun, arXiv:1511.07122.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[0.0, 0.0, 9.0], [0.0, 0.0, 9.0], [0.0, 0.0, 9.0]]])
        >>> vertical_edge = np.asarray([[[[-1.0, 1.0], [-1.0, 1.0]]]])
        >>> cnnref.conv2d(x, vertical_edge).tolist()
        [[[0.0, 18.0], [0.0, 18.0]]]
        >>> tuple(cnnref.conv2d(x, vertical_edge, padding="same").shape)
        (1, 3, 3)
    """
    return _convolution(input, weight, bias, stride, padding, dilation, groups, axes=2)


@operator(integers="kept")
def conv3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    r"""Slide a window through a volume and weigh what it sees.

    $$y_{n,o,i} = b_o + \sum_{c} \sum_{t} w_{o,c,t}\; x_{n,\,c,\,i s - p + t d}, \qquad i, t \in \mathbb{N}^3$$

    As in `conv2d`, with three axes instead of two.

    Args:
        input: Volumes of shape `(n, c, d, h, w)`, or one of shape `(c, d, h, w)`.
        weight: Kernels of shape `(o, c / groups, k_d, k_h, k_w)`.
        bias: One number for each output channel, of shape `(o,)`.
        stride: The step between windows; an int or three.
        padding: Zeros added on every side; `'valid'` for none; `'same'` for an output as large as the input.
        dilation: The step between the cells of one window.
        groups: Parts into which the channels fall; each output channel reads one part.

    Returns:
        Volumes of shape `(n, o, d_out, h_out, w_out)` or `(o, d_out, h_out, w_out)`.

    Raises:
        TypeError: If dtypes differ or hold booleans, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    References:
        Tran et al., "Learning spatiotemporal features with 3D convolutional networks", arXiv:1412.0767.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.ones((1, 2, 3, 3))
        >>> cnnref.conv3d(x, np.ones((1, 1, 2, 2, 2))).tolist()
        [[[[8.0, 8.0], [8.0, 8.0]]]]
    """
    return _convolution(input, weight, bias, stride, padding, dilation, groups, axes=3)


@operator(integers="kept")
def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Array:
    r"""Write the kernel at every element of a sequence, weighed by it: the transpose of `conv1d`.

    $$y_{n,o,j} = b_o + \sum_{c} \sum_{i s - p + t d = j} w_{c,o,t}\; x_{n,c,i}$$

    As in `conv_transpose2d`, with one axis instead of two.

    Args:
        input: Sequences of shape `(n, c, l)`, or one of shape `(c, l)`.
        weight: Kernels of shape `(c, o / groups, k)`.
        bias: One number for each output channel, of shape `(o,)`.
        stride: $s$, the step between the places where the kernel is written.
        padding: $p$, how much is cut off on both sides.
        output_padding: Elements added at the end; smaller than `stride` or `dilation`.
        groups: Parts into which the channels fall.
        dilation: $d$, the step between the cells of the kernel.

    Returns:
        Sequences of shape `(n, o, l_out)` or `(o, l_out)`,
            `l_out = (l - 1) * s - 2 * p + d * (k - 1) + output_padding + 1`.

    Raises:
        TypeError: If dtypes differ or are neither floating nor int64, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    References:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> kernel = np.asarray([[[1.0, 10.0]]])
        >>> cnnref.conv_transpose1d(np.asarray([[1.0, 2.0]]), kernel).tolist()
        [[1.0, 12.0, 20.0]]
    """
    return _transposed(input, weight, bias, stride, padding, output_padding, groups, dilation, axes=1)


@operator(integers="kept")
def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Array:
    r"""Write the kernel at every pixel, weighed by it: the transpose of `conv2d`, and its gradient.

    $$y_{n,o,j} = b_o + \sum_{c} \sum_{i s - p + t d = j} w_{c,o,t}\; x_{n,c,i}, \qquad i, j, t \in \mathbb{N}^2$$

    Seen from the output it is a convolution as well: of the pixels spread $s$ apart, with the kernel turned by 180°.

    Args:
        input: Images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`.
        weight: Kernels of shape `(c, o / groups, k_h, k_w)`, as the convolution from `o` to `c` channels has them.
        bias: One number for each output channel, of shape `(o,)`.
        stride: $s$, the step between the places where the kernel is written.
        padding: $p$, how much is cut off on every side: what the convolution would have added.
        output_padding: Pixels added below and to the right, smaller than `stride` or `dilation`: a convolution with a
            stride maps several sizes to one, and this says which to go back to.
        groups: Parts into which the channels fall.
        dilation: $d$, the step between the cells of the kernel.

    Returns:
        Images of shape `(n, o, h_out, w_out)` or `(o, h_out, w_out)`,
            `h_out = (h - 1) * s_h - 2 * p_h + d_h * (k_h - 1) + output_padding_h + 1`.

    Raises:
        TypeError: If dtypes differ or are neither floating nor int64, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    References:
        Zeiler et al., "Deconvolutional networks", CVPR 2010; Dumoulin and Visin, arXiv:1603.07285.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[1.0, 2.0]]])
        >>> kernel = np.asarray([[[[1.0, 1.0], [1.0, 1.0]]]])
        >>> cnnref.conv_transpose2d(x, kernel, stride=2).tolist()
        [[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]
    """
    return _transposed(input, weight, bias, stride, padding, output_padding, groups, dilation, axes=2)


@operator(integers="kept")
def conv_transpose3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Array:
    r"""Write the kernel at every pixel of a volume, weighed by it: the transpose of `conv3d`.

    $$y_{n,o,j} = b_o + \sum_{c} \sum_{i s - p + t d = j} w_{c,o,t}\; x_{n,c,i}, \qquad i, j, t \in \mathbb{N}^3$$

    As in `conv_transpose2d`, with three axes instead of two.

    Args:
        input: Volumes of shape `(n, c, d, h, w)`, or one of shape `(c, d, h, w)`.
        weight: Kernels of shape `(c, o / groups, k_d, k_h, k_w)`.
        bias: One number for each output channel, of shape `(o,)`.
        stride: The step between the places where the kernel is written; an int or three.
        padding: How much is cut off on every side.
        output_padding: Pixels added at the end of each axis; smaller than `stride` or `dilation`.
        groups: Parts into which the channels fall.
        dilation: The step between the cells of the kernel.

    Returns:
        Volumes of shape `(n, o, d_out, h_out, w_out)` or `(o, d_out, h_out, w_out)`.

    Raises:
        TypeError: If dtypes differ or are neither floating nor int64, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    References:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> y = cnnref.conv_transpose3d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 2, 2)))
        >>> y.tolist()
        [[[[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]]]
    """
    return _transposed(input, weight, bias, stride, padding, output_padding, groups, dilation, axes=3)


@operator(integers="refused")
def unfold(input: Array, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Array:
    r"""Write the pixels under each window into one column: what turns `conv2d` into a matrix product.

    $$X_{n,\,(c,\,u,\,v),\,(i,\,j)} = x_{n,\ c,\ i s_h - p_h + u d_h,\ j s_w - p_w + v d_w}$$

    Args:
        input: Images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`.
        kernel_size: Height and width of the window, as an int or a pair.
        dilation: $d$, the step between the cells of one window.
        padding: $p$, zeros added on every side.
        stride: $s$, the step between windows.

    Returns:
        Columns of shape `(n, c * k_h * k_w, h_out * w_out)`, or without `n`.

    Raises:
        TypeError: If the dtype is not floating, or a size is no int.
        ValueError: If no window fits, the input is empty, or a size is out of range.

    References:
        Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing", 2006.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
        >>> cnnref.unfold(x, 2).tolist()
        [[1.0, 2.0], [2.0, 3.0], [4.0, 5.0], [5.0, 6.0]]
    """
    x = with_batch(input, 2)
    if 0 in x.shape[1:]:
        raise ValueError(f"input must not be empty but for its batch, got shape {tuple(input.shape)}")
    windows = _windows(x.shape[2:], per_axis("kernel_size", kernel_size, 2, 1), stride, padding, dilation)
    columns = array_namespace(x).concat([_columns(_framed(x, windows), windows)], axis=0)  # a copy in any case
    return without_batch(columns, input, 2)


# Convolution --------------------------------------------------------------------------------------------------------


def _convolution(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
    axes: int,
) -> Array:
    x, windows = images_and_windows(input, weight, bias, stride, padding, dilation, groups, axes)
    return without_batch(_weighed(x, weight, bias, windows, groups), input, axes)


def images_and_windows(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
    axes: int,
) -> tuple[Array, list[Window]]:
    """What a convolution, or its gradient, is about: images with a batch axis and one window along each other axis."""
    x = with_batch(input, axes)
    _check_groups(groups)
    _check_kernels(weight, groups, axes)
    _check_channels(x, weight.shape[1] * groups)
    _check_bias(bias, weight.shape[0])
    windows = _windows(x.shape[2:], tuple(weight.shape[2:]), stride, padding, dilation)
    _check_pixels(input, x)
    return x, windows


def _windows(lengths: Any, kernel: tuple[int, ...], stride: Sizes, padding: Sizes | str, dilation: Sizes) -> list:
    """One window along each axis."""
    axes = len(kernel)
    stride, dilation = per_axis("stride", stride, axes, 1), per_axis("dilation", dilation, axes, 1)
    reaches = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    if isinstance(padding, str):
        frames = _named_padding(padding, reaches, stride)
    else:
        frames = [(p, p) for p in per_axis("padding", padding, axes, 0)]
    spans = tuple(length + before + after for length, (before, after) in zip(lengths, frames, strict=True))
    check_fits(reaches, spans)
    return [
        Window(k, s, d, before, count_windows(span, reach, s))
        for k, s, d, reach, span, (before, _) in zip(kernel, stride, dilation, reaches, spans, frames, strict=True)
    ]


def _named_padding(name: str, reaches: tuple[int, ...], stride: tuple[int, ...]) -> list[tuple[int, int]]:
    """Zeros before and after each axis; where `'same'` needs an odd number, one more after than before."""
    if name not in ("same", "valid"):
        raise ValueError(f"padding must be 'same', 'valid' or numbers, got {name!r}")
    if name == "valid":
        return [(0, 0) for _ in reaches]
    if max(stride) > 1:
        raise ValueError(f"stride must be 1 with padding 'same', got {stride}")
    return [((reach - 1) // 2, reach // 2) for reach in reaches]


def _framed(x: Array, windows: list[Window]) -> Array:
    for axis, window in enumerate(windows, 2):
        x = framed(x, axis, window.before, window.after(x.shape[axis]))
    return x


def _columns(x: Array, windows: list[Window]) -> Array:
    """One column for each window, one row for each channel and cell: shape `(n, c * cells, windows)`."""
    xp = array_namespace(x)
    first, *others = cells(x, windows)
    seen = xp.stack([first, *others], axis=2) if others else first  # one cell sees the pixels as they are
    n, c = x.shape[:2]
    return xp.reshape(seen, (n, c * volume([w.size for w in windows]), volume([w.count for w in windows])))


def _product(x: Array, weight: Array, bias: Array | None, windows: list[Window], groups: int) -> Array:
    """The convolution itself, of images that have their frame: in each group, weights times columns."""
    xp = array_namespace(x)
    o, c, *_ = weight.shape
    rows = c * volume([w.size for w in windows])
    columns = _columns(x, windows)
    columns = xp.reshape(columns, (x.shape[0], groups, rows, columns.shape[2]))
    y = xp.matmul(xp.reshape(weight, (groups, o // groups, rows)), columns)
    if bias is not None:
        y = y + xp.reshape(bias, (groups, o // groups, 1))
    return xp.reshape(y, (x.shape[0], o, *(w.count for w in windows)))


def _weighed(x: Array, weight: Array, bias: Array | None, windows: list[Window], groups: int) -> Array:
    """The convolution, a few images at a time, of large ones a few rows: all columns at once would fill the memory."""
    xp = array_namespace(x)
    images, rows = _portion(x, windows)
    first, *others = windows
    portions = []
    for i in range(0, max(1, x.shape[0]), images):
        some = _framed(x[i : min(i + images, x.shape[0]), ...], windows)
        bands = []
        for row in range(0, first.count, rows):
            band = first._replace(count=min(rows, first.count - row))
            seen = some[:, :, row * first.stride :, ...]
            bands.append(_product(seen, weight, bias, [band, *others], groups))
        portions.append(xp.concat(bands, axis=2) if len(bands) > 1 else bands[0])
    return xp.concat(portions, axis=0) if len(portions) > 1 else portions[0]


def _portion(x: Array, windows: list[Window]) -> tuple[int, int]:
    """How many images to take at a time, and how many rows of windows."""
    elsewhere = str(x.device).startswith(("cuda", "mps")) or getattr(x, "requires_grad", False)
    at_once = AT_ONCE_ELSEWHERE if elsewhere else AT_ONCE
    first, *others = windows
    row = x.shape[1] * volume([w.size for w in windows]) * volume([w.count for w in others])
    rows = min(first.count, max(1, at_once // row))
    rows = -(-first.count // -(-first.count // rows))  # bands of equal height, the last one perhaps lower
    return max(1, at_once // (row * rows)), rows


# Its transpose ------------------------------------------------------------------------------------------------------


def _transposed(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
    axes: int,
) -> Array:
    check_wide_integers(input)
    x = with_batch(input, axes)
    _check_groups(groups)
    _check_kernels(weight, groups, axes)
    _check_channels(x, weight.shape[0])
    _check_bias(bias, weight.shape[1] * groups)
    kernel = tuple(weight.shape[2:])
    stride, dilation = per_axis("stride", stride, axes, 1), per_axis("dilation", dilation, axes, 1)
    padding, extra = per_axis("padding", padding, axes, 0), per_axis("output_padding", output_padding, axes, 0)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ValueError(f"output_padding must be smaller than stride or dilation, got {extra}")
    _check_pixels(input, x)
    windows = [
        Window(k, 1, d, d * (k - 1) - p, (length - 1) * s - 2 * p + d * (k - 1) + e + 1)
        for k, s, d, p, e, length in zip(kernel, stride, dilation, padding, extra, x.shape[2:], strict=True)
    ]
    if any(w.count < 1 for w in windows):
        raise ValueError(f"padding must leave some output, got {padding} and {tuple(w.count for w in windows)} left")
    return without_batch(_weighed(_spread(x, stride), _turned(weight, groups), bias, windows, groups), input, axes)


def _spread(x: Array, stride: tuple[int, ...]) -> Array:
    """The pixels `stride` apart, with zeros after each."""
    xp = array_namespace(x)
    for axis, step in enumerate(stride, 2):
        apart = xp.stack([x] + [xp.zeros_like(x)] * (step - 1), axis=axis + 1)
        x = xp.reshape(apart, (*x.shape[:axis], x.shape[axis] * step, *x.shape[axis + 1 :]))
    return x


def _turned(weight: Array, groups: int) -> Array:
    """The kernels turned by 180°, with input and output channels swapped within each group."""
    xp = array_namespace(weight)
    c, o, *kernel = weight.shape
    grouped = xp.reshape(weight, (groups, c // groups, o, *kernel))
    swapped = xp.permute_dims(grouped, (0, 2, 1, *range(3, 3 + len(kernel))))
    return xp.flip(xp.reshape(swapped, (groups * o, c // groups, *kernel)), axis=tuple(range(2, 2 + len(kernel))))


# What does not fit --------------------------------------------------------------------------------------------------


def _check_groups(groups: int) -> None:
    rule = f"groups must be an int, at least 1, got {groups!r}"
    if isinstance(groups, bool) or not hasattr(groups, "__index__"):
        raise TypeError(rule)
    if groups < 1:
        raise ValueError(rule)


def _check_kernels(weight: Array, groups: int, axes: int) -> None:
    shape = tuple(weight.shape)
    if len(shape) != axes + 2:
        raise ValueError(f"weight must have {axes + 2} axes, got shape {shape}")
    if 0 in shape:
        raise ValueError(f"weight must not be empty, got shape {shape}")
    if shape[0] % groups:
        raise ValueError(f"weight must have a number of kernels that groups={groups} divides, got shape {shape}")


def _check_channels(x: Array, channels: int) -> None:
    if x.shape[1] != channels:
        raise ValueError(f"input must have the {channels} channels that weight reads, got {x.shape[1]}")


def _check_bias(bias: Array | None, channels: int) -> None:
    if bias is not None and tuple(bias.shape) != (channels,):
        raise ValueError(f"bias must have shape ({channels},), got {tuple(bias.shape)}")


def _check_pixels(input: Array, x: Array) -> None:
    if x.shape[0] > 0 and 0 in x.shape[2:]:
        raise ValueError(f"input must not be empty but for its batch, got shape {tuple(input.shape)}")
