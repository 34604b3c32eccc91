"""What only training decides of the claims about non-linearity that no lab treats: small networks on real digits."""

import functools
import itertools

import numpy as np
import pytest
from sklearn.datasets import load_digits

import cnnref
from cnnref import gradients

SEEDS = tuple(range(5))
ACTIVATIONS = {
    "none": (lambda z: z, lambda grad, z: grad),
    "relu": (cnnref.relu, gradients.relu),
    "tanh": (cnnref.tanh, gradients.tanh),
    "sigmoid": (cnnref.sigmoid, gradients.sigmoid),
}


@functools.cache
def digits(seed):
    """Half of the 1797 digits to train on and half to test on."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    images, labels = images[order] / 16, labels[order]
    return images[:897], labels[:897], images[897:], labels[897:]


def batches(images, labels, steps, size=64):
    """Portions in turn, round after round."""
    for step in range(steps):
        first = step * size % (len(images) - size)
        yield images[first : first + size], labels[first : first + size]


# How fast ------------------------------------------------------------------------------------------------------------


def layers(seed, gain, sizes=(64, 64, 64, 64, 10)):
    """Weights whose size keeps the signal's: a gain of 2 for ReLU, which drops half of it, otherwise 1."""
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(o, i)) * (gain / i) ** 0.5, np.zeros(o)) for i, o in itertools.pairwise(sizes)]


def forward(weights, x, activate):
    """What each layer was given, before its activation and after it, and the scores."""
    given = [(x, x)]
    for weight, bias in weights[:-1]:
        z = cnnref.linear(given[-1][1], weight, bias)
        given.append((z, activate(z)))
    return given, cnnref.linear(given[-1][1], *weights[-1])


def descend(weights, x, target, activation, rate):
    """One step of plain gradient descent, in place."""
    activate, slope = ACTIVATIONS[activation]
    given, grad = forward(weights, x, activate)
    grad = gradients.cross_entropy(np.asarray(1.0), grad, target)
    for (z, hidden), (weight, bias) in zip(reversed(given), reversed(weights), strict=True):
        grad, grad_weight, grad_bias = gradients.linear(grad, hidden, weight, bias)
        grad = slope(grad, z)
        weight -= rate * grad_weight
        bias -= rate * grad_bias


def steps_to(accuracy, activation, seed, rate, steps=400):
    """After how many steps three hidden layers answer so many of the test images right; infinite if they never do."""
    images, labels, test_images, test_labels = digits(seed)
    weights = layers(seed, gain=2 if activation == "relu" else 1)
    for step, (x, target) in enumerate(batches(images, labels, steps), 1):
        descend(weights, x, target, activation, rate)
        if step % 10 == 0:
            _, scores = forward(weights, test_images, ACTIVATIONS[activation][0])
            if (scores.argmax(axis=1) == test_labels).mean() >= accuracy:
                return step
    return np.inf


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_nonlin_table_relu(rate):
    """ReLU is fast, a tanh of the right size is within a factor of 2, and the sigmoid does not set out: 5 of 5."""
    relu, tanh, sigmoid = (
        np.array([steps_to(0.93, name, seed, rate) for seed in SEEDS]) for name in ("relu", "tanh", "sigmoid")
    )

    assert (relu <= 200).all()
    assert (tanh <= 2 * relu).all()
    assert np.isinf(sigmoid).all()


# What it is worth ----------------------------------------------------------------------------------------------------

POOLINGS = {
    "mean": (cnnref.avg_pool2d, gradients.avg_pool2d),
    "max": (cnnref.max_pool2d, gradients.max_pool2d),
}


class Adam:
    """The mean of the gradients, divided by their typical size; in the last quarter the rate falls to 0."""

    def __init__(self, arrays, rate, steps):
        self.arrays, self.rate, self.step, self.steps = arrays, rate, 0, steps
        self.memory = [(np.zeros_like(array), np.zeros_like(array)) for array in arrays]

    def update(self, grads):
        self.step += 1
        rate = self.rate * min(1, 4 * (1 - self.step / self.steps))
        for array, grad, (mean, square) in zip(self.arrays, grads, self.memory, strict=True):
            mean += 0.1 * (grad - mean)
            square += 0.001 * (grad**2 - square)
            typical = np.sqrt(square / (1 - 0.999**self.step))
            array -= rate * mean / (1 - 0.9**self.step) / (typical + 1e-8)


def convolutional(seeds, activation, pooling, steps=500, rate=0.04, kernels=8):
    """The test accuracy of one small network for each seed, all trained at once: each is a group of channels."""
    (activate, slope), (pool, pool_back) = ACTIVATIONS[activation], POOLINGS[pooling]
    together = (np.stack(part, axis=1) for part in zip(*map(digits, seeds), strict=True))
    images, labels, test_images, test_labels = together
    images, test_images = (each.reshape(-1, len(seeds), 8, 8) for each in (images, test_images))
    rng, n = np.random.default_rng(1), len(seeds)
    first = [rng.uniform(-1 / 3, 1 / 3, (n * kernels, 1, 3, 3)), rng.uniform(-1 / 3, 1 / 3, n * kernels)]
    last = [rng.uniform(-0.1, 0.1, (n * 10, kernels, 3, 3)), np.zeros(n * 10)]
    adam = Adam([*first, *last], rate, steps)
    for x, target in batches(images, labels, steps):
        z = cnnref.conv2d(x, *first, groups=n)
        pooled = pool(activate(z), 2)
        scores = cnnref.conv2d(pooled, *last, groups=n)
        mean, rows = np.asarray(1 / len(x)), scores.reshape(-1, 10)
        grad = gradients.cross_entropy(mean, rows, target.reshape(-1), reduction="sum").reshape(scores.shape)
        grad, *last_grads = gradients.conv2d(grad, pooled, *last, groups=n)
        grad = slope(pool_back(grad, activate(z), 2), z)
        _, *first_grads = gradients.conv2d(grad, x, *first, groups=n)
        adam.update([*first_grads, *last_grads])
    pooled = pool(activate(cnnref.conv2d(test_images, *first, groups=n)), 2)
    scores = cnnref.conv2d(pooled, *last, groups=n).reshape(-1, n, 10)
    return (scores.argmax(axis=2) == test_labels).mean(axis=0)


def test_nonlin_app_image():
    """ReLU is worth a point or two where nothing else bends, with mean pooling, and less where max pooling does."""
    right = {
        (pooling, activation): convolutional(SEEDS, activation, pooling)
        for pooling in POOLINGS
        for activation in ("none", "relu")
    }
    gain = {pooling: right[pooling, "relu"] - right[pooling, "none"] for pooling in POOLINGS}

    assert (gain["mean"] > 0).all()
    assert gain["mean"].mean() > 0.008
    assert gain["max"].mean() < gain["mean"].mean() - 0.004
    assert (right["max", "none"] > right["mean", "none"]).all()
