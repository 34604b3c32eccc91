"""How far the lanes are apart: each operator and its gradient in float32, against NumPy in float64.

The difference is the largest one, relative to the largest number of the reference. float32 itself resolves 1.2e-7.
"""

import numpy as np

import cnnref
from verifier.lanes import LANES, Lane

IMAGES, VOLUMES, SIGNALS = (2, 4, 9, 8), (2, 4, 6, 5, 5), (2, 4, 20)
CHANNEL = (4,)
TARGET = np.asarray([0, 2, 1, 4, 3])

# What each operator is given: the shapes of its floating arguments, in their order, then its other arguments.
CASES: dict[str, tuple[list[tuple[int, ...]], dict]] = {
    **{
        name: ([(6, 50)], {})
        for name in ("relu", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "softplus", "tanh", "min_max", "flatten")
    },
    "softmax": ([(6, 10)], {"dim": 1, "temperature": 2.0}),
    "log_softmax": ([(6, 10)], {"dim": 1}),
    "cross_entropy": ([(5, 5)], {"target": TARGET}),
    "linear": ([(5, 30), (8, 30), (8,)], {}),
    "conv1d": ([SIGNALS, (6, 2, 3), (6,)], {"stride": 2, "padding": 1, "groups": 2}),
    "conv2d": ([IMAGES, (6, 4, 3, 3), (6,)], {"padding": 2, "dilation": 2}),
    "conv3d": ([VOLUMES, (3, 4, 3, 3, 3), (3,)], {"padding": 1}),
    "conv_transpose1d": ([SIGNALS, (4, 3, 3), (3,)], {"stride": 2, "output_padding": 1}),
    "conv_transpose2d": ([IMAGES, (4, 3, 3, 3), (3,)], {"stride": 2}),
    "conv_transpose3d": ([VOLUMES, (4, 2, 2, 2, 2), (2,)], {"stride": 2}),
    "unfold": ([IMAGES], {"kernel_size": 3, "padding": 1}),
    "layer_norm": ([(5, 30), (30,), (30,)], {"normalized_shape": (30,)}),
    "group_norm": ([IMAGES, CHANNEL, CHANNEL], {"num_groups": 2}),
    "batch_norm": ([IMAGES, CHANNEL, CHANNEL], {"running_mean": None, "running_var": None, "training": True}),
    "instance_norm": ([IMAGES, CHANNEL, CHANNEL], {}),
    "fold_batch_norm": ([(6, 4, 3, 3), (6,), (6,), (6,), (6,), (6,)], {}),
    "lp_pool2d": ([IMAGES], {"norm_type": 2, "kernel_size": 2}),
    **{
        f"{kind}_pool{dims}d": ([shape], {"kernel_size": 3, "stride": 2, "padding": 1})
        for kind in ("max", "avg")
        for dims, shape in ((1, SIGNALS), (2, IMAGES), (3, VOLUMES))
    },
    **{
        f"adaptive_{kind}_pool{dims}d": ([shape], {"output_size": 3})
        for kind in ("max", "avg")
        for dims, shape in ((1, SIGNALS), (2, IMAGES), (3, VOLUMES))
    },
}
ARRAYS = {  # the floating arguments where they are not (input, weight, bias)
    "fold_batch_norm": ("weight", "bias", "running_mean", "running_var", "gamma", "beta"),
}
POSITIVE = {"running_var"}


def arguments(name: str) -> dict:
    """The arguments of an operator's case, float64, the same on every machine."""
    shapes, others = CASES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    names = ARRAYS.get(name, ("input", "weight", "bias"))
    drawn = {each: rng.standard_normal(shape) for each, shape in zip(names, shapes, strict=False)}
    return {each: abs(x) + 0.5 if each in POSITIVE else x for each, x in drawn.items()} | others


def differences(lane: Lane) -> dict[str, dict[str, float]]:
    """What each operator differs by in a lane: its values, and its gradients where something computes them."""
    return {name: operator_differences(name, lane) for name in sorted(CASES)}


def operator_differences(name: str, lane: Lane) -> dict[str, float]:
    """The largest relative differences of one operator's values and of its gradients."""
    reference = values(name, LANES["numpy"], np.float64)
    found = {"values": apart([values(name, lane, np.float32)], [reference])}
    ways = [way(name, lane, np.float32, reference.shape) for way in (written_out, automatic)]
    ways = [gradients for gradients in ways if gradients is not None]
    if ways:
        true = written_out(name, LANES["numpy"], np.float64, reference.shape)
        true = true or automatic(name, LANES["torch-cpu"], np.float64, reference.shape)
        found["gradients"] = max(apart(gradients, true) for gradients in ways)
    return found


def values(name: str, lane: Lane, dtype) -> np.ndarray:
    """What the operator gives in a lane; of several results the first."""
    with lane.running():
        result = getattr(cnnref, name)(**cast(arguments(name), dtype))
    return result[0] if isinstance(result, tuple) else result


def written_out(name: str, lane: Lane, dtype, shape) -> list[np.ndarray] | None:
    """The gradients by cnnref's own formulas; None where it has none for this operator."""
    if name not in cnnref.gradients.__all__:
        return None
    with lane.running():
        result = getattr(cnnref.gradients, name)(coming_back(shape).astype(dtype), **cast(arguments(name), dtype))
    return list(result) if isinstance(result, tuple) else [result]


def automatic(name: str, lane: Lane, dtype, shape) -> list[np.ndarray] | None:
    """The gradients by torch's autograd through the operator; None in a lane without torch."""
    if lane.library != "torch":
        return None
    given = {
        key: lane.asarray(x) if isinstance(x, np.ndarray) else x for key, x in cast(arguments(name), dtype).items()
    }
    floating = [x.requires_grad_() for x in given.values() if getattr(x, "is_floating_point", bool)()]
    result = getattr(cnnref, name)(**given)
    result = result[0] if isinstance(result, tuple) else result
    (result * lane.asarray(coming_back(shape).astype(dtype))).sum().backward()
    return [x.grad.cpu().numpy() for x in floating if x.grad is not None]


def coming_back(shape) -> np.ndarray:
    """The gradient of a loss by the result."""
    return np.random.default_rng(1).standard_normal(shape)


def cast(given: dict, dtype) -> dict:
    """The arguments with their floating arrays in another precision."""
    floating = {key for key, x in given.items() if isinstance(x, np.ndarray) and x.dtype.kind == "f"}
    return {key: x.astype(dtype) if key in floating else x for key, x in given.items()}


def apart(found: list[np.ndarray], true: list[np.ndarray]) -> float:
    """The largest difference, as a share of the largest true number; one digit of it says all there is to say."""
    shares = (np.abs(f - t).max() / np.abs(t).max() for f, t in zip(found, true, strict=True))
    return float(f"{max(shares):.0e}")
