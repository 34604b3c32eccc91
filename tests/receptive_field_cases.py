"""Random networks for the receptive-field tests: chains and graphs, 1-d and 2-d, from a seed."""

from fractions import Fraction
from math import prod

from cnnref.receptive_field import AdaptivePool, Branches, Flatten, GlobalPool, Layer, Pad, Upsample
from tests import receptive_field_oracle as oracle

MODES = ("nearest", "nearest-exact", "linear", "bicubic")
LARGEST_MAP = {1: 20, 2: 8}


def network(random, axes):
    """A network and an input size that leaves at least one unit everywhere."""
    input_size = tuple(random.randint(2, LARGEST_MAP[axes] * 3 // 4) for _ in range(axes))
    layers = []
    for _ in range(random.randint(1, 4 if axes == 1 else 3)):
        extend(layers, step(random, axes, layers, input_size), input_size)
    if random.random() < 0.1:
        units = tuple(random.randint(1, 3) for _ in range(axes))
        extend(layers, random.choice([GlobalPool(), Flatten(), AdaptivePool(units)]), input_size)
    return layers or [Layer((1,) * axes)], input_size


def extend(layers, new, input_size):
    """Put a step upon the network unless its maps would be empty, or too large for the oracle."""
    grown = [*layers, new]
    if all(1 <= n <= LARGEST_MAP[len(input_size)] for size in oracle.sizes(grown, input_size) for n in size):
        layers.append(new)


def step(random, axes, layers, input_size):
    """A window, a transposed window, padding, upsampling or branches."""
    kind = random.random()
    if kind < 0.25:
        return branches(random, axes, oracle.sizes(layers, input_size)[-1])
    if kind < 0.35:
        return Upsample(each(axes, lambda: random.choice([2, 2, 3, Fraction(3, 2)])), random.choice(MODES))
    if kind < 0.4:
        most = 2 if axes == 1 else 0  # units that lie in the padding altogether see nothing
        return Pad(each(axes, lambda: (random.randint(-1, most), random.randint(-1, most))))
    return layer(random, axes, transposed=kind > 0.85)


def layer(random, axes, transposed=False, stride=None):
    """A window; its padding stays below its reach, so that no unit lies in the padding altogether."""
    kernel_size = each(axes, lambda: random.randint(1, 4))
    dilation = each(axes, lambda: random.choice([1, 1, 2, 3] if axes == 1 else [1, 1, 1, 2]))
    stride = stride or each(axes, lambda: random.choice([1, 1, 2, 3]))
    reach = [d * (k - 1) for k, d in zip(kernel_size, dilation, strict=True)]
    padding = tuple((random.randint(0, r), random.randint(0, r)) for r in reach)
    if transposed:
        if axes == 2:  # a stride beyond the kernel leaves units that nothing is written to
            kernel_size, dilation = tuple(map(max, kernel_size, stride)), (1, 1)
            reach = [k - 1 for k in kernel_size]
            padding = tuple((random.randint(0, r), random.randint(0, r)) for r in reach)
        output_padding = tuple(random.randint(0, s - 1) for s in stride)
        return Layer(kernel_size, stride, padding, dilation, transposed=True, output_padding=output_padding)
    return Layer(kernel_size, stride, padding, dilation, ceil_mode=random.random() < 0.2)


def branches(random, axes, size):
    """Paths with one jump; padding or cropping makes their ends equal in size, wherever it puts them."""
    stride = each(axes, lambda: random.choice([1, 1, 2]))
    paths = [[layer(random, axes, stride=stride)]]
    paths += [path(random, axes, stride) for _ in range(random.choice([1, 1, 2]))]
    ends = [oracle.sizes(p, size)[-1] for p in paths]
    goal = ends[0] if axes == 1 else tuple(map(min, zip(*ends, strict=True)))
    for p, end in zip(paths, ends, strict=True):
        missing = [wanted - n for wanted, n in zip(goal, end, strict=True)]
        if any(missing):
            before = [random.randint(min(0, m), max(0, m)) for m in missing]
            p.append(Pad(tuple((b, m - b) for b, m in zip(before, missing, strict=True))))
    return Branches(paths, join=random.choice(["add", "concat"]))


def path(random, axes, stride):
    """Up to two windows, the first with the given stride; none at all is the identity."""
    if stride == (1,) * axes and random.random() < 0.4:
        return []
    inner = [layer(random, axes, stride=(1,) * axes)] if random.random() < 0.4 else []
    return [layer(random, axes, stride=stride), *inner]


def each(axes, draw):
    return tuple(draw() for _ in range(axes))


def period(layers):
    """A number of units after which the pattern comes back, large enough for all upsampling together."""
    found = [layer for layer, _ in oracle.steps(layers)[1:] if layer != "join"]
    strides = [layer.stride for layer in found if isinstance(layer, Layer) and layer.transposed]
    factors = [Fraction(f).numerator for layer in found if isinstance(layer, Upsample) for f in layer.factor]
    return prod([s for stride in strides for s in stride] + factors)
