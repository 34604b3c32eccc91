"""What only training can say of batch norm, and what would take the lab (docs/*/labs/bn-training.md) too long.

Directions, not magnitudes: small networks on handwritten digits of 8 x 8 pixels, at least five seeds each, stacked
along an axis of their own (`runs`) so that one call trains them all. The margins leave room for other machines.
"""

import functools

import numpy as np
import pytest

import cnnref

torch = pytest.importorskip("torch")
datasets = pytest.importorskip("sklearn.datasets")


@pytest.fixture(autouse=True)
def one_thread():
    """These networks are too small to be shared out."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def tensor(values):
    return torch.tensor(np.asarray(values), dtype=torch.float32)


@functools.cache
def digits():
    """Images and labels to train on, then to test with, in an order of chance."""
    pixels, labels = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    known = pixels[order[:1437]]
    images = tensor((pixels[order] - known.mean()) / known.std())
    labels = torch.tensor(labels[order])
    return images[:1437], labels[:1437], images[1437:], labels[1437:]


def drawn(seed, shape):
    """Weights with the variance of He et al. (2015), which keeps the scale through a ReLU."""
    return np.sqrt(2 / np.prod(shape[1:])) * np.random.default_rng(seed).normal(size=shape)


def losses(scores, labels):
    """The mean loss of every run: scores `(runs, 10, n)`, labels `(runs, n)`."""
    return cnnref.cross_entropy(scores, labels, reduction="none").mean(dim=1)


def train(network, rate, steps, size, images, labels, look=None):
    """Plain stochastic gradient descent, each seed with batches of its own; `rate` may depend on the step."""
    rounds = np.tile(np.arange(len(labels)), (1 + steps * size // len(labels), 1))
    orders = [np.random.default_rng(100 + seed).permuted(rounds, axis=1).ravel() for seed in network.seeds]
    for step in range(steps):
        if look:
            look(step, network)
        chosen = np.stack([order[step * size : (step + 1) * size] for order in orders])
        loss = losses(network(images[chosen], training=True), labels[chosen]).sum()
        slopes = torch.autograd.grad(loss, network.parameters, materialize_grads=True)
        with torch.no_grad():
            for parameter, slope in zip(network.parameters, slopes, strict=True):
                parameter -= (rate(step) if callable(rate) else rate) * slope
    return network


def judged(network):
    """Accuracy and loss of every run on the test images, in inference mode."""
    _, _, images, labels = digits()
    labels = labels.expand(len(network.seeds), -1)
    with torch.no_grad():
        scores = network(images.expand(len(network.seeds), -1, -1), training=False)
    return (scores.argmax(dim=1) == labels).double().mean(dim=1).numpy(), losses(scores, labels).numpy()


class Dense:
    """Linear layers, each followed by a norm or a bias and a ReLU; the last is linear only.

    In training the batch may be cut into `ghosts`, each with statistics of its own: noise of the statistics alone,
    while the gradient is that of the whole batch.
    """

    def __init__(self, seeds, depth, width, norm, skip=False, ghosts=1):
        self.seeds, self.norm, self.skip, self.ghosts = list(seeds), norm, skip, ghosts
        runs, sizes = len(self.seeds), [64, *depth * [width], 10]
        places = enumerate(zip(sizes[1:], sizes, strict=False))
        self.weights = [tensor([drawn((seed, place), shape) for seed in self.seeds]) for place, shape in places]
        self.scales = [torch.ones(runs, width, 1) for _ in range(depth)]
        self.shifts = [torch.zeros(runs, size, 1) for size in sizes[1:]]
        self.running = [(torch.zeros(runs * width * ghosts), torch.ones(runs * width * ghosts)) for _ in range(depth)]
        self.parameters = [each.requires_grad_() for each in (*self.weights, *self.scales, *self.shifts)]

    def normalized(self, z, place, training):
        """Every channel of every run (and of every ghost in training) is one channel of `batch_norm`."""
        ghosts = self.ghosts if training else 1
        scale, shift = (each[place].expand(-1, -1, ghosts).flatten() for each in (self.scales, self.shifts))
        running = self.running[place]
        if not training:
            running = [statistic.reshape(-1, self.ghosts).mean(dim=1) for statistic in running]
        channels = z.reshape(1, -1, z.shape[-1] // ghosts)
        return cnnref.batch_norm(channels, *running, scale, shift, training).reshape(z.shape)

    def __call__(self, images, training):
        x = images.movedim(-1, 1)
        for place, weight in enumerate(self.weights[:-1]):
            z = weight @ x
            y = cnnref.relu(self.normalized(z, place, training) if self.norm else z + self.shifts[place])
            x = y + x if self.skip and place else y
        return self.weights[-1] @ x + self.shifts[-1]


class Convolutional:
    """Two convolutions with pooling, then a linear layer; runs are groups of channels. BN "before" or "after" ReLU."""

    def __init__(self, seeds, place, channels=(8, 16)):
        self.seeds, self.place = list(seeds), place
        runs, sizes = len(self.seeds), (1, *channels)
        shapes = [(n, m, 3, 3) for m, n in zip(sizes, channels, strict=False)]
        self.weights = [
            tensor(np.concatenate([drawn((seed, i), shape) for seed in self.seeds])) for i, shape in enumerate(shapes)
        ]
        self.last = tensor([drawn((seed, 9), (10, 4 * channels[-1])) for seed in self.seeds])
        self.scales, self.shifts = ([make(runs * n) for n in channels] for make in (torch.ones, torch.zeros))
        self.running = [(torch.zeros(runs * n), torch.ones(runs * n)) for n in channels]
        self.parameters = [each.requires_grad_() for each in (*self.weights, *self.scales, *self.shifts, self.last)]

    def activated(self, z, scale, shift, running, training):
        if self.place == "before":
            return cnnref.relu(cnnref.batch_norm(z, *running, scale, shift, training))
        if self.place == "after":
            return cnnref.batch_norm(cnnref.relu(z), *running, scale, shift, training)
        return cnnref.relu(z + shift[:, None, None])

    def __call__(self, images, training):
        x = images.movedim(0, 1).reshape(-1, len(self.seeds), 8, 8)
        for weight, *rest in zip(self.weights, self.scales, self.shifts, self.running, strict=True):
            x = self.activated(cnnref.conv2d(x, weight, padding=1, groups=len(self.seeds)), *rest, training)
            x = cnnref.max_pool2d(x, 2)
        return self.last @ x.reshape(len(x), len(self.seeds), -1).permute(1, 2, 0)


@functools.cache
def convolutional(place):
    """Accuracy of eight seeds after 20 and after 100 steps."""
    images, labels, *_ = digits()
    early = []

    def look(step, network):
        if step == 20:
            early.append(judged(network)[0])

    network = train(Convolutional(range(8), place), 0.1, 100, 32, images, labels, look)
    return early[0], judged(network)[0]


@functools.cache
def few(ghosts, norm=True):
    """Accuracy and loss of eight seeds on 200 images, all in one batch cut into ghosts."""
    images, labels, *_ = digits()
    return judged(train(Dense(range(8), 2, 48, norm, ghosts=ghosts), 0.1, 200, 200, images[:200], labels[:200]))


def test_loss_bn_helps_early():
    (plain, _), (normed, _) = convolutional("none"), convolutional("before")

    assert (normed > plain).sum() >= 6
    assert normed.mean() > plain.mean() + 0.05


def test_bn_position():
    """Both orders work and end close together; here the less usual one, BN after the ReLU, is ahead at first."""
    (early_before, before), (early_after, after) = convolutional("before"), convolutional("after")

    assert min(*before, *after) > 0.85
    assert abs(before.mean() - after.mean()) < 0.03
    assert (early_after > early_before).sum() >= 6


def test_bn_regularises():
    """Some noise in the statistics lowers the test loss; a great deal of it ruins everything."""
    (_, none), (_, some), (accuracy, much) = few(1), few(20), few(100)

    assert (some < none).sum() >= 6
    assert some.mean() < none.mean()
    assert (much > 2 * none).sum() >= 6
    assert (accuracy < few(1)[0] - 0.05).sum() >= 6


def test_bn_generalisation():
    """After as many steps, a little more accuracy on the whole data; none with 200 images, and a higher loss."""
    gain = convolutional("before")[1] - convolutional("none")[1]

    assert (gain > 0).sum() >= 5
    assert 0.01 < gain.mean() < 0.08
    accuracy, loss = few(1, norm=False)
    for ghosts in 1, 20:
        assert abs(few(ghosts)[0].mean() - accuracy.mean()) < 0.04
        assert few(ghosts)[1].mean() > 1.05 * loss.mean()


def test_bn_use_deep():
    """Twenty layers: no BN is worst, BN is better, BN with skip connections is best."""
    images, labels, *_ = digits()
    kinds = [(False, False), (True, False), (True, True)]
    plain, normed, skipping = (
        judged(train(Dense(range(5), 20, 32, *kind), 0.1, 80, 64, images, labels))[0] for kind in kinds
    )

    assert (normed > plain + 0.1).sum() >= 4
    assert (skipping > normed + 0.05).sum() >= 4


@pytest.mark.parametrize(("norm", "rate", "margin"), [(False, 0.1, 0.06), (True, 0.3, 0.03)])
def test_loss_small_lr_early(norm, rate, margin):
    """At the best rate of each, fifty steps of warm-up change the mean of eight seeds by next to nothing."""
    images, labels, *_ = digits()
    rates = rate, lambda step: rate * min(1, (step + 1) / 50)
    at_once, warmed = (judged(train(Dense(range(8), 6, 32, norm), each, 150, 64, images, labels))[0] for each in rates)

    assert min(at_once.mean(), warmed.mean()) > 0.85
    assert abs(warmed.mean() - at_once.mean()) < margin
