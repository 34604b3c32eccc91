r"""Gradients, written out: how much the loss changes with each number that went into an operator.

Let $L$ be a loss, $y = f(x)$ one step on the way to it, and $g = \partial L / \partial y$ already known. The chain rule
$\partial L / \partial x_j = \sum_i g_i\, \partial y_i / \partial x_j$ carries $g$ back through $f$: a product of a
vector and the Jacobian matrix of $f$, which is never written down as a whole. That is all of backpropagation.

The functions here have the names of the operators and **take the same arguments after the gradient that comes back**:

    y = cnnref.conv2d(x, weight, bias, padding=1)
    grad_x, grad_weight, grad_bias = cnnref.gradients.conv2d(grad_y, x, weight, bias, padding=1)

They return the gradients of the arrays among those arguments. One that was not given has a gradient all the same: that
of a bias of 0 or of a weight of 1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

from cnnref import activations, convolution, pooling, scaling
from cnnref._arrays import Array, array_namespace, operator
from cnnref._windows import Sizes, Window, volume, with_batch
from cnnref.dense import check_linear
from cnnref.normalization import check_batch_norm, moments, planes, scale

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "conv1d",
    "conv2d",
    "conv3d",
    "cross_entropy",
    "leaky_relu",
    "linear",
    "log_softmax",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]


# Activations ---------------------------------------------------------------------------------------------------------


@operator(integers="refused")
def relu(grad_output: Array, input: Array) -> Array:
    r"""The gradient passes where the input was positive, and nowhere else.

    $$\frac{\partial L}{\partial x} = g\,[x > 0]$$

    At 0, where there is no derivative, PyTorch and this package take 0.

    Args:
        grad_output: $g$, of the shape of `input`.
        input: $x$, what `cnnref.relu` was given.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ.
        ValueError: If the shapes differ.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.gradients.relu(np.asarray([5.0, 5.0, 5.0]), np.asarray([-1.0, 0.0, 2.0])).tolist()
        [0.0, 0.0, 5.0]
    """
    _check_output(grad_output, input.shape)
    return array_namespace(input).where(input <= 0, 0, grad_output)  # so that nan lets it pass, as in torch


@operator(integers="refused")
def leaky_relu(grad_output: Array, input: Array, negative_slope: float = 0.01) -> Array:
    r"""The gradient passes where the input was positive, and is scaled down elsewhere.

    $$\frac{\partial L}{\partial x} = \begin{cases} g & x > 0 \\ \text{negative\_slope} \cdot g & x \le 0 \end{cases}$$

    Args:
        grad_output: $g$, of the shape of `input`.
        input: $x$, what `cnnref.leaky_relu` was given.
        negative_slope: The slope left of 0.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ.
        ValueError: If the shapes differ.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.gradients.leaky_relu(np.asarray([4.0, 4.0]), np.asarray([-1.0, 2.0]), 0.25).tolist()
        [1.0, 4.0]
    """
    _check_output(grad_output, input.shape)
    return array_namespace(input).where(input > 0, grad_output, negative_slope * grad_output)


@operator(integers="refused")
def sigmoid(grad_output: Array, input: Array) -> Array:
    r"""At most a quarter of the gradient passes, and almost none far from 0: the sigmoid saturates.

    $$\frac{\partial L}{\partial x} = g\,\sigma'(x), \qquad
    \sigma'(x) = \frac{e^{-x}}{(1 + e^{-x})^2} = \sigma(x)\,(1 - \sigma(x)) = \sigma(x)\,\sigma(-x)$$

    The last form is computed: where $\sigma(x)$ is all but 1, its difference from 1 would have no digits left.

    Args:
        grad_output: $g$, of the shape of `input`.
        input: $x$, what `cnnref.sigmoid` was given.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ.
        ValueError: If the shapes differ.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> [round(v, 4) for v in cnnref.gradients.sigmoid(np.ones(3), np.asarray([0.0, 2.0, 10.0])).tolist()]
        [0.25, 0.105, 0.0]
    """
    _check_output(grad_output, input.shape)
    return grad_output * activations.sigmoid(input) * activations.sigmoid(-input)


@operator(integers="refused")
def tanh(grad_output: Array, input: Array) -> Array:
    r"""The whole gradient passes at 0 and almost none far from it: the hyperbolic tangent saturates.

    $$\frac{\partial L}{\partial x} = g\,(1 - \tanh^2 x) = 4\,g\,\sigma(2x)\,\sigma(-2x)$$

    The last form is computed, since $\tanh x = 2\,\sigma(2x) - 1$: it has all its digits far from 0 as well.

    Args:
        grad_output: $g$, of the shape of `input`.
        input: $x$, what `cnnref.tanh` was given.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ.
        ValueError: If the shapes differ.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> [round(v, 4) for v in cnnref.gradients.tanh(np.ones(3), np.asarray([0.0, 1.0, 5.0])).tolist()]
        [1.0, 0.42, 0.0002]
    """
    _check_output(grad_output, input.shape)
    return 4 * grad_output * activations.sigmoid(2 * input) * activations.sigmoid(-2 * input)


# Scores and loss -----------------------------------------------------------------------------------------------------


@operator(integers="refused")
def softmax(grad_output: Array, input: Array, dim: int, *, temperature: float = 1.0) -> Array:
    r"""A share grows only at the expense of the others, so what counts is how far $g$ lies above its average.

    $$\frac{\partial y_i}{\partial x_j} = \frac{y_i\,([i = j] - y_j)}{T}, \qquad
    \frac{\partial L}{\partial x_j} = \frac{y_j}{T} \Big( g_j - \sum_i g_i\,y_i \Big)$$

    The first follows from $y_i = e^{x_i / T} / \sum_k e^{x_k / T}$ by the quotient rule. The gradient adds up to 0.

    Args:
        grad_output: $g$, of the shape of `input`.
        input: $x$, what `cnnref.softmax` was given.
        dim: The axis along which the shares add up to 1.
        temperature: $T$.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ, or `dim` is no int.
        ValueError: If the shapes differ, `dim` is out of range, or `temperature` is not positive and finite.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.gradients.softmax(np.asarray([1.0, 0.0]), np.asarray([0.0, 0.0]), 0).tolist()
        [0.25, -0.25]
    """
    _check_output(grad_output, input.shape)
    y = scaling.softmax(input, dim, temperature=temperature)
    average = array_namespace(y).sum(grad_output * y, axis=scaling._axis(input, dim), keepdims=True)
    return y * (grad_output - average) / temperature


@operator(integers="refused")
def log_softmax(grad_output: Array, input: Array, dim: int) -> Array:
    r"""What comes back for one class is taken from all, by their shares.

    $$\frac{\partial \ln y_i}{\partial x_j} = [i = j] - y_j, \qquad
    \frac{\partial L}{\partial x_j} = g_j - y_j \sum_i g_i$$

    with $y$ the softmax of $x$; the first is the derivative of $\ln y_i = x_i - \ln \sum_k e^{x_k}$.

    Args:
        grad_output: $g$, of the shape of `input`.
        input: $x$, what `cnnref.log_softmax` was given.
        dim: The axis along which the shares add up to 1.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ, or `dim` is no int.
        ValueError: If the shapes differ, or `dim` is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.gradients.log_softmax(np.asarray([1.0, 0.0]), np.asarray([0.0, 0.0]), 0).tolist()
        [0.5, -0.5]
    """
    _check_output(grad_output, input.shape)
    y = scaling.softmax(input, dim)
    total = array_namespace(y).sum(grad_output, axis=scaling._axis(input, dim), keepdims=True)
    return grad_output - y * total


@operator(integers="refused", indices=("target",))
def cross_entropy(
    grad_output: Array,
    input: Array,
    target: Array,
    weight: Array | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    r"""What the softmax says minus what it should have said.

    $$\frac{\partial \ell_n}{\partial x_{nc}} = y_{nc} \sum_k q_{nk} - q_{nc}, \qquad
    q_{nc} = (1 - \varepsilon)\,w_c\,[c = t_n] + \frac{\varepsilon}{C}\,w_c$$

    The loss is $\ell_n = -\sum_c q_{nc} \ln y_{nc}$, and $\partial \ln y_i / \partial x_j = [i = j] - y_j$. Without
    weights and label smoothing $q$ is 1 for the target and 0 elsewhere, and the gradient is $y_{nc} - [c = t_n]$.

    Args:
        grad_output: $g$, one number of rank 0 (1, if this is the loss itself); with `"none"` of the shape of `target`.
        input: $x$, scores of shape `(C,)`, `(N, C)` or `(N, C, d1, ...)`.
        target: Integer class indices of shape `()`, `(N,)` or `(N, d1, ...)`.
        weight: $w$, the weight of each class, of shape `(C,)`; all 1 if not given.
        ignore_index: Targets of this value count for nothing.
        reduction: `"mean"` (weighted), `"sum"` or `"none"`.
        label_smoothing: $\varepsilon$, from 0 to 1.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ, or `target` does not hold integers.
        ValueError: If the shapes do not fit, a target is out of range, `reduction` is none of the three, or
            `label_smoothing` is not from 0 to 1.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> scores = np.asarray([[0.0, 0.0], [0.0, 0.0]])
        >>> cnnref.gradients.cross_entropy(np.asarray(1.0), scores, np.asarray([1, 1])).tolist()
        [[0.25, -0.25], [0.25, -0.25]]
    """
    scaling._check_loss(reduction, label_smoothing)
    axis = scaling._class_axis(input, target)
    _check_output(grad_output, target.shape if reduction == "none" else ())
    xp, classes = array_namespace(input), input.shape[axis]
    weight = scaling._weight_along(axis, input, weight)
    hit = scaling._one_hot(target, axis, classes, ignore_index)
    counted = xp.any(hit, axis=axis, keepdims=True)
    q = (1 - label_smoothing) * xp.where(hit, weight, 0) + label_smoothing / classes * xp.where(counted, weight, 0)
    grad = scaling.softmax(input, axis) * xp.sum(q, axis=axis, keepdims=True) - q
    if reduction == "none":
        return xp.expand_dims(grad_output, axis=axis) * grad
    return grad_output * grad / (xp.sum(xp.where(hit, weight, 0)) if reduction == "mean" else 1)


# Layers with weights -------------------------------------------------------------------------------------------------


@operator(integers="refused")
def linear(grad_output: Array, input: Array, weight: Array, bias: Array | None = None) -> tuple[Array, Array, Array]:
    r"""Each of the three is a product of matrices, like the layer itself.

    $$\frac{\partial L}{\partial X} = G\,W, \qquad \frac{\partial L}{\partial W} = G^\top X, \qquad
    \frac{\partial L}{\partial b_o} = \sum_n g_{no}$$

    since $y_{no} = \sum_i x_{ni} w_{oi} + b_o$ has the derivatives $w_{oi}$ by $x_{ni}$, $x_{ni}$ by $w_{oi}$ and 1 by
    $b_o$.

    Args:
        grad_output: $G$, of shape `(*, o)`, or `(*,)` for a weight of rank 1.
        input: $X$, of shape `(*, i)`.
        weight: $W$, of shape `(o, i)` or `(i,)`.
        bias: $b$, of shape `(o,)` or `()`.

    Returns:
        The gradients of `input`, `weight` and `bias`, arrays like them.

    Raises:
        TypeError: If the dtypes are not floating or differ.
        ValueError: If the shapes do not fit.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x, weight = np.asarray([[1.0, 2.0]]), np.asarray([[3.0, 4.0]])
        >>> [grad.tolist() for grad in cnnref.gradients.linear(np.asarray([[10.0]]), x, weight)]
        [[[30.0, 40.0]], [[10.0, 20.0]], [10.0]]
    """
    check_linear(input, weight, bias)
    xp, outputs = array_namespace(input), tuple(weight.shape[:-1])
    _check_output(grad_output, (*input.shape[:-1], *outputs))
    rows, features = math.prod(input.shape[:-1]), input.shape[-1]
    g = xp.reshape(grad_output, (rows, math.prod(outputs)))
    x, w = xp.reshape(input, (rows, features)), xp.reshape(weight, (math.prod(outputs), features))
    grad_input = xp.reshape(xp.matmul(g, w), tuple(input.shape))
    grad_weight = xp.reshape(xp.matmul(xp.matrix_transpose(g), x), tuple(weight.shape))
    single = bias is not None and tuple(bias.shape) == ()
    return grad_input, grad_weight, xp.sum(g) if single else xp.reshape(xp.sum(g, axis=0), outputs)


@operator(integers="refused")
def conv1d(
    grad_output: Array,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    r"""Write back along the kernel, correlate with the sequence, and add up.

    $$\frac{\partial L}{\partial x_{ncj}} = \sum_{o} \sum_{i s - p + t d = j} w_{oct}\; g_{noi}, \qquad
    \frac{\partial L}{\partial w_{oct}} = \sum_{n,\,i} g_{noi}\; x_{n,\,c,\,i s - p + t d}, \qquad
    \frac{\partial L}{\partial b_o} = \sum_{n,\,i} g_{noi}$$

    As in `conv2d`, with one axis instead of two.

    Args:
        grad_output: $g$, of the shape of the output.
        input: Sequences of shape `(n, c, l)`, or one of shape `(c, l)`.
        weight: Kernels of shape `(o, c / groups, k)`.
        bias: One number for each output channel, of shape `(o,)`.
        stride: The step between windows.
        padding: Zeros added on both sides; `'valid'` or `'same'`.
        dilation: The step between the cells of one window.
        groups: Parts into which the channels fall.

    Returns:
        The gradients of `input`, `weight` and `bias`, arrays like them.

    Raises:
        TypeError: If the dtypes are not floating or differ, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> grad_y, x, kernel = np.asarray([[1.0, 0.0]]), np.asarray([[2.0, 3.0, 4.0]]), np.asarray([[[1.0, 10.0]]])
        >>> [grad.tolist() for grad in cnnref.gradients.conv1d(grad_y, x, kernel)]
        [[[1.0, 10.0, 0.0]], [[[2.0, 3.0]]], [1.0]]
    """
    return _convolution(grad_output, input, weight, bias, stride, padding, dilation, groups, axes=1)


@operator(integers="refused")
def conv2d(
    grad_output: Array,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    r"""To the pixels by the transposed convolution, to the kernel by correlation with the input, to the bias by a sum.

    $$\frac{\partial L}{\partial x_{ncj}} = \sum_{o} \sum_{i s - p + t d = j} w_{oct}\; g_{noi}, \qquad
    \frac{\partial L}{\partial w_{oct}} = \sum_{n,\,i} g_{noi}\; x_{n,\,c,\,i s - p + t d}, \qquad
    \frac{\partial L}{\partial b_o} = \sum_{n,\,i} g_{noi}$$

    With the pixels under each window in one column the convolution is $Y = W X$, a linear layer, so its gradients are
    $W^\top G$, written back from the columns to the pixels, and $G X^\top$. Writing back is what `conv_transpose2d`
    does, and each weight sees all that passed under it: the sums above are these products, written out.

    Args:
        grad_output: $g$, of the shape of the output.
        input: Images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`.
        weight: Kernels of shape `(o, c / groups, k_h, k_w)`.
        bias: One number for each output channel, of shape `(o,)`.
        stride: The step between windows.
        padding: Zeros added on every side; `'valid'` or `'same'`.
        dilation: The step between the cells of one window.
        groups: Parts into which the channels fall.

    Returns:
        The gradients of `input`, `weight` and `bias`, arrays like them.

    Raises:
        TypeError: If the dtypes are not floating or differ, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    References:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x, kernel = np.asarray([[[1.0, 2.0], [3.0, 4.0]]]), np.asarray([[[[10.0, 20.0]]]])
        >>> grad_x, grad_kernel, grad_bias = cnnref.gradients.conv2d(np.asarray([[[1.0], [0.0]]]), x, kernel)
        >>> grad_x.tolist(), grad_kernel.tolist(), grad_bias.tolist()
        ([[[10.0, 20.0], [0.0, 0.0]]], [[[[1.0, 2.0]]]], [1.0])
    """
    return _convolution(grad_output, input, weight, bias, stride, padding, dilation, groups, axes=2)


@operator(integers="refused")
def conv3d(
    grad_output: Array,
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    r"""Write back along the kernel, correlate with the volume, and add up.

    $$\frac{\partial L}{\partial x_{ncj}} = \sum_{o} \sum_{i s - p + t d = j} w_{oct}\; g_{noi}, \qquad
    \frac{\partial L}{\partial w_{oct}} = \sum_{n,\,i} g_{noi}\; x_{n,\,c,\,i s - p + t d}, \qquad
    \frac{\partial L}{\partial b_o} = \sum_{n,\,i} g_{noi}$$

    As in `conv2d`, with three axes instead of two.

    Args:
        grad_output: $g$, of the shape of the output.
        input: Volumes of shape `(n, c, d, h, w)`, or one of shape `(c, d, h, w)`.
        weight: Kernels of shape `(o, c / groups, k_d, k_h, k_w)`.
        bias: One number for each output channel, of shape `(o,)`.
        stride: The step between windows.
        padding: Zeros added on every side; `'valid'` or `'same'`.
        dilation: The step between the cells of one window.
        groups: Parts into which the channels fall.

    Returns:
        The gradients of `input`, `weight` and `bias`, arrays like them.

    Raises:
        TypeError: If the dtypes are not floating or differ, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x, kernel = np.ones((1, 2, 2, 2)), np.full((1, 1, 1, 2, 2), 3.0)
        >>> grad_x, grad_kernel, grad_bias = cnnref.gradients.conv3d(np.asarray([[[[1.0]], [[2.0]]]]), x, kernel)
        >>> grad_x.tolist()
        [[[[3.0, 3.0], [3.0, 3.0]], [[6.0, 6.0], [6.0, 6.0]]]]
    """
    return _convolution(grad_output, input, weight, bias, stride, padding, dilation, groups, axes=3)


@operator(integers="refused", wider=True)
def batch_norm(
    grad_output: Array,
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    r"""Take out of the gradient its mean and what goes along with the output: the layer hides both from the input.

    $$\frac{\partial L}{\partial x_i} = \frac{\gamma}{s} \Big( g_i - \frac{1}{m} \sum_j g_j
    - \hat x_i\, \frac{1}{m} \sum_j g_j\,\hat x_j \Big), \qquad
    \frac{\partial L}{\partial \gamma} = \sum_j g_j\,\hat x_j, \qquad \frac{\partial L}{\partial \beta} = \sum_j g_j$$

    for each channel, where $i$ and $j$ run over its $m$ images and pixels, $\hat x = (x - \mu) / s$ and
    $s = \sqrt{\sigma^2 + \varepsilon}$. In $y = \gamma \hat x + \beta$ also $\mu$ and $s$ depend on all $x_i$:

    $$\frac{\partial \mu}{\partial x_i} = \frac{1}{m}, \qquad
    \frac{\partial s}{\partial x_i} = \frac{x_i - \mu}{m\,s} = \frac{\hat x_i}{m}, \qquad
    \frac{\partial \hat x_j}{\partial x_i}
    = \frac{1}{s} \Big( [i = j] - \frac{1}{m} - \frac{\hat x_i\,\hat x_j}{m} \Big)$$

    and the sum over $j$ with $\gamma g_j$ is the first formula. Out of training $\mu$ and $s$ are constants, and only
    $\gamma g_i / s$ is left.

    Args:
        grad_output: $g$, of the shape of `input`.
        input: $x$, of shape `(N, C)` or `(N, C, d1, ...)`.
        running_mean: Running means of shape `(C,)`, or `None`. Not changed here.
        running_var: Running variances of shape `(C,)`, or `None`. Not changed here.
        weight: $\gamma$ of shape `(C,)`; all 1 if not given.
        bias: $\beta$ of shape `(C,)`; all 0 if not given.
        training: Whether the statistics were those of the batch.
        momentum: Has no influence on the gradient.
        eps: $\varepsilon$, which was added to the variance.

    Returns:
        The gradients of `input`, `weight` and `bias`, arrays like them.

    Raises:
        TypeError: As `cnnref.batch_norm`.
        ValueError: As `cnnref.batch_norm`, or if `grad_output` has another shape than `input`.

    References:
        Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
        shift", ICML 2015, section 3.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[1.0], [3.0]])
        >>> grads = cnnref.gradients.batch_norm(np.asarray([[1.0], [0.0]]), x, None, None, training=True, eps=1.0)
        >>> [[round(v, 4) for v in grad.reshape(-1).tolist()] for grad in grads]
        [[0.1768, -0.1768], [-0.7071], [1.0]]
    """
    check_batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    _check_output(grad_output, input.shape)
    x_hat, variance = _standardized(planes(input), running_mean, running_var, training, eps)
    xp, g = array_namespace(input), planes(grad_output)
    m = max(g.shape[0] * g.shape[2], 1)
    grad_weight, grad_bias = xp.sum(g * x_hat, axis=(0, 2)), xp.sum(g, axis=(0, 2))
    if training:
        g = g - (grad_bias / m)[:, None] - x_hat * (grad_weight / m)[:, None]
    grad_input = g * scale(variance, weight, eps)[:, None]
    return xp.reshape(grad_input, tuple(input.shape)), grad_weight, grad_bias


def _standardized(
    x: Array, running_mean: Array | None, running_var: Array | None, training: bool, eps: float
) -> tuple[Array, Array]:
    r"""$\hat x$ of images `(n, c, pixels)`, and the variance of each channel."""
    if training:
        _, deviations, rest, variance = moments(x)
        deviations = deviations - rest[:, None]
    else:
        deviations, variance = x - running_mean[:, None], running_var
    return deviations * scale(variance, None, eps)[:, None], variance


# Pooling -------------------------------------------------------------------------------------------------------------


@operator(integers="refused")
def max_pool1d(
    grad_output: Array,
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Array:
    r"""The gradient of each window goes to its largest pixel, and to no other.

    $$\frac{\partial L}{\partial x_j} = \sum_i g_i\,[j = j_i]$$

    where $j_i$ is the pixel that window $i$ kept. As in `max_pool2d`, with one axis instead of two.

    Args:
        grad_output: $g$, of the shape of the output.
        input: Sequences of shape `(n, c, l)`, or one of shape `(c, l)`.
        kernel_size: The length of the window.
        stride: The step between windows; `kernel_size` if not given.
        padding: How far windows may hang over on both sides.
        dilation: The step between the cells of one window.
        ceil_mode: Whether a last window that hangs over the end counts.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.gradients.max_pool1d(np.asarray([[5.0, 6.0]]), np.asarray([[1.0, 3.0, 2.0, 2.0]]), 2).tolist()
        [[0.0, 5.0, 6.0, 0.0]]
    """
    return _max_pool(grad_output, input, kernel_size, stride, padding, dilation, ceil_mode, axes=1)


@operator(integers="refused")
def max_pool2d(
    grad_output: Array,
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Array:
    r"""The gradient of each window goes to its largest pixel, and to no other.

    $$\frac{\partial L}{\partial x_j} = \sum_i g_i\,[j = j_i]$$

    where $j_i$ is the pixel that window $i$ kept; of equal ones the first, as in PyTorch. A pixel that several windows
    kept gets the sum. Small changes of the others change nothing: that is why their gradient is 0.

    Args:
        grad_output: $g$, of the shape of the output.
        input: Images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`.
        kernel_size: The window, as an int or a pair.
        stride: The step between windows; `kernel_size` if not given.
        padding: How far windows may hang over on every side.
        dilation: The step between the cells of one window.
        ceil_mode: Whether a last window that hangs over the end counts.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([[[1.0, 2.0, 5.0], [3.0, 4.0, 0.0]]])
        >>> cnnref.gradients.max_pool2d(np.asarray([[[7.0, 8.0]]]), x, 2, stride=1).tolist()
        [[[0.0, 0.0, 8.0], [0.0, 7.0, 0.0]]]
    """
    return _max_pool(grad_output, input, kernel_size, stride, padding, dilation, ceil_mode, axes=2)


@operator(integers="refused")
def max_pool3d(
    grad_output: Array,
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Array:
    r"""The gradient of each window goes to its largest pixel, and to no other.

    $$\frac{\partial L}{\partial x_j} = \sum_i g_i\,[j = j_i]$$

    where $j_i$ is the pixel that window $i$ kept. As in `max_pool2d`, with three axes instead of two.

    Args:
        grad_output: $g$, of the shape of the output.
        input: Volumes of shape `(n, c, d, h, w)`, or one of shape `(c, d, h, w)`.
        kernel_size: The window, as an int or three.
        stride: The step between windows; `kernel_size` if not given.
        padding: How far windows may hang over on every side.
        dilation: The step between the cells of one window.
        ceil_mode: Whether a last window that hangs over the end counts.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.reshape(np.arange(4.0), (1, 1, 2, 2))
        >>> cnnref.gradients.max_pool3d(np.asarray([[[[9.0]]]]), x, (1, 2, 2)).tolist()
        [[[[0.0, 0.0], [0.0, 9.0]]]]
    """
    return _max_pool(grad_output, input, kernel_size, stride, padding, dilation, ceil_mode, axes=3)


@operator(integers="refused")
def avg_pool1d(
    grad_output: Array,
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    r"""The gradient of each window is shared out evenly among its pixels.

    $$\frac{\partial L}{\partial x_j} = \sum_{i:\ j\ \text{in window}\ i} \frac{g_i}{m_i}$$

    where $m_i$ is the divisor of window $i$. As in `avg_pool2d`, with one axis instead of two.

    Args:
        grad_output: $g$, of the shape of the output.
        input: Sequences of shape `(n, c, l)`, or one of shape `(c, l)`.
        kernel_size: The length of the window.
        stride: The step between windows; `kernel_size` if not given.
        padding: Zeros added on both sides.
        ceil_mode: Whether a last window that hangs over the end counts.
        count_include_pad: Whether the divisor counts the zeros of the padding.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.gradients.avg_pool1d(np.asarray([[2.0, 4.0]]), np.zeros((1, 3)), 2, stride=1).tolist()
        [[1.0, 3.0, 2.0]]
    """
    return _avg_pool(grad_output, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None, axes=1)


@operator(integers="refused")
def avg_pool2d(
    grad_output: Array,
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    r"""The gradient of each window is shared out evenly among its pixels.

    $$\frac{\partial L}{\partial x_j} = \sum_{i:\ j\ \text{in window}\ i} \frac{g_i}{m_i}$$

    where $m_i$ is the divisor of window $i$, a constant: the mean is linear, with the derivative $1 / m_i$ by each of
    its pixels. What fell on the padding is lost.

    Args:
        grad_output: $g$, of the shape of the output.
        input: Images of shape `(n, c, h, w)`, or one of shape `(c, h, w)`.
        kernel_size: The window, as an int or a pair.
        stride: The step between windows; `kernel_size` if not given.
        padding: Zeros added on every side.
        ceil_mode: Whether a last window that hangs over the end counts.
        count_include_pad: Whether the divisor counts the zeros of the padding.
        divisor_override: The int by which every sum is divided instead.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.gradients.avg_pool2d(np.asarray([[[8.0]]]), np.zeros((1, 2, 2)), 2).tolist()
        [[[2.0, 2.0], [2.0, 2.0]]]
    """
    return _avg_pool(
        grad_output, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, axes=2
    )


@operator(integers="refused")
def avg_pool3d(
    grad_output: Array,
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    r"""The gradient of each window is shared out evenly among its pixels.

    $$\frac{\partial L}{\partial x_j} = \sum_{i:\ j\ \text{in window}\ i} \frac{g_i}{m_i}$$

    where $m_i$ is the divisor of window $i$. As in `avg_pool2d`, with three axes instead of two.

    Args:
        grad_output: $g$, of the shape of the output.
        input: Volumes of shape `(n, c, d, h, w)`, or one of shape `(c, d, h, w)`.
        kernel_size: The window, as an int or three.
        stride: The step between windows; `kernel_size` if not given.
        padding: Zeros added on every side.
        ceil_mode: Whether a last window that hangs over the end counts.
        count_include_pad: Whether the divisor counts the zeros of the padding.
        divisor_override: The int by which every sum is divided instead.

    Returns:
        The gradient of `input`, an array like it.

    Raises:
        TypeError: If the dtypes are not floating or differ, or a size is no int.
        ValueError: If shapes do not fit together, or a size is out of range.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.gradients.avg_pool3d(np.asarray([[[[8.0]]]]), np.zeros((1, 1, 2, 2)), (1, 2, 2)).tolist()
        [[[[2.0, 2.0], [2.0, 2.0]]]]
    """
    return _avg_pool(
        grad_output, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, axes=3
    )


# Written back --------------------------------------------------------------------------------------------------------


def _convolution(
    grad_output: Array,
    input: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
    axes: int,
) -> tuple[Array, Array, Array]:
    x, windows = convolution.images_and_windows(input, weight, bias, stride, padding, dilation, groups, axes)
    n, o, counts = x.shape[0], weight.shape[0], tuple(window.count for window in windows)
    _check_output(grad_output, (*input.shape[: -axes - 1], o, *counts))
    xp = array_namespace(x)
    g = xp.reshape(grad_output, (n, groups, o // groups, volume(counts)))
    w = xp.reshape(weight, (groups, o // groups, volume(tuple(weight.shape[1:]))))
    grad_x, grad_w = [], xp.zeros_like(w)
    for some in _portions(x, windows):
        columns = _columns(x[some, ...], windows, groups)
        grad_w = grad_w + xp.sum(xp.matmul(g[some, ...], xp.matrix_transpose(columns)), axis=0)
        grad_columns = xp.matmul(xp.matrix_transpose(w), g[some, ...])
        grad_x.append(_back_from_columns(grad_columns, x[some, ...], windows))
    grad_bias = xp.reshape(xp.sum(g, axis=(0, 3)), (o,))
    return xp.reshape(xp.concat(grad_x), tuple(input.shape)), xp.reshape(grad_w, tuple(weight.shape)), grad_bias


def _portions(x: Array, windows: list[Window]) -> Iterator[slice]:
    """A few images at a time, as in the convolution: the columns of all at once would fill the memory."""
    images, _ = convolution._portion(x, windows)
    for first in range(0, max(x.shape[0], 1), images):
        yield slice(first, min(first + images, x.shape[0]))


def _columns(x: Array, windows: list[Window], groups: int) -> Array:
    """The pixels under each window in one column, for each group of channels."""
    columns = convolution._columns(convolution._framed(x, windows), windows)
    n, rows, count = columns.shape
    return array_namespace(x).reshape(columns, (n, groups, rows // groups, count))


def _back_from_columns(columns: Array, x: Array, windows: list[Window]) -> Array:
    """What the columns hold, added up at the pixels that they were made from."""
    xp, (n, c, *_) = array_namespace(x), x.shape
    cells = volume([window.size for window in windows])
    columns = xp.reshape(columns, (n, c, cells, *(window.count for window in windows)))
    return _added_up((columns[:, :, cell, ...] for cell in range(cells)), x, windows)


def _max_pool(
    grad_output: Array,
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    axes: int,
) -> Array:
    _, kept = pooling._max_pool(with_batch(input, axes), kernel_size, stride, padding, dilation, ceil_mode, True, axes)
    x, windows = pooling.images_and_windows(input, kernel_size, stride, padding, dilation, ceil_mode, axes)
    _check_output(grad_output, (*input.shape[:-axes], *kept.shape[2:]))
    xp = array_namespace(x)
    g = xp.reshape(grad_output, kept.shape)
    numbers = convolution._framed(pooling._numbers(x) + 1, windows)  # from 1 on: 0 is the frame
    gained = (xp.where(numbers[place] == kept + 1, g, 0) for place in _places(windows))
    return xp.reshape(_added_up(gained, x, windows), tuple(input.shape))


def _avg_pool(
    grad_output: Array,
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
    axes: int,
) -> Array:
    x, windows = pooling.images_and_windows(input, kernel_size, stride, padding, 1, ceil_mode, axes)
    divisor = pooling.divisors(x, windows, count_include_pad, divisor_override)
    _check_output(grad_output, (*input.shape[:-axes], *(window.count for window in windows)))
    shares = with_batch(grad_output, axes) / divisor
    return array_namespace(x).reshape(_added_up((shares for _ in _places(windows)), x, windows), tuple(input.shape))


def _places(windows: list[Window]) -> Iterator[tuple[Any, ...]]:
    """For each cell of the windows: where on the framed image it lies, in all windows at once."""
    for place in itertools.product(*(window.cells() for window in windows)):
        yield (..., *place)


def _added_up(gained: Iterable[Array], x: Array, windows: list[Window]) -> Array:
    """What each cell gives back, added up at the pixels that it saw; what fell on the frame is lost."""
    total = convolution._framed(array_namespace(x).zeros_like(x), windows)
    for place, each in zip(_places(windows), gained, strict=True):
        total[place] += each
    image = (slice(window.before, window.before + length) for window, length in zip(windows, x.shape[2:], strict=True))
    return total[(..., *image)]


# What does not fit ---------------------------------------------------------------------------------------------------


def _check_output(grad_output: Array, shape: Any) -> None:
    """Refuse a gradient that cannot be one of the output."""
    if tuple(grad_output.shape) != tuple(shape):
        raise ValueError(
            f"grad_output must have the shape of the output, {tuple(shape)}, got {tuple(grad_output.shape)}"
        )
