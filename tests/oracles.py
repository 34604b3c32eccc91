"""The operators by their definitions: plain loops over plain numbers, sharing nothing with the code under test.

Numbers are decimals of 80 digits: nothing overflows, nothing cancels, so the textbook form is the exact one.
"""

import itertools
import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np

DIGITS = 80


def elementwise(function, x, *arguments):
    """`function` of each number of an array, in float64; nan stays nan."""
    y = np.empty(x.shape)
    with localcontext(prec=DIGITS):
        for place in np.ndindex(x.shape):
            number = Decimal(float(x[place]))
            y[place] = np.nan if number.is_nan() else float(function(number, *map(Decimal, arguments)))
    return y


# Activations ---------------------------------------------------------------------------------------------------------


def relu(x):
    return x if x > 0 else Decimal(0)


def leaky_relu(x, negative_slope=0.01):
    return x if x > 0 else Decimal(negative_slope) * x


def elu(x, alpha=1):
    return x if x > 0 else alpha * (x.exp() - 1)


def sigmoid(x):
    return 1 / (1 + (-x).exp())


def silu(x):
    return x / (1 + (-x).exp())


def tanh(x):
    return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())


def softplus(x, beta=1):
    return (1 + (beta * x).exp()).ln() / beta


def gelu(x):
    return x * (1 + erf(x / Decimal(2).sqrt())) / 2


def gelu_tanh(x):
    z = (2 / pi()).sqrt() * (x + Decimal("0.044715") * x**3)
    return x * (1 + tanh(z)) / 2


def erf(z):
    """2/sqrt(pi) times the integral of exp(-t^2) from 0 to z, by its power series."""
    total, term, n = Decimal(0), z, 0
    while abs(term) > Decimal(10) ** (5 - DIGITS):
        total += term / (2 * n + 1)
        n += 1
        term *= -z * z / n
    return 2 * total / pi().sqrt()


def pi():
    """Machin: pi/4 = 4 arctan(1/5) - arctan(1/239)."""
    return 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239))


def arctan_of_inverse(n):
    total, term, k = Decimal(0), Decimal(1) / n, 0
    while abs(term) > Decimal(10) ** -DIGITS:
        total += term / (2 * k + 1)
        term *= Decimal(-1) / (n * n)
        k += 1
    return total


# Scaling -------------------------------------------------------------------------------------------------------------


def along(function, x, axes):
    """`function` of each list of numbers that lies along some axes of an array, in float64."""
    y = np.empty(x.shape)
    with localcontext(prec=DIGITS):
        for fixed in itertools.product(*(range(1 if axis in axes else n) for axis, n in enumerate(x.shape))):
            free = itertools.product(*(range(n) if axis in axes else (0,) for axis, n in enumerate(x.shape)))
            places = [tuple(i + j for i, j in zip(fixed, offset, strict=True)) for offset in free]
            for place, value in zip(places, function([Decimal(float(x[place])) for place in places]), strict=True):
                y[place] = float(value)
    return y


def softmax(x, temperature=1):
    shares = [(each / Decimal(temperature)).exp() for each in x]
    return [share / sum(shares) for share in shares]


def log_softmax(x):
    return [share.ln() for share in softmax(x)]


def min_max(x, low=0, high=1):
    low, high = Decimal(low), Decimal(high)
    span = max(x) - min(x)
    return [low + (high - low) * (each - min(x)) / span if span else low for each in x]


def cross_entropy(x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0):
    """One sample and one place after another; the classes lie along the second axis, or the only one."""
    classes = x.shape[0] if x.ndim == 1 else x.shape[1]
    weight = [1.0] * classes if weight is None else [float(w) for w in weight]
    losses, weights = np.zeros(target.shape), np.zeros(target.shape)
    for place in np.ndindex(target.shape):
        if target[place] == ignore_index:
            continue
        scores = x if x.ndim == 1 else x[place[0], :, *place[1:]]
        with localcontext(prec=DIGITS):
            surprise = [-float(share.ln()) for share in softmax([Decimal(float(score)) for score in scores])]
        smooth = sum(w * s for w, s in zip(weight, surprise, strict=True)) / classes
        own = weight[target[place]] * surprise[target[place]]
        losses[place] = (1 - label_smoothing) * own + label_smoothing * smooth
        weights[place] = weight[target[place]]
    if reduction == "none":
        return losses
    total = sum(losses.flat)
    return np.asarray(total if reduction == "sum" else total / sum(weights.flat) if weights.any() else np.nan)


# Normalization -------------------------------------------------------------------------------------------------------


def mean(x):
    return sum(x) / len(x)


def variance(x, unbiased=False):
    return sum((each - mean(x)) ** 2 for each in x) / (len(x) - unbiased)


def standardized(x, eps):
    if not x:
        return x
    scale = (variance(x) + Decimal(eps)).sqrt()
    return [(each - mean(x)) / scale for each in x]


def affine(y, weight, bias, index):
    """Each number times a weight plus a bias: those that `index` finds for its place."""
    z = np.empty(y.shape)
    for place in np.ndindex(y.shape):
        z[place] = y[place] if weight is None else y[place] * float(weight[index(place)])
        z[place] += 0 if bias is None else float(bias[index(place)])
    return z


def channel(place):
    return place[1]


def batch_norm(x, weight=None, bias=None, eps=1e-5):
    """In training: all images and pixels of a channel share mean and variance."""
    axes = (0, *range(2, x.ndim))
    return affine(along(lambda each: standardized(each, eps), x, axes), weight, bias, channel)


def inference_norm(x, running_mean, running_var, weight=None, bias=None, eps=1e-5):
    """Batch and instance normalization by statistics from before."""
    y = np.empty(x.shape)
    with localcontext(prec=DIGITS):
        for place in np.ndindex(x.shape):
            center, spread = (Decimal(float(each[place[1]])) for each in (running_mean, running_var))
            y[place] = float((Decimal(float(x[place])) - center) / (spread + Decimal(eps)).sqrt())
    return affine(y, weight, bias, channel)


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    first = x.ndim - len(normalized_shape)
    y = along(lambda each: standardized(each, eps), x, range(first, x.ndim))
    return affine(y, weight, bias, lambda place: place[first:])


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    size = x.shape[1] // num_groups
    groups = [x[:, g * size : (g + 1) * size] for g in range(num_groups)]
    axes = range(1, x.ndim)
    y = np.concatenate([along(lambda each: standardized(each, eps), group, axes) for group in groups], axis=1)
    return affine(y, weight, bias, channel)


def instance_norm(x, weight=None, bias=None, eps=1e-5):
    y = along(lambda each: standardized(each, eps), x, range(2, x.ndim))
    return affine(y, weight, bias, channel)


def moved(running, statistic, momentum):
    """A running statistic after one batch."""
    share = Decimal(momentum)
    return float((1 - share) * Decimal(float(running)) + share * statistic)


def batch_statistics(x, running_mean, running_var, momentum):
    """Both running statistics after one batch: the variance is the unbiased one."""
    means, variances = [], []
    with localcontext(prec=DIGITS):
        for c in range(x.shape[1]):
            values = [Decimal(float(each)) for each in x[:, c].flat]
            means.append(moved(running_mean[c], mean(values), momentum))
            variances.append(moved(running_var[c], variance(values, unbiased=True), momentum))
    return np.asarray(means), np.asarray(variances)


def instance_statistics(x, running_mean, running_var, momentum):
    """Both running statistics after one batch: each image has statistics of its own, and their average counts."""
    means, variances = [], []
    with localcontext(prec=DIGITS):
        for c in range(x.shape[1]):
            images = [[Decimal(float(each)) for each in image[c].flat] for image in x]
            means.append(moved(running_mean[c], mean([mean(image) for image in images]), momentum))
            spread = mean([variance(image, unbiased=True) for image in images])
            variances.append(moved(running_var[c], spread, momentum))
    return np.asarray(means), np.asarray(variances)


# Windows: convolution and pooling, cell by cell; nothing is ever padded ----------------------------------------------


def starts(length, reach, stride, before, after, ceil_mode=False):
    """Where along one axis each window starts: as long as it fits, or with `ceil_mode` as long as it starts at all."""
    count = (length + before + after - reach) / stride
    count = (math.ceil(count) if ceil_mode else math.floor(count)) + 1
    found = [i * stride - before for i in range(count)]
    return [start for start in found if start < length + after - after * ceil_mode]


def windows(lengths, kernel, stride, before, after, dilation, ceil_mode=False):
    """For each place of the output, the positions under the cells of its window, row by row."""
    axes = range(len(lengths))
    reach = [(kernel[a] - 1) * dilation[a] + 1 for a in axes]
    along = [starts(lengths[a], reach[a], stride[a], before[a], after[a], ceil_mode) for a in axes]
    for place in itertools.product(*(range(len(each)) for each in along)):
        cells = itertools.product(*(range(k) for k in kernel))
        yield place, [(cell, tuple(along[a][place[a]] + cell[a] * dilation[a] for a in axes)) for cell in cells]


def on_image(position, lengths):
    return all(0 <= p < length for p, length in zip(position, lengths, strict=True))


def filled(numbers, leading, dtype):
    """An array of `numbers`, keyed by place, with the axes `leading` before those of the place."""
    places = [place for _, place in numbers]
    y = np.zeros((*leading, *(max(each) + 1 for each in zip(*places, strict=True))), dtype)
    for (lead, place), number in numbers.items():
        y[(*lead, *place)] = number
    return y


def convolution(x, weight, bias, stride, before, after, dilation, groups):
    """`x` of shape (n, c, ...); the number of zeros before and after each axis on its own."""
    (n, _, *lengths), (o, c, *kernel) = x.shape, weight.shape
    y = {}
    for i, k in itertools.product(range(n), range(o)):
        group = k // (o // groups)
        for place, cells in windows(lengths, kernel, stride, before, after, dilation):
            total = 0 if bias is None else bias[k].item()
            for j, (cell, position) in itertools.product(range(c), cells):
                if on_image(position, lengths):
                    total += weight[(k, j, *cell)].item() * x[(i, group * c + j, *position)].item()
            y[(i, k), place] = total
    return filled(y, (n, o), x.dtype)


def transposed_convolution(x, weight, bias, stride, padding, output_padding, groups, dilation):
    """Every pixel writes the kernel, weighed by it, into the output."""
    (n, c, *lengths), (_, o, *kernel) = x.shape, weight.shape
    axes = range(len(lengths))
    sizes = [
        (lengths[a] - 1) * stride[a] - 2 * padding[a] + dilation[a] * (kernel[a] - 1) + output_padding[a] + 1
        for a in axes
    ]
    y = np.zeros((n, o * groups, *sizes), x.dtype)
    if bias is not None:
        y += bias.reshape(-1, *(1 for _ in axes))
    for i, j, *pixel in np.ndindex(n, c, *lengths):
        for k, *cell in np.ndindex(o, *kernel):
            place = tuple(pixel[a] * stride[a] - padding[a] + cell[a] * dilation[a] for a in axes)
            if on_image(place, sizes):
                y[(i, j // (c // groups) * o + k, *place)] += weight[(j, k, *cell)] * x[(i, j, *pixel)]
    return y


def first_largest(cells):
    """The first of the largest of (number, index), and the last nan."""
    best, at = cells[0]
    for number, index in cells[1:]:
        if number > best or np.isnan(number):
            best, at = number, index
    return best, at


def max_pool(x, kernel, stride, padding, dilation, ceil_mode):
    """The maxima, and the number of the pixel that each was found at, row by row."""
    n, c, *lengths = x.shape
    y, indices = {}, {}
    for lead in np.ndindex(n, c):
        for place, cells in windows(lengths, kernel, stride, padding, padding, dilation, ceil_mode):
            seen = [position for _, position in cells if on_image(position, lengths)]
            numbers = [(x[(*lead, *position)], int(np.ravel_multi_index(position, lengths))) for position in seen]
            y[lead, place], indices[lead, place] = first_largest(numbers)
    return filled(y, (n, c), x.dtype), filled(indices, (n, c), np.int64)


def avg_pool(x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    n, c, *lengths = x.shape
    y = {}
    for lead in np.ndindex(n, c):
        for place, cells in windows(lengths, kernel, stride, padding, padding, [1] * len(kernel), ceil_mode):
            total = math.fsum(x[(*lead, *position)] for _, position in cells if on_image(position, lengths))
            frame = padding if count_include_pad else [0] * len(kernel)
            moved = [tuple(p + f for p, f in zip(position, frame, strict=True)) for _, position in cells]
            counted = sum(on_image(each, [m + 2 * f for m, f in zip(lengths, frame, strict=True)]) for each in moved)
            number = total / (divisor_override or counted)
            y[lead, place] = number if x.dtype.kind == "f" else math.trunc(number)
    return filled(y, (n, c), x.dtype)


def adaptive(x, sizes):
    """For each image and place, the numbers and positions under the adaptive window."""
    n, c, *lengths = x.shape
    for lead in np.ndindex(n, c):
        for place in np.ndindex(*sizes):
            bounds = [
                (math.floor(Fraction(i * m, s)), math.ceil(Fraction((i + 1) * m, s)))
                for i, m, s in zip(place, lengths, sizes, strict=True)
            ]
            cells = itertools.product(*(range(*each) for each in bounds))
            yield lead, place, [(x[(*lead, *p)], int(np.ravel_multi_index(p, lengths))) for p in cells]


def adaptive_max_pool(x, sizes):
    y, indices = np.zeros((*x.shape[:2], *sizes), x.dtype), np.zeros((*x.shape[:2], *sizes), np.int64)
    for lead, place, cells in adaptive(x, sizes):
        y[(*lead, *place)], indices[(*lead, *place)] = first_largest(cells)
    return y, indices


def adaptive_avg_pool(x, sizes):
    y = np.zeros((*x.shape[:2], *sizes), x.dtype)
    for lead, place, cells in adaptive(x, sizes):
        y[(*lead, *place)] = math.fsum(number for number, _ in cells) / len(cells)
    return y


# Dense layers --------------------------------------------------------------------------------------------------------


def linear(x, weight, bias=None):
    y = np.zeros((*x.shape[:-1], *weight.shape[:-1]))
    for place in np.ndindex(y.shape):
        row, output = place[: x.ndim - 1], place[x.ndim - 1 :]
        for i in range(x.shape[-1]):
            y[place] += float(x[(*row, i)]) * float(weight[(*output, i)])
        if bias is not None:
            y[place] += float(bias if bias.ndim == 0 else bias[output])
    return y
