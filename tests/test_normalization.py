"""The normalizations: by their definitions in every lane, and beside torch in values, gradients and refusals."""

import re

import numpy as np
import pytest
from array_api_extra.testing import assert_close
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cnnref
from tests import oracles

TOLERANCE = {"float32": {"rtol": 2e-5, "atol": 2e-5}, "float64": {"rtol": 1e-12, "atol": 1e-12}}
EPS = st.sampled_from([1e-5, 1e-3, 1.0])


def some(draw, shape, dtype, low=-10, high=10):
    return draw(hnp.arrays(dtype, shape, elements=st.floats(low, high, width=16)))


def maybe(draw, shape, dtype):
    return some(draw, shape, dtype, -3, 3) if draw(st.booleans()) else None


@st.composite
def images(draw, min_pixels=0, min_side=0, dtypes=("float32", "float64")):
    """Images `(n, c, ...)` with none to three axes of pixels, and a weight and a bias or none."""
    n, c = draw(st.integers(min_side, 3)), draw(st.integers(min_side, 4))
    pixels = draw(st.lists(st.integers(max(min_side, 0), 3), min_size=min_pixels, max_size=3))
    dtype = draw(st.sampled_from(dtypes))
    x = some(draw, (n, c, *pixels), dtype)
    return x, maybe(draw, (c,), dtype), maybe(draw, (c,), dtype)


def values_a_channel(x):
    return x.size // max(x.shape[1], 1) if x.shape[1] else int(np.prod(x.shape[:1] + x.shape[2:]))


batches = images().filter(lambda drawn: values_a_channel(drawn[0]) != 1)


def running(x, offset=0.5):
    """Running statistics that no batch has, one pair for every channel."""
    c = np.arange(x.shape[1])
    return (c + offset).astype(x.dtype), (2 * c + 1 + offset).astype(x.dtype)


def optional(lane, *arrays):
    """Copies: what the lane changes in place must not change what is expected."""
    return [None if x is None else lane.asarray(x.copy()) for x in arrays]


# By their definitions ------------------------------------------------------------------------------------------------


@given(batch=batches, eps=EPS)
def test_batch_norm_in_training_agrees_with_its_definition(lane, batch, eps):
    x, weight, bias = batch

    y = cnnref.batch_norm(lane.asarray(x), None, None, *optional(lane, weight, bias), training=True, eps=eps)

    lane.assert_close(y, oracles.batch_norm(x, weight, bias, eps), x.dtype.name, **TOLERANCE[x.dtype.name])


@given(batch=images(), eps=EPS)
def test_batch_norm_in_inference_agrees_with_its_definition(lane, batch, eps):
    x, weight, bias = batch
    mean, var = running(x)

    y = cnnref.batch_norm(lane.asarray(x), *optional(lane, mean, var, weight, bias), eps=eps)

    expected = oracles.inference_norm(x, mean, var, weight, bias, eps)
    lane.assert_close(y, expected, x.dtype.name, **TOLERANCE[x.dtype.name])


@given(
    batch=images(min_side=1).filter(lambda drawn: values_a_channel(drawn[0]) > 1),
    momentum=st.sampled_from([0.0, 0.1, 0.7, 1.0]),
)
def test_batch_norm_moves_the_running_statistics(lane, batch, momentum):
    x, weight, bias = batch
    before = running(x)
    mean, var = optional(lane, *before)

    cnnref.batch_norm(lane.asarray(x), mean, var, *optional(lane, weight, bias), training=True, momentum=momentum)

    for after, expected in zip((mean, var), oracles.batch_statistics(x, *before, momentum), strict=True):
        lane.assert_close(after, expected, x.dtype.name, **TOLERANCE[x.dtype.name])


@given(data=st.data(), eps=EPS)
def test_layer_norm_agrees_with_its_definition(lane, data, eps):
    x, _, _ = data.draw(images())
    shared = x.shape[data.draw(st.integers(0, x.ndim - 1)) :]
    weight, bias = maybe(data.draw, shared, x.dtype), maybe(data.draw, shared, x.dtype)

    y = cnnref.layer_norm(lane.asarray(x), shared, *optional(lane, weight, bias), eps=eps)

    lane.assert_close(y, oracles.layer_norm(x, shared, weight, bias, eps), x.dtype.name, **TOLERANCE[x.dtype.name])


@given(batch=batches, data=st.data(), eps=EPS)
def test_group_norm_agrees_with_its_definition(lane, batch, data, eps):
    x, weight, bias = batch
    sizes = [g for g in range(1, 5) if x.shape[1] % g == 0]
    num_groups = data.draw(st.sampled_from(sizes).filter(lambda g: x.shape[0] * x.shape[1] // g > 1 or not x.size))

    y = cnnref.group_norm(lane.asarray(x), num_groups, *optional(lane, weight, bias), eps=eps)

    expected = oracles.group_norm(x, num_groups, weight, bias, eps)
    lane.assert_close(y, expected, x.dtype.name, **TOLERANCE[x.dtype.name])


several_pixels = images(min_pixels=1).filter(lambda drawn: np.prod(drawn[0].shape[2:]) != 1)


@given(batch=several_pixels, eps=EPS)
def test_instance_norm_agrees_with_its_definition(lane, batch, eps):
    x, weight, bias = batch

    y = cnnref.instance_norm(lane.asarray(x), None, None, *optional(lane, weight, bias), eps=eps)

    lane.assert_close(y, oracles.instance_norm(x, weight, bias, eps), x.dtype.name, **TOLERANCE[x.dtype.name])


@given(batch=images(), eps=EPS)
def test_instance_norm_without_input_statistics_agrees_with_its_definition(lane, batch, eps):
    x, weight, bias = batch
    mean, var = running(x)

    y = cnnref.instance_norm(lane.asarray(x), *optional(lane, mean, var, weight, bias), use_input_stats=False, eps=eps)

    expected = oracles.inference_norm(x, mean, var, weight, bias, eps)
    lane.assert_close(y, expected, x.dtype.name, **TOLERANCE[x.dtype.name])


@given(
    batch=images(min_pixels=1, min_side=1).filter(lambda drawn: np.prod(drawn[0].shape[2:]) > 1),
    momentum=st.sampled_from([0.0, 0.1, 0.7, 1.0]),
)
def test_instance_norm_moves_the_running_statistics(lane, batch, momentum):
    x, _, _ = batch
    before = running(x)
    mean, var = optional(lane, *before)

    cnnref.instance_norm(lane.asarray(x), mean, var, momentum=momentum)

    for after, expected in zip((mean, var), oracles.instance_statistics(x, *before, momentum), strict=True):
        lane.assert_close(after, expected, x.dtype.name, **TOLERANCE[x.dtype.name])


# Beside torch --------------------------------------------------------------------------------------------------------

CASES = {
    "batch_norm": {"training": True},
    "batch_norm_inference": {},
    "layer_norm": {},
    "group_norm": {},
    "instance_norm": {},
    "instance_norm_inference": {"use_input_stats": False},
}
each_case = pytest.mark.parametrize("case", CASES)


def normalized(F, case, x, weight, bias, **options):
    """One of the cases with running statistics of its own, in cnnref or torch."""
    name, options = case.removesuffix("_inference"), CASES[case] | options
    if name == "layer_norm":
        places = x.shape[1:]
        spread = [v if v is None else v.reshape(-1, *(1 for _ in places[1:])).expand(places) for v in (weight, bias)]
        return F.layer_norm(x, tuple(places), *spread, **options)
    if name == "group_norm":
        return F.group_norm(x, 2, weight, bias, **options)
    mean = x.new_ones(x.shape[1]).cumsum(0)
    return getattr(F, name)(x, mean, 2 * mean, weight, bias, **options)


@each_case
@given(batch=images(min_pixels=1, min_side=2, dtypes=("float64",)), data=st.data())
def test_values_and_gradients_agree_with_torch(torch, case, batch, data):
    x, weight, bias = batch
    if case == "group_norm":
        x = np.concatenate([x, x[:, ::-1]], axis=1)  # an even number of channels
        weight, bias = (v if v is None else np.concatenate([v, v]) for v in (weight, bias))
        weight = None if bias is None else weight  # torch's own gradient with a bias alone raises an internal error
        bias = None if weight is None else bias
    given = [torch.tensor(v, requires_grad=True) for v in (x, weight, bias) if v is not None]
    slots = [next(given_) if v is not None else None for given_ in [iter(given)] for v in (x, weight, bias)]

    y, expected = (normalized(F, case, *slots, eps=1e-3) for F in (cnnref, torch.nn.functional))

    assert_close(y.detach(), expected.detach(), rtol=1e-9, atol=1e-9)
    upstream = torch.tensor(some(data.draw, tuple(y.shape), "float64"))
    ours, theirs = (torch.autograd.grad(each, given, upstream) for each in (y, expected))
    for mine, their in zip(ours, theirs, strict=True):
        assert_close(mine, their, rtol=1e-7, atol=1e-6)


@each_case
def test_first_and_second_derivatives_agree_with_differences(torch, case):
    rng = torch.Generator().manual_seed(0)
    x = torch.randn((2, 4, 3), dtype=torch.float64, generator=rng, requires_grad=True)
    weight, bias = (torch.randn(4, dtype=torch.float64, generator=rng, requires_grad=True) for _ in range(2))

    def function(x, weight, bias):
        return normalized(cnnref, case, x, weight, bias)

    assert torch.autograd.gradcheck(function, (x, weight, bias))
    assert torch.autograd.gradgradcheck(function, (x, weight, bias), atol=1e-4)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # within torch.func.jvp
@each_case
def test_torch_transforms_go_through(torch, case):
    rng = torch.Generator().manual_seed(0)
    x, tangent = (torch.randn((3, 2, 4, 3), dtype=torch.float64, generator=rng) for _ in range(2))
    weight, bias = (torch.randn(4, dtype=torch.float64, generator=rng) for _ in range(2))

    def scalar(x, F=cnnref):
        without = {"batch_norm": lambda: F.batch_norm(x, None, None, weight, bias, training=True)}
        without["instance_norm"] = lambda: F.instance_norm(x, None, None, weight, bias)
        return (without.get(case, lambda: normalized(F, case, x, weight, bias))() ** 3).sum()

    mapped = torch.func.vmap(torch.func.grad(scalar))(x)
    one_by_one = torch.stack([torch.func.grad(lambda each: scalar(each, torch.nn.functional))(each) for each in x])
    assert_close(mapped, one_by_one, rtol=1e-9, atol=1e-9)
    _, slope = torch.func.jvp(scalar, (x[0],), (tangent[0],))
    assert_close(slope, (one_by_one[0] * tangent[0]).sum(), rtol=1e-9, atol=1e-9)


@each_case
def test_torch_compiles_without_a_break(torch, case):
    x, weight, bias = torch.arange(24.0).reshape(2, 4, 3) ** 1.5, torch.ones(4), torch.zeros(4)

    compiled = torch.compile(lambda *arrays: normalized(cnnref, case, *arrays), fullgraph=True, backend="aot_eager")

    expected = normalized(torch.nn.functional, case, x, weight, bias)
    assert_close(compiled(x, weight, bias), expected, rtol=1e-5, atol=1e-5)


def test_running_statistics_stay_out_of_the_graph(torch):
    x, mean, var = torch.randn(4, 3, requires_grad=True), torch.zeros(3), torch.ones(3)

    for _ in range(2):  # a graph kept in the buffer would be walked a second time, after it is gone
        cnnref.batch_norm(x, mean, var, training=True).sum().backward()

    assert not mean.requires_grad
    assert not var.requires_grad


def test_infinities_and_nan_stay_in_their_channel(torch):
    x = torch.tensor([[1.0, np.inf, np.nan], [2.0, 3.0, 4.0], [4.0, 5.0, 6.0]])

    y = cnnref.batch_norm(x, None, None, training=True)

    assert_close(y, torch.nn.functional.batch_norm(x, None, None, training=True), rtol=1e-5)


# What other collections miss -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.0, 1e2, 1e3, 1e4, 1e6])
def test_a_large_mean_costs_no_digits(lane, mean):
    """One pass (the mean of squares minus the square of the mean) loses all digits at 1e4; two passes most at 1e6."""
    x = (mean + np.random.default_rng(0).standard_normal((4, 3, 11, 7))).astype("float32")
    running_mean, running_var = lane.asarray(np.zeros(3, "float32")), lane.asarray(np.zeros(3, "float32"))

    y = cnnref.batch_norm(lane.asarray(x), running_mean, running_var, training=True, momentum=1.0)

    exact = x.astype("float64")
    center, spread = exact.mean((0, 2, 3)), exact.var((0, 2, 3), ddof=1)
    lane.assert_close(y, oracles.batch_norm(x), "float32", atol=2e-6)
    lane.assert_close(running_mean, center, "float32", rtol=3e-8, atol=2e-7)  # rounded once, to the nearest
    lane.assert_close(running_var, spread, "float32", rtol=2e-6)


@pytest.mark.parametrize("norm", ["layer_norm", "group_norm", "instance_norm"])
def test_a_large_mean_costs_no_digits_in_the_others(lane, norm):
    x = (1e5 + np.random.default_rng(0).standard_normal((2, 4, 5, 7))).astype("float32")
    argument = {"layer_norm": [(5, 7)], "group_norm": [2], "instance_norm": []}[norm]

    y = getattr(cnnref, norm)(lane.asarray(x), *argument)

    lane.assert_close(y, getattr(oracles, norm)(x, *argument), "float32", atol=2e-6)


def test_a_constant_channel_becomes_its_bias(lane):
    x = lane.asarray(np.full((5, 3, 7), 0.1, "float32"))
    mean, var = lane.asarray(np.zeros(3, "float32")), lane.asarray(np.ones(3, "float32"))

    y = cnnref.batch_norm(x, mean, var, bias=lane.asarray(np.asarray([1, 2, 3], "float32")), training=True, momentum=1)

    lane.assert_close(y, np.broadcast_to([[1], [2], [3]], (5, 3, 7)), "float32")
    lane.assert_close(var, np.zeros(3), "float32", atol=1e-15)
    if lane.has_values:
        assert min(float(each) for each in var) >= 0


@pytest.mark.parametrize("shape", [(0, 3), (0, 3, 2), (2, 3, 0), (0, 3, 0, 2)])
def test_an_empty_batch_leaves_the_running_statistics_alone(lane, shape):
    x, before = lane.asarray(np.zeros(shape)), running(np.empty((1, 3)))
    mean, var = optional(lane, *before)

    y = cnnref.batch_norm(x, mean, var, training=True)

    assert tuple(y.shape) == shape
    lane.assert_close(mean, before[0])
    lane.assert_close(var, before[1])


@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 3, 0)])
def test_no_images_leave_the_running_statistics_alone(lane, shape):
    before = running(np.empty((1, 3)))
    mean, var = optional(lane, *before)

    y = cnnref.instance_norm(lane.asarray(np.zeros(shape)), mean, var)

    assert tuple(y.shape) == shape
    lane.assert_close(mean, before[0])
    lane.assert_close(var, before[1])


def test_inference_leaves_the_running_statistics_alone(lane):
    x, before = lane.asarray(np.arange(12.0).reshape(4, 3)), running(np.empty((1, 3)))
    mean, var = optional(lane, *before)

    cnnref.batch_norm(x, mean, var)
    cnnref.instance_norm(x, mean, var, use_input_stats=False)

    lane.assert_close(mean, before[0])
    lane.assert_close(var, before[1])


def test_momenta_of_one_half_one_third_and_so_on_give_the_plain_average(torch):
    """What `torch.nn.BatchNorm1d` does with `momentum=None`."""
    layer = torch.nn.BatchNorm1d(3, momentum=None, dtype=torch.float64)
    batches = [np.random.default_rng(k).standard_normal((4, 3)) for k in range(5)]
    mean, var = np.zeros(3), np.ones(3)

    for k, batch in enumerate(batches):
        layer(torch.tensor(batch))
        cnnref.batch_norm(batch, mean, var, training=True, momentum=1 / (k + 1))

    np.testing.assert_allclose(mean, layer.running_mean, rtol=1e-12)
    np.testing.assert_allclose(var, layer.running_var, rtol=1e-12)


# Arrays as they come -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cpu", "cuda"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_running_statistics_in_numpy_are_updated_from_a_device(torch, name, dtype):
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    x = np.arange(12.0).reshape(4, 3).astype(dtype)
    mean, var = np.zeros(6, dtype)[::2], np.ones(3, dtype)[::-1]  # not contiguous, and backwards

    with cnnref.use_device(name):
        cnnref.batch_norm(x, mean, var, training=True, momentum=0.5)

    expected = oracles.batch_statistics(x, np.zeros(3), np.ones(3), 0.5)
    assert mean.tolist() == expected[0].astype(dtype).tolist()
    assert var.tolist() == expected[1].astype(dtype).tolist()


@each_case
def test_no_input_is_changed_and_strides_do_not_matter(torch, case):
    x = torch.randn((3, 5, 4, 2), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    strided = x.permute(0, 2, 1, 3)[:, :, ::2]
    weight, bias = torch.arange(8.0, dtype=torch.float64)[::2], torch.ones(1, dtype=torch.float64).expand(4)
    copies = [each.clone() for each in (strided, weight, bias)]

    y = normalized(cnnref, case, strided, weight, bias)

    assert_close(y, normalized(cnnref, case, *(each.contiguous() for each in copies)), rtol=1e-12)
    for each, copy in zip((strided, weight, bias), copies, strict=True):
        assert torch.equal(each, copy)


@pytest.mark.parametrize(("dtype", "digits"), [("float16", 10), ("bfloat16", 7)])
@pytest.mark.parametrize("beside", ["same", "float32"])
def test_half_precision_is_rounded_once(lane, dtype, digits, beside):
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")
    exact = np.round(np.random.default_rng(0).standard_normal((4, 2, 6, 6)) * 8) / 8 + 8  # exact in both
    weight = np.asarray([0.5, 2.0])
    other = dtype if beside == "same" else beside
    mean, var = lane.asarray([0.0, 0.0], other), lane.asarray([1.0, 1.0], other)

    y = cnnref.batch_norm(lane.asarray(exact, dtype), mean, var, lane.asarray(weight, other), training=True)

    assert (y.dtype, mean.dtype) == (getattr(lane.xp, dtype), getattr(lane.xp, other))
    if lane.has_values:
        got = np.asarray([float(each) for each in lane.xp.reshape(y, (-1,))])
        expected = oracles.batch_norm(exact, weight).ravel()
        # half a unit in the last of the digits, and what float32 rounds before
        assert np.all(np.abs(got - expected) <= np.abs(expected) * 2.0 ** -(digits + 1) + 2e-6)


def test_sums_of_half_precision_do_not_overflow(lane):
    if not lane.has("float16"):
        pytest.skip(f"{lane.library} has no float16")
    x = np.where(np.arange(56 * 56) % 2, 1000.0, 1001.0).reshape(1, 1, 56, 56)

    y = cnnref.batch_norm(lane.asarray(x, "float16"), None, None, training=True, eps=1e-12)

    lane.assert_close(y, np.sign(x - 1000.5), "float16")


# Folding -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("with_affine", [True, False])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("linear", {}),
        ("conv1d", {}),
        ("conv2d", {"groups": 2, "padding": 1}),
        ("conv_transpose2d", {"stride": 2}),
        ("conv_transpose2d", {"groups": 2}),
        ("conv_transpose3d", {"groups": 4}),
    ],
)
def test_a_folded_convolution_does_the_work_of_both(torch, kind, options, with_bias, with_affine):
    F, rng = torch.nn.functional, torch.Generator().manual_seed(0)
    axes = 0 if kind == "linear" else int(kind[-2])
    transpose, groups = "transpose" in kind, options.get("groups", 1)

    def draw(*shape):
        return torch.rand(shape, dtype=torch.float64, generator=rng) + 0.5

    inputs, outputs = 4, 8
    x = draw(2, inputs, *(5 for _ in range(axes)))
    channels = (inputs, outputs // groups) if transpose else (outputs, inputs // groups)
    weight = draw(*channels, *(3 for _ in range(axes)))
    bias = draw(outputs) if with_bias else None
    mean, var = draw(outputs), draw(outputs)
    gamma, beta = (draw(outputs), draw(outputs)) if with_affine else (None, None)
    layer = getattr(F, kind)

    folded = cnnref.fold_batch_norm(weight, bias, mean, var, gamma, beta, eps=0.1, transpose=transpose)

    expected = F.batch_norm(layer(x, weight, bias, **options), mean, var, gamma, beta, eps=0.1)
    assert_close(layer(x, *folded, **options), expected, rtol=1e-12)


def test_folding_agrees_with_torch(torch):
    weight, (bias, mean, var, gamma, beta) = torch.rand(3, 2, 3, 3), torch.rand(5, 3) + 0.5

    folded = cnnref.fold_batch_norm(weight, bias, mean, var, gamma, beta, 1e-3)

    fused = torch.nn.utils.fusion.fuse_conv_bn_weights(weight, bias, mean, var, 1e-3, gamma, beta)
    for mine, theirs in zip(folded, fused, strict=True):
        assert_close(mine, theirs.detach(), rtol=1e-5)


def test_folding_works_in_every_lane(lane):
    weight, bias, mean, var = np.asarray([[2.0], [3.0]]), np.asarray([1.0, 1.0]), np.ones(2), np.asarray([3.0, 8.0])

    folded = cnnref.fold_batch_norm(*optional(lane, weight, bias, mean, var), eps=1.0)

    lane.assert_close(folded[0], np.asarray([[1.0], [1.0]]), rtol=1e-15)
    lane.assert_close(folded[1], np.zeros(2), atol=1e-15)


def test_folding_without_a_bias_or_an_affine_map(lane):
    weight, mean, var = np.asarray([[2.0], [3.0]]), np.asarray([1.0, 2.0]), np.asarray([3.0, 8.0])

    folded = cnnref.fold_batch_norm(lane.asarray(weight), None, *optional(lane, mean, var), eps=1.0)

    lane.assert_close(folded[0], np.asarray([[1.0], [1.0]]), rtol=1e-15)
    lane.assert_close(folded[1], np.asarray([-0.5, -2 / 3]), rtol=1e-15)


# Refusals ------------------------------------------------------------------------------------------------------------

ONES = {
    "x": np.ones((4, 6)),
    "c": np.ones(6),
    "c5": np.ones(5),
    "c32": np.ones(6, "float32"),
    "maps": np.ones((4, 6, 2)),
    "ramp": np.arange(48.0).reshape((4, 6, 2)),
    "one": np.ones((1, 6, 1)),
    "i": np.ones((4, 6), "int64"),
    "f": np.ones((4, 6), "float32"),
    "row": np.ones(6),
}
EACH = "one number per channel"
REFUSED = [  # the call, and the sentence
    ("batch_norm(row, c, c)", ValueError, "input must have shape (N, C) or (N, C, d1, ...), got (6,)"),
    (
        "batch_norm(row, None, None, training=True)",
        ValueError,
        "input must have shape (N, C) or (N, C, d1, ...), got (6,)",
    ),
    ("batch_norm(x, c5, c)", ValueError, f"running_mean must have shape (6,), {EACH}, got (5,)"),
    ("batch_norm(x, c, c5)", ValueError, f"running_var must have shape (6,), {EACH}, got (5,)"),
    ("batch_norm(x, c, c, c5)", ValueError, f"weight must have shape (6,), {EACH}, got (5,)"),
    ("batch_norm(x, c, c, c, c5)", ValueError, f"bias must have shape (6,), {EACH}, got (5,)"),
    (
        "batch_norm(x, None, None)",
        ValueError,
        "running_mean and running_var must be given when training is False, got None",
    ),
    (
        "batch_norm(x, c, None)",
        ValueError,
        "running_mean and running_var must be given when training is False, got None",
    ),
    (
        "batch_norm(x, None, c)",
        ValueError,
        "running_mean and running_var must be given when training is False, got None",
    ),
    (
        "batch_norm(x, c, None, training=True)",
        ValueError,
        "running_mean and running_var must be given both or neither, got one of them",
    ),
    (
        "batch_norm(x, None, c, training=True)",
        ValueError,
        "running_mean and running_var must be given both or neither, got one of them",
    ),
    (
        "batch_norm(one, None, None, training=True)",
        ValueError,
        "input must hold more than one value per channel in training, got shape (1, 6, 1)",
    ),
    ("batch_norm(x, None, None, training=True, eps=0)", ValueError, "eps must be positive in training, got 0"),
    ("batch_norm(x, None, None, training=True, eps=-1)", ValueError, "eps must be positive in training, got -1"),
    ("batch_norm(x, c, c, eps=-1)", ValueError, "eps must not be negative, got -1"),
    ("batch_norm(x, c, c, eps='1')", TypeError, "eps must be a number, got '1'"),
    ("batch_norm(x, c, c, momentum=None)", TypeError, "momentum must be a number, got None"),
    ("batch_norm(x, c, c, training=1)", TypeError, "training must be a bool, got 1"),
    ("batch_norm(i, c, c)", TypeError, "input must have a floating dtype, got int64"),
    ("batch_norm(f, c, c)", TypeError, "running_mean must have the dtype of input, float32, got float64"),
    ("batch_norm(x, c, c, c32)", TypeError, "weight must have the dtype of input, float64, got float32"),
    ("layer_norm(x, 6)", TypeError, "normalized_shape must be a tuple or list of ints, got 6"),
    ("layer_norm(x, (6.0,))", TypeError, "normalized_shape must be a tuple or list of ints, got (6.0,)"),
    ("layer_norm(x, (True,))", TypeError, "normalized_shape must be a tuple or list of ints, got (True,)"),
    ("layer_norm(x, ())", ValueError, "normalized_shape must name at least one axis, got ()"),
    ("layer_norm(x, (4,))", ValueError, "input must have a shape that ends in normalized_shape (4,), got (4, 6)"),
    (
        "layer_norm(x, (2, 4, 6))",
        ValueError,
        "input must have a shape that ends in normalized_shape (2, 4, 6), got (4, 6)",
    ),
    ("layer_norm(x, (6,), c5)", ValueError, "weight must have shape (6,), one number per place, got (5,)"),
    ("layer_norm(x, (6,), c, c5)", ValueError, "bias must have shape (6,), one number per place, got (5,)"),
    ("layer_norm(x, (6,), eps=None)", TypeError, "eps must be a number, got None"),
    ("layer_norm(i, (6,))", TypeError, "input must have a floating dtype, got int64"),
    ("layer_norm(x, (6,), c32)", TypeError, "weight must have the dtype of input, float64, got float32"),
    ("group_norm(row, 2)", ValueError, "input must have shape (N, C) or (N, C, d1, ...), got (6,)"),
    ("group_norm(x, 4)", ValueError, "num_groups must be positive and divide the 6 channels of input, got 4"),
    ("group_norm(x, 0)", ValueError, "num_groups must be positive and divide the 6 channels of input, got 0"),
    ("group_norm(x, -1)", ValueError, "num_groups must be positive and divide the 6 channels of input, got -1"),
    ("group_norm(x, 2.0)", TypeError, "num_groups must be an int, got 2.0"),
    ("group_norm(x, True)", TypeError, "num_groups must be an int, got True"),
    (
        "group_norm(one, 6)",
        ValueError,
        "input must hold more than one value per group, got shape (1, 6, 1) and num_groups 6",
    ),
    ("group_norm(x, 2, c5)", ValueError, f"weight must have shape (6,), {EACH}, got (5,)"),
    ("group_norm(x, 2, eps=None)", TypeError, "eps must be a number, got None"),
    ("group_norm(i, 2)", TypeError, "input must have a floating dtype, got int64"),
    ("instance_norm(row)", ValueError, "input must hold more than one pixel an image, got shape (6,)"),
    ("instance_norm(x)", ValueError, "input must hold more than one pixel an image, got shape (4, 6)"),
    ("instance_norm(one)", ValueError, "input must hold more than one pixel an image, got shape (1, 6, 1)"),
    (
        "instance_norm(row, c, c, use_input_stats=False)",
        ValueError,
        "input must have shape (N, C) or (N, C, d1, ...), got (6,)",
    ),
    (
        "instance_norm(maps, c)",
        ValueError,
        "running_mean and running_var must be given both or neither, got one of them",
    ),
    (
        "instance_norm(maps, use_input_stats=False)",
        ValueError,
        "running_mean and running_var must be given when use_input_stats is False, got None",
    ),
    ("instance_norm(maps, c5, c)", ValueError, f"running_mean must have shape (6,), {EACH}, got (5,)"),
    ("instance_norm(maps, None, None, c5)", ValueError, f"weight must have shape (6,), {EACH}, got (5,)"),
    ("instance_norm(maps, use_input_stats=1)", TypeError, "use_input_stats must be a bool, got 1"),
    ("instance_norm(maps, momentum=None)", TypeError, "momentum must be a number, got None"),
]
FOLDING = [
    ("fold_batch_norm(row, None, c, c)", ValueError, "weight must have at least two axes, got shape (6,)"),
    ("fold_batch_norm(x, c, c, c)", ValueError, "bias must have shape (4,), one number per channel, got (6,)"),
    (
        "fold_batch_norm(x, None, c, c)",
        ValueError,
        "running_mean must have shape (4,), one number per channel, got (6,)",
    ),
    (
        "fold_batch_norm(x, None, c, c, c5, transpose=True)",
        ValueError,
        "gamma must have shape (6,), one number per channel, got (5,)",
    ),
    (
        "fold_batch_norm(x, None, c5, c5, transpose=True)",
        ValueError,
        "running_mean must have one number for every output channel of weight, got 5",
    ),
    ("fold_batch_norm(x, None, c, c, transpose=1)", TypeError, "transpose must be a bool, got 1"),
    (
        "fold_batch_norm(x, None, c32, c32)",
        TypeError,
        "running_mean must have the dtype of weight, float64, got float32",
    ),
    ("fold_batch_norm(i, None, c, c)", TypeError, "weight must have a floating dtype, got int64"),
]
TAKEN = [  # what torch takes, however odd
    "batch_norm(x, c, c, eps=0)",
    "batch_norm(x, c, c, momentum=2)",
    "batch_norm(x, c, c, training=True, momentum=-1)",
    "batch_norm(one, c, c)",
    "batch_norm(x, -c, -c)",
    "batch_norm(x, c, c, None, c)",
    "layer_norm(x, [4, 6])",
    "layer_norm(x, (6,), eps=0)",
    "layer_norm(x, (6,), eps=-1)",
    "group_norm(x, 6)",
    "group_norm(maps, 3, None, c)",
    "instance_norm(ramp, eps=0)",
    "instance_norm(x, c, c, use_input_stats=False)",
]


def evaluate(call, F, asarray):
    return eval(f"F.{call}", {"F": F} | {name: asarray(x.copy()) for name, x in ONES.items()})


@pytest.mark.parametrize(("call", "error", "sentence"), REFUSED + FOLDING)
def test_each_refusal_says_what_does_not_fit(lane, call, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        evaluate(call, cnnref, lane.asarray)


@pytest.mark.parametrize("call", [call for call, _, _ in REFUSED])
def test_torch_refuses_the_same_calls(torch, call):
    with pytest.raises((RuntimeError, ValueError, TypeError, IndexError, ZeroDivisionError, NotImplementedError)):
        evaluate(call, torch.nn.functional, torch.tensor)


@pytest.mark.parametrize("call", TAKEN)
def test_what_torch_takes_is_taken(torch, call):
    y = evaluate(call, cnnref, torch.tensor)

    assert_close(y, evaluate(call, torch.nn.functional, torch.tensor), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("parameters", "taken"),
    [(("float16",) * 3, True), (("float32",) * 3, True), (("float32", "float32", "float16"), False)],
)
def test_beside_half_precision_all_parameters_are_alike(torch, parameters, taken):
    x = torch.ones((4, 6), dtype=torch.float16)
    mean, var, weight = (torch.ones(6, dtype=getattr(torch, dtype)) for dtype in parameters)

    for F in (cnnref, torch.nn.functional):
        if taken:
            assert F.batch_norm(x, mean, var, weight).dtype == torch.float16
        else:
            with pytest.raises((TypeError, RuntimeError)):
                F.batch_norm(x, mean, var, weight)
