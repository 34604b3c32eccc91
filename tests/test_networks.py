"""Real networks from `torch.nn`: with cnnref in place of `torch.nn.functional` they compute and learn the same."""

import contextlib
import copy

import pytest
from array_api_extra.testing import assert_close

import cnnref

# What the layers of torch.nn call, and what networks call themselves.
HOW = {"inplace", "_stacklevel"}  # arguments that say how torch does it, not what
SWAPPED = [name for name in cnnref.__all__ if name not in ("use_device", "gradients", "flatten")]


@contextlib.contextmanager
def swapped(torch, monkeypatch):
    """`torch.nn.functional` with our operators in it; yields how often each was called."""
    calls = dict.fromkeys(SWAPPED, 0)

    def counted(name):
        def call(*args, **kwargs):
            calls[name] += 1
            return getattr(cnnref, name)(*args, **{k: v for k, v in kwargs.items() if k not in HOW})

        return call

    with monkeypatch.context() as patch:
        for name in SWAPPED:
            if hasattr(torch.nn.functional, name):
                patch.setattr(torch.nn.functional, name, counted(name))
        # The layers reach these by other ways.
        leaky = torch.nn.LeakyReLU
        patch.setattr(leaky, "forward", lambda self, x: torch.nn.functional.leaky_relu(x, self.negative_slope))
        patch.setattr(torch.nn.ReLU, "forward", lambda self, x: torch.nn.functional.relu(x))
        patch.setattr(torch, "flatten", cnnref.flatten)
        for axes in (1, 2, 3):
            conv = getattr(torch.nn, f"Conv{axes}d")
            patch.setattr(conv, "_conv_forward", convolution(torch, f"conv{axes}d"))
        yield calls


def convolution(torch, name):
    def forward(self, input, weight, bias):
        operator = getattr(torch.nn.functional, name)
        return operator(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    return forward


def lenet(nn):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )  # fmt: skip


def vgg_block(nn):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding="same"), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
    )  # fmt: skip


def conv_bn(nn, *args, **kwargs):
    return nn.Sequential(nn.Conv2d(*args, bias=False, **kwargs), nn.BatchNorm2d(args[1]))


def resnet_block(nn):
    class Residual(nn.Module):
        """Two convolutions beside a shortcut, the first with a stride."""

        def __init__(self):
            super().__init__()
            self.first, self.second = conv_bn(nn, 1, 6, 3, stride=2, padding=1), conv_bn(nn, 6, 6, 3, padding=1)
            self.shortcut = conv_bn(nn, 1, 6, 1, stride=2)

        def forward(self, x):
            y = self.second(nn.functional.relu(self.first(x)))
            return nn.functional.relu(y + self.shortcut(x))

    return nn.Sequential(Residual(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 10), nn.LogSoftmax(1))


def inception_block(nn):
    class Branches(nn.Module):
        """Four views of the same input, joined along the channels."""

        def __init__(self):
            super().__init__()
            self.one = nn.Conv2d(1, 2, 1)
            self.three = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 4, 3, padding=1))
            self.five = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 5, padding=2))
            self.pool = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True), nn.Conv2d(1, 2, 1))

        def forward(self, x):
            import torch

            views = [branch(x) for branch in (self.one, self.three, self.five, self.pool)]
            return nn.functional.relu(torch.cat(views, dim=1))

    return nn.Sequential(Branches(), nn.GroupNorm(5, 10), nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True))


def mobilenet_block(nn):
    return nn.Sequential(
        conv_bn(nn, 1, 8, 1), nn.SiLU(), conv_bn(nn, 8, 8, 3, stride=2, padding=1, groups=8), nn.LeakyReLU(0.1),
        conv_bn(nn, 8, 4, 1), nn.AdaptiveMaxPool2d(3), nn.Flatten(), nn.LayerNorm(36), nn.Linear(36, 5), nn.GELU(),
    )  # fmt: skip


USED = {  # which of our operators each network must have called
    lenet: {"conv2d", "avg_pool2d", "linear"},
    vgg_block: {"conv2d", "batch_norm", "relu", "max_pool2d"},
    resnet_block: {"conv2d", "batch_norm", "relu", "adaptive_avg_pool2d", "linear", "log_softmax"},
    inception_block: {"conv2d", "max_pool2d", "relu", "avg_pool2d", "group_norm"},
    mobilenet_block: {"conv2d", "batch_norm", "silu", "leaky_relu", "adaptive_max_pool2d", "layer_norm", "gelu"},
}


def run(torch, network, images):
    """One step forward and back, then once more out of training: outputs, and all that changed on the way."""
    network = copy.deepcopy(network)
    x = images.clone().requires_grad_()
    y = network(x)
    (y**2).sum().backward()
    grads = {name: each.grad for name, each in network.named_parameters()} | {"x": x.grad}
    inference = network.eval()(images)
    return y.detach(), inference.detach(), grads, dict(network.named_buffers())


@pytest.mark.parametrize("build", USED, ids=lambda build: build.__name__)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 2e-4)])
def test_networks_compute_and_learn_the_same(torch, monkeypatch, build, dtype, tolerance):
    torch.manual_seed(0)
    network = build(torch.nn).to(getattr(torch, dtype))
    images = torch.randn(4, 1, 28, 28, dtype=getattr(torch, dtype))
    expected = run(torch, network, images)

    with swapped(torch, monkeypatch) as calls:
        got = run(torch, network, images)

    assert USED[build] <= {name for name, count in calls.items() if count}
    assert_close(got[0], expected[0], rtol=tolerance, atol=tolerance)
    assert_close(got[1], expected[1], rtol=tolerance, atol=tolerance)
    for ours, theirs in zip(got[2:], expected[2:], strict=True):
        assert ours.keys() == theirs.keys()
        # A bias before a normalization has no gradient but what rounding leaves of the large ones around it.
        largest = max((each.abs().max().item() for each in theirs.values()), default=0)
        for name in theirs:
            assert_close(ours[name], theirs[name], rtol=tolerance, atol=tolerance * largest)
