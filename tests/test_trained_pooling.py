"""Claims about pooling that only training decides, and for which the labs have no time."""

import numpy as np
import pytest

import cnnref

SEEDS = 5
TRAINING = 1300  # digits to learn from; the other 497 are the exam
POOLS = {
    "max": lambda x: cnnref.max_pool2d(x, 2),
    "average": lambda x: cnnref.avg_pool2d(x, 2),
    "strided": lambda x: x[:, :, ::2, ::2],
}


@pytest.fixture(scope="module")
def digits():
    """Handwritten digits in random order, with pixels from 0 to 1."""
    torch = pytest.importorskip("torch", reason="torch is not installed: it is an extra of cnnref")
    images = pytest.importorskip("sklearn.datasets").load_digits().images
    order = np.random.default_rng(0).permutation(len(images))
    return torch.tensor(images[order, None] / 16, dtype=torch.float32)


def starting_weights(torch, layers):
    """Kernels and biases of one network per seed, side by side as groups of a convolution."""
    weights = []
    for number, (outputs, inputs, size) in enumerate(layers):
        shape, scale = (outputs, inputs, size, size), (2 / (inputs * size**2)) ** 0.5
        drawn = [np.random.default_rng([seed, number]).normal(scale=scale, size=shape) for seed in range(SEEDS)]
        weights += [torch.tensor(np.concatenate(drawn), dtype=torch.float32), torch.zeros(SEEDS * outputs)]
    return [each.requires_grad_() for each in weights]


def rebuilt(x, weights, pool):
    """What the autoencoders make of the pictures: two convolutions with pooling, a code of 16 numbers, and back."""
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    for kernels, bias in layers[:2]:
        x = pool(cnnref.relu(cnnref.conv2d(x, kernels, bias, padding=1, groups=SEEDS)))
    code = cnnref.conv2d(x, *layers[2], groups=SEEDS)
    hidden = cnnref.relu(cnnref.conv2d(code, *layers[3], groups=SEEDS))
    return cnnref.conv2d(hidden, *layers[4], groups=SEEDS).reshape(len(x), SEEDS, 8, 8)


def error_of_autoencoders(torch, digits, pool, steps=200):
    """The mean squared error of each seed's autoencoder on pictures that it has not seen."""
    weights = starting_weights(torch, [(8, 1, 3), (16, 8, 3), (16, 16, 2), (64, 16, 1), (64, 64, 1)])
    optimizer, rng = torch.optim.Adam(weights, lr=0.005), np.random.default_rng(0)
    for _ in range(steps):
        batch = digits[torch.tensor(rng.integers(TRAINING, size=(24, SEEDS))), 0]
        loss = (rebuilt(batch, weights, pool) - batch).square().mean() * SEEDS
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    exam = digits[TRAINING:].expand(-1, SEEDS, -1, -1)
    with torch.no_grad():
        return (rebuilt(exam, weights, pool) - exam).square().mean(dim=(0, 2, 3)).numpy()


def test_maxpool_generative(torch, digits):
    """Max pooling costs an autoencoder detail; what replaces it need not be smooth: strides do as well as the mean."""
    error = {name: error_of_autoencoders(torch, digits, pool) for name, pool in POOLS.items()}

    assert (error["max"] > 1.15 * error["average"]).all()
    assert (error["max"] > 1.15 * error["strided"]).all()
    assert error["strided"].mean() < 1.1 * error["average"].mean()
