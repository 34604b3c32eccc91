"""Normalization: numbers moved to mean 0 and variance 1. The families differ in which numbers share a mean."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from cnnref._arrays import Array, array_namespace, is_torch, operator

__all__ = ["batch_norm", "fold_batch_norm", "group_norm", "instance_norm", "layer_norm"]


@operator(integers="refused", updates=("running_mean", "running_var"), wider=True)
def batch_norm(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    r"""Normalize every channel over the batch: all images and all pixels share one mean and one variance.

    $$y_{nci} = \gamma_c \, \frac{x_{nci} - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}} + \beta_c, \qquad
    \mu_c = \frac{1}{m} \sum_{n,i} x_{nci}, \qquad \sigma_c^2 = \frac{1}{m} \sum_{n,i} (x_{nci} - \mu_c)^2$$

    where $m$ counts the images and pixels. In training the two are taken from the batch, and the running statistics
    move towards them by `momentum`; the running variance takes the unbiased one, with $m - 1$ in place of $m$:

    $$\mu^\text{run} \leftarrow (1 - \alpha)\,\mu^\text{run} + \alpha\,\mu, \qquad
    \sigma^{2\,\text{run}} \leftarrow (1 - \alpha)\,\sigma^{2\,\text{run}} + \alpha\,\frac{m}{m - 1}\,\sigma^2$$

    Otherwise the running statistics stand in for both.

    Args:
        input: Floating numbers of shape `(N, C)` or `(N, C, d1, ...)`.
        running_mean: $\mu^\text{run}$ of shape `(C,)`, or `None`. **Changed in place in training**, as in PyTorch.
        running_var: $\sigma^{2\,\text{run}}$ of shape `(C,)`, or `None`; likewise.
        weight: $\gamma$ of shape `(C,)`; all 1 if not given.
        bias: $\beta$ of shape `(C,)`; all 0 if not given.
        training: Whether to normalize by the statistics of the batch. An empty batch has none: the running ones stay.
        momentum: $\alpha$, the share of the batch. For the plain average of all batches, which `torch.nn.BatchNorm2d`
            calls `momentum=None`, give 1, 1/2, 1/3, ... in turn.
        eps: $\varepsilon$, which keeps a channel without variance from dividing by 0.

    Returns:
        An array like `input`: same shape, dtype, library and device.

    Raises:
        TypeError: If `input` is not floating, the others have another dtype (float32 may stand beside half precision),
            `training` is no bool, or `momentum` or `eps` is no number.
        ValueError: If the shapes do not fit, only one of the running statistics is given, or none out of training; if
            in training there is but one value per channel, or `eps` is not positive; or if `eps` is negative.

    References:
        Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
        shift", ICML 2015; the running statistics are those of `torch.nn.functional.batch_norm`.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[1.0, 10.0], [3.0, 30.0], [5.0, 50.0]])
        >>> mean, var = np.zeros(2), np.ones(2)
        >>> y = cnnref.batch_norm(x, mean, var, training=True, momentum=0.5)
        >>> [round(v, 3) for v in y[:, 0].tolist()]
        [-1.225, 0.0, 1.225]
        >>> mean.tolist(), var.tolist()
        ([1.5, 15.0], [2.5, 200.5])
        >>> cnnref.batch_norm(x, mean, var, eps=0.0)[1, :].tolist() == [(3 - 1.5) / 2.5**0.5, (30 - 15) / 200.5**0.5]
        True
    """
    check_batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    x = planes(input)
    if not training:
        return _like(input, _scaled(x - running_mean[:, None], 0, running_var, weight, bias, eps))
    mean, deviations, rest, variance = moments(x)
    _track(running_mean, mean + rest, momentum, _count(x))
    _track(running_var, _unbiased(variance, _count(x)), momentum, _count(x))
    return _like(input, _scaled(deviations, rest, variance, weight, bias, eps))


@operator(integers="refused", wider=True)
def layer_norm(
    input: Array,
    normalized_shape: Sequence[int],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    r"""Normalize every sample for itself: the last axes share one mean and one variance.

    $$y_{ni} = \gamma_i \, \frac{x_{ni} - \mu_n}{\sqrt{\sigma_n^2 + \varepsilon}} + \beta_i, \qquad
    \mu_n = \frac{1}{m} \sum_i x_{ni}, \qquad \sigma_n^2 = \frac{1}{m} \sum_i (x_{ni} - \mu_n)^2$$

    where $i$ runs over the $m$ places of the last axes. No batch is needed, so training and inference are the same.

    Args:
        input: Floating numbers of shape `(*, *normalized_shape)`.
        normalized_shape: The lengths of the last axes that share a mean.
        weight: $\gamma$ of shape `normalized_shape`: one number per place, not per channel; all 1 if not given.
        bias: $\beta$, likewise; all 0 if not given.
        eps: $\varepsilon$, added to the variance.

    Returns:
        An array like `input`: same shape, dtype, library and device.

    Raises:
        TypeError: If `input` is not floating, `weight` or `bias` has another dtype (float32 may stand beside half
            precision), `normalized_shape` is no tuple or list of ints, or `eps` is no number.
        ValueError: If `normalized_shape` is empty, or the shapes do not end in it.

    References:
        Ba, Kiros and Hinton, "Layer normalization", arXiv:1607.06450.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
        >>> [[round(v, 3) for v in row] for row in cnnref.layer_norm(x, (3,)).tolist()]
        [[-1.225, 0.0, 1.225], [-1.225, 0.0, 1.225]]
    """
    _check_options(eps)
    shared = _check_normalized_shape(input, normalized_shape, weight=weight, bias=bias)
    samples = math.prod(input.shape[: len(input.shape) - len(shared)])
    x = array_namespace(input).reshape(input, (1, samples, math.prod(shared)))
    return _affine(_like(input, _normalized(x, eps)), weight, bias)


@operator(integers="refused", wider=True)
def group_norm(
    input: Array,
    num_groups: int,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    r"""Normalize groups of channels: in every image, each group of neighboring channels shares one mean and variance.

    $$y_{nci} = \gamma_c \, \frac{x_{nci} - \mu_{ng}}{\sqrt{\sigma_{ng}^2 + \varepsilon}} + \beta_c, \qquad
    g = \left\lfloor \frac{c\,G}{C} \right\rfloor$$

    where $\mu_{ng}$ and $\sigma_{ng}^2$ are taken over all channels and pixels of group $g$ of image $n$. One group is
    layer normalization but for the shape of $\gamma$; as many groups as channels is instance normalization.

    Args:
        input: Floating numbers of shape `(N, C)` or `(N, C, d1, ...)`.
        num_groups: $G$, which divides the number of channels $C$.
        weight: $\gamma$ of shape `(C,)`; all 1 if not given.
        bias: $\beta$ of shape `(C,)`; all 0 if not given.
        eps: $\varepsilon$, added to the variance.

    Returns:
        An array like `input`: same shape, dtype, library and device.

    Raises:
        TypeError: If `input` is not floating, `weight` or `bias` has another dtype (float32 may stand beside half
            precision), `num_groups` is no int, or `eps` is no number.
        ValueError: If the shapes do not fit, `num_groups` is not positive or does not divide the channels, or, with one
            image, a group holds but one value.

    References:
        Wu and He, "Group normalization", ECCV 2018.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[1.0, 3.0, 100.0, 300.0]])
        >>> [round(v, 3) for v in cnnref.group_norm(x, 2)[0, :].tolist()]
        [-1.0, 1.0, -1.0, 1.0]
    """
    _check_options(eps)
    _check_channels(input, weight=weight, bias=bias)
    _check_groups(input, num_groups)
    n, c, *pixels = input.shape
    x = array_namespace(input).reshape(input, (1, n * num_groups, c // num_groups * math.prod(pixels)))
    return _affine(_like(input, _normalized(x, eps)), _along_channels(weight, input), _along_channels(bias, input))


@operator(integers="refused", updates=("running_mean", "running_var"), wider=True)
def instance_norm(
    input: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    r"""Normalize every channel of every image for itself: only its pixels share a mean and a variance.

    $$y_{nci} = \gamma_c \, \frac{x_{nci} - \mu_{nc}}{\sqrt{\sigma_{nc}^2 + \varepsilon}} + \beta_c, \qquad
    \mu_{nc} = \frac{1}{m} \sum_i x_{nci}, \qquad \sigma_{nc}^2 = \frac{1}{m} \sum_i (x_{nci} - \mu_{nc})^2$$

    where $i$ runs over the $m$ pixels. Contrast is taken out of every image, and with it much of its style. Running
    statistics, if given, move towards the average over the images, by the rule of `batch_norm`.

    Args:
        input: Floating numbers of shape `(N, C, d1, ...)`; also `(N, C)` without input statistics.
        running_mean: Running means of shape `(C,)`, or `None`. **Changed in place** with input statistics.
        running_var: Running variances of shape `(C,)`, or `None`; likewise.
        weight: $\gamma$ of shape `(C,)`; all 1 if not given.
        bias: $\beta$ of shape `(C,)`; all 0 if not given.
        use_input_stats: Whether to normalize by the statistics of the input; otherwise the running ones stand in.
        momentum: The share of the input in the running statistics.
        eps: $\varepsilon$, added to the variance.

    Returns:
        An array like `input`: same shape, dtype, library and device.

    Raises:
        TypeError: If `input` is not floating, the others have another dtype (float32 may stand beside half precision),
            `use_input_stats` is no bool, or `momentum` or `eps` is no number.
        ValueError: If the shapes do not fit, only one of the running statistics is given, or none where they are
            needed, or if an image has but one pixel.

    References:
        Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast stylization",
        arXiv:1607.08022.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[1.0, 3.0]], [[100.0, 300.0]]])
        >>> [round(v, 3) for v in cnnref.instance_norm(x)[:, 0, 1].tolist()]
        [1.0, 1.0]
    """
    _check_options(eps, use_input_stats=use_input_stats, momentum=momentum)
    _check_pixels(input, use_input_stats)
    _check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    _check_running(running_mean, running_var, needed=None if use_input_stats else "use_input_stats")
    if not use_input_stats:
        return _like(input, _scaled(planes(input) - running_mean[:, None], 0, running_var, weight, bias, eps))
    n, c, *pixels = input.shape
    x = array_namespace(input).reshape(input, (1, n * c, math.prod(pixels)))
    mean, deviations, rest, variance = moments(x)
    _track(running_mean, _over_images(mean + rest, n, c), momentum, n * _count(x))
    _track(running_var, _over_images(_unbiased(variance, _count(x)), n, c), momentum, n * _count(x))
    normalized = _like(input, _scaled(deviations, rest, variance, None, None, eps))
    return _affine(normalized, _along_channels(weight, input), _along_channels(bias, input))


@operator(integers="refused", wider=True)
def fold_batch_norm(
    weight: Array,
    bias: Array | None,
    running_mean: Array,
    running_var: Array,
    gamma: Array | None = None,
    beta: Array | None = None,
    eps: float = 1e-5,
    transpose: bool = False,
) -> tuple[Array, Array]:
    r"""The weights of one convolution that does the work of a convolution and the batch normalization after it.

    $$\gamma\,\frac{(W x + b) - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta = W' x + b', \qquad
    W' = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}}\,W, \qquad
    b' = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}}\,(b - \mu) + \beta$$

    Both are affine in every output channel, so together they are one affine map: after training, the normalization
    costs nothing. A linear layer folds alike. (In training this cannot be done: $\mu$ and $\sigma^2$ depend on $x$.)

    Args:
        weight: $W$, shape `(C, ...)`; of a transposed convolution `(C_in, C / groups, ...)`.
        bias: $b$ of shape `(C,)`, or `None`.
        running_mean: $\mu$ of shape `(C,)`.
        running_var: $\sigma^2$ of shape `(C,)`.
        gamma: The `weight` of the batch normalization, shape `(C,)`; all 1 if not given.
        beta: The `bias` of the batch normalization, shape `(C,)`; all 0 if not given.
        eps: $\varepsilon$ of the batch normalization.
        transpose: Whether `weight` belongs to a transposed convolution.

    Returns:
        $W'$ and $b'$, arrays like `weight`.

    Raises:
        TypeError: If `weight` is not floating, the others have another dtype (float32 may stand beside half precision),
            `transpose` is no bool, or `eps` is no number.
        ValueError: If the shapes do not fit.

    References:
        Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference",
        CVPR 2018, section 3.2; `torch.nn.utils.fusion.fuse_conv_bn_weights`.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> weight, bias = np.asarray([[2.0, 0.0], [0.0, 3.0]]), np.asarray([1.0, 1.0])
        >>> mean, var = np.asarray([1.0, 2.0]), np.asarray([4.0, 9.0])
        >>> weight, bias = cnnref.fold_batch_norm(weight, bias, mean, var, eps=0.0)
        >>> weight.tolist()
        [[1.0, 0.0], [0.0, 1.0]]
        >>> [round(b, 4) for b in bias.tolist()]
        [0.0, -0.3333]
    """
    _check_options(eps, transpose=transpose)
    channels = _check_folded(weight, transpose, running_mean)
    _check_shapes((channels,), "per channel", bias=bias, running_mean=running_mean, running_var=running_var)
    _check_shapes((channels,), "per channel", gamma=gamma, beta=beta)
    factor = scale(running_var, gamma, eps)
    shift = (-running_mean if bias is None else bias - running_mean) * factor
    return _times_channels(weight, factor, transpose), shift if beta is None else shift + beta


# Mean and variance ---------------------------------------------------------------------------------------------------


def moments(x: Array) -> tuple[Array, Array, Array, Array]:
    """What `(n, c, l)` numbers have in common along n and l: for each c their mean and variance, in two passes.

    The mean is rounded, so the deviations from it have a small mean of their own, the `rest`. It is what makes large
    means harmless: the true mean is `mean + rest`, the true deviations are `deviations - rest`.

    Returns:
        `mean`, `deviations`, `rest` and `variance`, where the deviations have shape `(n, c, l)` and the others `(c,)`.
    """
    xp, count = array_namespace(x), max(_count(x), 1)
    mean = xp.sum(x, axis=(0, 2)) / count
    deviations = x - mean[:, None]
    rest = xp.sum(deviations, axis=(0, 2)) / count
    # `vecdot` squares and sums in one go, without an array for the squares.
    variance = xp.sum(xp.vecdot(deviations, deviations), axis=0) / count - rest * rest
    return mean, deviations, rest, variance


def _count(x: Array) -> int:
    """How many numbers share a mean."""
    return x.shape[0] * x.shape[2]


def _unbiased(variance: Array, count: int) -> Array:
    """The variance with `count - 1` in place of `count`."""
    return variance * (count / max(count - 1, 1))


def _over_images(statistic: Array, n: int, c: int) -> Array:
    """The average over the images of one number for every image and channel."""
    xp = array_namespace(statistic)
    return xp.sum(xp.reshape(statistic, (n, c)), axis=0) / max(n, 1)


def _track(running: Array | None, statistic: Array, momentum: float, count: int) -> None:
    """Move a running statistic towards that of this batch, unless the batch is empty."""
    if running is None or count == 0:
        return
    statistic = statistic.detach() if is_torch(statistic) else statistic  # a memory, not a part of the graph
    running[...] = (1 - momentum) * running + momentum * statistic


# Scale and shift -----------------------------------------------------------------------------------------------------


def scale(variance: Array, weight: Array | None, eps: float) -> Array:
    """What a deviation is multiplied by: 1 over the standard deviation, times the weight."""
    factor = 1 / array_namespace(variance).sqrt(variance + eps)
    return factor if weight is None else weight * factor


def _scaled(
    deviations: Array, rest: Any, variance: Array, weight: Array | None, bias: Array | None, eps: float
) -> Array:
    """`(deviations - rest) * factor + bias` in one multiplication and one addition for each number."""
    factor = scale(variance, weight, eps)
    shift = -rest * factor if bias is None else bias - rest * factor
    y = deviations * factor[:, None]
    y += shift[:, None]  # in place: another array of this size would cost more time than the sum
    return y


def _normalized(x: Array, eps: float) -> Array:
    """`(n, c, l)` numbers with mean 0 and variance 1 for every c."""
    _, deviations, rest, variance = moments(x)
    return _scaled(deviations, rest, variance, None, None, eps)


def _affine(x: Array, weight: Array | None, bias: Array | None) -> Array:
    """`weight * x + bias`, of which either may be missing."""
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _times_channels(weight: Array, factor: Array, transpose: bool) -> Array:
    """The weights of a convolution, multiplied by one number for each of its output channels."""
    if not transpose:
        return weight * _along(factor, 0, weight)
    # Transposed, the output channels are the second axis, and each group of inputs has its own.
    xp, (inputs, outputs, *taps) = array_namespace(weight), weight.shape
    groups = factor.shape[0] // max(outputs, 1)
    grouped = xp.reshape(weight, (groups, inputs // max(groups, 1), outputs, *taps))
    factor = xp.reshape(factor, (groups, 1, outputs, *(1 for _ in taps)))
    return _like(weight, grouped * factor)


# Shapes --------------------------------------------------------------------------------------------------------------


def planes(input: Array) -> Array:
    """Images as `(n, c, pixels)`, whatever their rank."""
    n, c, *pixels = input.shape
    return array_namespace(input).reshape(input, (n, c, math.prod(pixels)))


def _like(input: Array, x: Array) -> Array:
    """The numbers of `x` in the shape of `input`."""
    return array_namespace(input).reshape(x, tuple(input.shape))


def _along(values: Array, axis: int, x: Array) -> Array:
    """`values` shaped so that they multiply `x` along one axis."""
    shape = [1 for _ in x.shape]
    shape[axis] = values.shape[0]
    return array_namespace(x).reshape(values, tuple(shape))


def _along_channels(values: Array | None, x: Array) -> Array | None:
    """One value per channel, shaped for `(n, c, ...)`."""
    return None if values is None else _along(values, 1, x)


# What does not fit ---------------------------------------------------------------------------------------------------


def _check_options(eps: Any, **options: Any) -> None:
    """Refuse a number that is none, and a switch that is neither on nor off."""
    for name, value in {"eps": eps, **options}.items():
        if name in ("eps", "momentum"):
            if not isinstance(value, numbers.Real):
                raise TypeError(f"{name} must be a number, got {value!r}")
        elif not isinstance(value, bool):
            raise TypeError(f"{name} must be a bool, got {value!r}")


def _check_shapes(shape: tuple[int, ...], each: str, **parameters: Array | None) -> None:
    """Refuse parameters of another shape; each may be missing."""
    for name, values in parameters.items():
        if values is not None and tuple(values.shape) != shape:
            raise ValueError(f"{name} must have shape {shape}, one number {each}, got {tuple(values.shape)}")


def _check_channels(input: Array, **parameters: Array | None) -> None:
    """Refuse an input without channels, and parameters that are not one number per channel."""
    if len(input.shape) < 2:
        raise ValueError(f"input must have shape (N, C) or (N, C, d1, ...), got {tuple(input.shape)}")
    _check_shapes((input.shape[1],), "per channel", **parameters)


def _check_running(running_mean: Array | None, running_var: Array | None, needed: str | None) -> None:
    """Refuse one running statistic without the other, and none where they are needed."""
    missing = [running_mean is None, running_var is None]
    if needed and any(missing):
        raise ValueError(f"running_mean and running_var must be given when {needed} is False, got None")
    if any(missing) and not all(missing):
        raise ValueError("running_mean and running_var must be given both or neither, got one of them")


def check_batch_norm(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None,
    bias: Array | None,
    training: bool,
    momentum: float,
    eps: float,
) -> None:
    """Refuse what batch normalization, or its gradient, cannot do."""
    _check_options(eps, training=training, momentum=momentum)
    _check_eps(eps, training)
    _check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    _check_running(running_mean, running_var, needed=None if training else "training")
    if training:
        _check_batch(input)


def _check_eps(eps: float, training: bool) -> None:
    """Refuse an eps that would let a channel without variance divide by 0; running variances may do without."""
    if training and eps <= 0:
        raise ValueError(f"eps must be positive in training, got {eps}")
    if eps < 0:
        raise ValueError(f"eps must not be negative, got {eps}")


def _check_batch(input: Array) -> None:
    """Refuse to train on one value per channel, which would always become 0."""
    if math.prod(input.shape[:1] + input.shape[2:]) == 1:
        raise ValueError(f"input must hold more than one value per channel in training, got shape {tuple(input.shape)}")


def _check_normalized_shape(
    input: Array, normalized_shape: Sequence[int], **parameters: Array | None
) -> tuple[int, ...]:
    """The lengths of the axes that share a mean, which must be the last ones."""
    shared, shape = _ints("normalized_shape", normalized_shape), tuple(input.shape)
    if not shared:
        raise ValueError("normalized_shape must name at least one axis, got ()")
    if shape[-len(shared) :] != shared:
        raise ValueError(f"input must have a shape that ends in normalized_shape {shared}, got {shape}")
    _check_shapes(shared, "per place", **parameters)
    return shared


def _ints(name: str, values: Any) -> tuple[int, ...]:
    """A tuple of ints, from a tuple or list of them."""
    if not isinstance(values, tuple | list) or not all(map(_is_int, values)):
        raise TypeError(f"{name} must be a tuple or list of ints, got {values!r}")
    return tuple(values)


def _is_int(value: Any) -> bool:
    """Whether this is an int of Python or NumPy; `True` is none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _check_groups(input: Array, num_groups: Any) -> None:
    """Refuse groups that do not come out even, and a single group of a single value."""
    n, c, *pixels = input.shape
    if not _is_int(num_groups):
        raise TypeError(f"num_groups must be an int, got {num_groups!r}")
    if num_groups < 1 or c % num_groups:
        raise ValueError(f"num_groups must be positive and divide the {c} channels of input, got {num_groups}")
    if n * c // num_groups * math.prod(pixels) == 1:
        raise ValueError(
            f"input must hold more than one value per group, got shape {tuple(input.shape)} and num_groups {num_groups}"
        )


def _check_pixels(input: Array, use_input_stats: bool) -> None:
    """Refuse images of one pixel, which would all become 0."""
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(f"input must hold more than one pixel an image, got shape {tuple(input.shape)}")


def _check_folded(weight: Array, transpose: bool, running_mean: Array) -> int:
    """The number of output channels of a convolution with this weight."""
    if len(weight.shape) < 2:
        raise ValueError(f"weight must have at least two axes, got shape {tuple(weight.shape)}")
    if not transpose:
        return weight.shape[0]
    channels, (inputs, outputs) = math.prod(running_mean.shape), weight.shape[:2]
    groups = channels // max(outputs, 1)
    if channels != groups * outputs or inputs % max(groups, 1):
        raise ValueError(f"running_mean must have one number for every output channel of weight, got {channels}")
    return channels
