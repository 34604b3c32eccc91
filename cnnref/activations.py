"""Activation functions: one number in, one number out, for every element on its own."""

from __future__ import annotations

import math

from cnnref._arrays import Array, array_namespace, is_numpy, is_torch, operator

__all__ = ["elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"]


@operator(integers="kept")
def relu(input: Array) -> Array:
    r"""Keep what is positive, replace the rest by 0.

    $$y = \max(x, 0)$$

    The derivative at 0 is taken as 0, as in PyTorch.

    Args:
        input: Numbers of any shape; floating or integer.

    Returns:
        An array like `input`: same shape, dtype, library and device.

    Raises:
        TypeError: If `input` is no array, or holds booleans or complex numbers.

    References:
        Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.relu(np.asarray([-2.0, 0.0, 3.0])).tolist()
        [0.0, 0.0, 3.0]
    """
    # Not `maximum`: at 0 it would share the gradient between both arguments.
    return array_namespace(input).where(input <= 0, 0, input)


@operator(integers="refused")
def leaky_relu(input: Array, negative_slope: float = 0.01) -> Array:
    r"""Keep what is positive, scale the rest down.

    $$y = \begin{cases} x & x > 0 \\ \text{negative\_slope} \cdot x & x \le 0 \end{cases}$$

    The derivative at 0 is taken as `negative_slope`, as in PyTorch.

    Args:
        input: Floating numbers of any shape.
        negative_slope: The slope left of 0.

    Returns:
        An array like `input`: same shape, dtype, library and device.

    Raises:
        TypeError: If `input` is no array, or its dtype is not floating.

    References:
        Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> cnnref.leaky_relu(np.asarray([-2.0, 0.0, 3.0]), 0.25).tolist()
        [-0.5, 0.0, 3.0]
    """
    return array_namespace(input).where(input > 0, input, negative_slope * input)


@operator(integers="refused")
def elu(input: Array, alpha: float = 1.0) -> Array:
    r"""Keep what is positive, bend the rest towards $-\alpha$.

    $$y = \begin{cases} x & x > 0 \\ \alpha\,(e^x - 1) & x \le 0 \end{cases}$$

    The derivative at 0 is taken as `alpha`, as in PyTorch.

    Args:
        input: Floating numbers of any shape.
        alpha: The depth that large negative numbers approach.

    Returns:
        An array like `input`: same shape, dtype, library and device.

    Raises:
        TypeError: If `input` is no array, or its dtype is not floating.

    References:
        Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units",
        ICLR 2016.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> [round(y, 4) for y in cnnref.elu(np.asarray([-100.0, -1.0, 0.0, 3.0])).tolist()]
        [-1.0, -0.6321, 0.0, 3.0]
    """
    xp = array_namespace(input)
    bent = input <= 0
    # The inner `where` keeps exp from overflowing where its result is not used: inf times a gradient of 0 is nan.
    return xp.where(bent, alpha * xp.expm1(xp.where(bent, input, 0)), input)


@operator(integers="refused")
def gelu(input: Array, approximate: str = "none") -> Array:
    r"""Weigh each number by the probability that a standard normal variable is smaller.

    $$y = x\,\Phi(x) = \frac{x}{2}\operatorname{erfc}\!\left(-\frac{x}{\sqrt{2}}\right)$$

    With `approximate="tanh"`, in the form that keeps its digits for large negative $x$:

    $$y = \frac{x}{2}\left(1 + \tanh z\right) = x\,\sigma(2z), \qquad
    z = \sqrt{\frac{2}{\pi}}\left(x + 0.044715\,x^3\right)$$

    Args:
        input: Floating numbers of any shape.
        approximate: `"none"` or `"tanh"`.

    Returns:
        An array like `input`: same shape, dtype, library and device. $-\infty$ gives nan, as $-\infty \cdot 0$ does.

    Raises:
        TypeError: If `input` is no array, or its dtype is not floating.
        ValueError: If `approximate` is neither of the two.

    References:
        Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", arXiv:1606.08415.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> x = np.asarray([-1.0, 0.0, 1.0])
        >>> [round(y, 4) for y in cnnref.gelu(x).tolist()]
        [-0.1587, 0.0, 0.8413]
        >>> [round(y, 4) for y in cnnref.gelu(x, approximate="tanh").tolist()]
        [-0.1588, 0.0, 0.8412]
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"approximate must be 'none' or 'tanh', got {approximate!r}")
    if approximate == "none":
        return input * (_erfc(-input / math.sqrt(2)) / 2)
    return input * sigmoid(math.sqrt(8 / math.pi) * input * (1 + 0.044715 * input * input))


@operator(integers="refused")
def silu(input: Array) -> Array:
    r"""Weigh each number by its own sigmoid; also called swish.

    $$y = x\,\sigma(x) = \frac{x}{1 + e^{-x}}$$

    Args:
        input: Floating numbers of any shape.

    Returns:
        An array like `input`: same shape, dtype, library and device. $-\infty$ gives nan, as $-\infty \cdot 0$ does.

    Raises:
        TypeError: If `input` is no array, or its dtype is not floating.

    References:
        Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in
        reinforcement learning", Neural Networks 107, 2018.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> [round(y, 4) for y in cnnref.silu(np.asarray([-1.0, 0.0, 1.0])).tolist()]
        [-0.2689, 0.0, 0.7311]
    """
    return input * sigmoid(input)


@operator(integers="promoted")
def sigmoid(input: Array) -> Array:
    r"""Press all numbers into the range from 0 to 1.

    $$y = \sigma(x) = \frac{1}{1 + e^{-x}} = \frac{e^x}{1 + e^x}$$

    Of the two fractions the one whose exponential cannot overflow is computed, and both tails keep all their digits.

    Args:
        input: Numbers of any shape; integers and booleans are taken as float32.

    Returns:
        An array like `input`, of its dtype or float32.

    Raises:
        TypeError: If `input` is no array, or holds complex numbers.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> [round(y, 4) for y in cnnref.sigmoid(np.asarray([-1000.0, -2.0, 0.0, 2.0])).tolist()]
        [0.0, 0.1192, 0.5, 0.8808]
    """
    e = _decay(input)
    return array_namespace(input).where(input < 0, e, 1) / (1 + e)


@operator(integers="promoted")
def tanh(input: Array) -> Array:
    r"""Press all numbers into the range from -1 to 1.

    $$y = \tanh x = \frac{e^x - e^{-x}}{e^x + e^{-x}}$$

    Args:
        input: Numbers of any shape; integers and booleans are taken as float32.

    Returns:
        An array like `input`, of its dtype or float32.

    Raises:
        TypeError: If `input` is no array, or holds complex numbers.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> [round(y, 4) for y in cnnref.tanh(np.asarray([-1000.0, -1.0, 0.0, 1.0])).tolist()]
        [-1.0, -0.7616, 0.0, 0.7616]
    """
    return array_namespace(input).tanh(input)


@operator(integers="refused")
def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    r"""A ReLU with its corner rounded off; the larger `beta`, the sharper.

    $$y = \frac{1}{\beta}\ln\left(1 + e^{\beta x}\right)$$

    Args:
        input: Floating numbers of any shape.
        beta: The sharpness of the bend.
        threshold: Where $\beta x$ exceeds it, $x$ itself is returned, as in PyTorch.

    Returns:
        An array like `input`: same shape, dtype, library and device.

    Raises:
        TypeError: If `input` is no array, or its dtype is not floating.

    References:
        Dugas et al., "Incorporating second-order functional knowledge for better option pricing", NIPS 2000.

    Examples:
        >>> import cnnref
        >>> import numpy as np
        >>> [round(y, 4) for y in cnnref.softplus(np.asarray([-1000.0, -1.0, 0.0, 1.0, 1000.0])).tolist()]
        [0.0, 0.3133, 0.6931, 1.3133, 1000.0]
    """
    xp = array_namespace(input)
    z = beta * input
    soft = xp.where(z < 0, 0, z) + xp.log1p(_decay(z))
    return xp.where(z > threshold, input, soft / beta)


def _decay(x: Array) -> Array:
    """exp(-|x|), which cannot overflow; with one side's derivative at 0, where that of `abs` would be 0."""
    xp = array_namespace(x)
    return xp.exp(xp.where(x < 0, x, -x))


def _erfc(x: Array) -> Array:
    """The complementary error function: torch has it, the array API standard has not, Python has it for one number."""
    xp = array_namespace(x)
    if is_torch(x):
        return xp.erfc(x)
    flat = xp.reshape(x, (-1,))
    numbers = flat.tolist() if is_numpy(flat) else (float(flat[i]) for i in range(flat.shape[0]))
    y = xp.asarray([math.erfc(number) for number in numbers], dtype=x.dtype, device=x.device)
    return xp.reshape(y, x.shape)
