"""Pooling: by its definition in every lane, and beside torch in values, indices, gradients and refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnref
from tests import oracles

MAX = {1: cnnref.max_pool1d, 2: cnnref.max_pool2d, 3: cnnref.max_pool3d}
AVG = {1: cnnref.avg_pool1d, 2: cnnref.avg_pool2d, 3: cnnref.avg_pool3d}
ADAPTIVE_MAX = {1: cnnref.adaptive_max_pool1d, 2: cnnref.adaptive_max_pool2d, 3: cnnref.adaptive_max_pool3d}
ADAPTIVE_AVG = {1: cnnref.adaptive_avg_pool1d, 2: cnnref.adaptive_avg_pool2d, 3: cnnref.adaptive_avg_pool3d}
INFINITE = -np.inf
# Few different numbers, so that ties, windows of nothing but -inf, and several nan in one window are common.
PIXELS = [
    [0.0, 1.0, 2.0, -3.0],
    [0.0, 0.0, 1.0],
    [INFINITE],
    [INFINITE, INFINITE, INFINITE, -1.0],
    [0.0, 1.0, np.nan, INFINITE, np.inf],
]


def one_or_each(draw, axes, least, most):
    """An int for all axes, or a tuple with one for each; and the tuple."""
    if draw(st.booleans()):
        same = draw(st.integers(least, most))
        return same, (same,) * axes
    each = tuple(draw(st.integers(least, most)) for _ in range(axes))
    return each, each


def pixels(draw, *shape, dtype="float64", among=PIXELS):
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return generator.choice(draw(st.sampled_from(among)), shape).astype(dtype)


@st.composite
def geometries(draw, most_dilation=1, least=1):
    """Options of a pooling, and lengths that hold a window."""
    axes = draw(st.integers(1, 3))
    kernel_size, kernel = one_or_each(draw, axes, 1, 4 - axes // 3)
    stride, s = draw(st.just((None, kernel)) | st.builds(lambda: one_or_each(draw, axes, 1, 3)))
    d = tuple(draw(st.integers(1, most_dilation)) for _ in range(axes))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    ceil_mode = draw(st.booleans())
    lengths = []
    for k, step, p in zip(kernel, d, padding, strict=True):
        shortest = max((k - 1) * step + 1 - 2 * p, step, k * least, 1)  # no window may step over all pixels
        lengths.append(draw(st.integers(shortest, shortest + 4 - axes)))
    options = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    return axes, (draw(st.integers(1, 2)), draw(st.integers(1, 2)), *lengths), options, (kernel, s, padding, d)


@st.composite
def max_pools(draw, dtypes=("float32", "float64"), among=PIXELS):
    axes, shape, options, (kernel, s, padding, d) = draw(geometries(most_dilation=3))
    x = pixels(draw, *shape, dtype=draw(st.sampled_from(dtypes)), among=among)
    return axes, x, {**options, "dilation": d}, (kernel, s, padding, d, options["ceil_mode"])


@st.composite
def avg_pools(draw, dtypes=("float32", "float64")):
    axes, shape, options, (kernel, s, padding, _) = draw(geometries(least=1))
    include = draw(st.booleans())
    divisor = draw(st.sampled_from([None, 3, -2])) if axes > 1 else None
    x = pixels(draw, *shape, dtype=draw(st.sampled_from(dtypes)), among=[[0, 1, 2, -3, 20, -7]])
    more = {"divisor_override": divisor} if axes > 1 else {}
    definition = kernel, s, padding, options["ceil_mode"], include, divisor
    return axes, x, {**options, "count_include_pad": include, **more}, definition


@st.composite
def adaptive_pools(draw, among=PIXELS):
    axes = draw(st.integers(1, 3))
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 2)), *(draw(st.integers(1, 7 - axes)) for _ in range(axes)))
    output_size, sizes = one_or_each(draw, axes, 1, 6 - axes)
    return axes, pixels(draw, *shape, among=among), output_size, sizes


@given(case=max_pools())
@settings(max_examples=60)
def test_max_pool_agrees_with_its_definition(lane, case):
    axes, x, options, definition = case

    y, indices = MAX[axes](lane.asarray(x), **options, return_indices=True)

    largest, places = oracles.max_pool(x, *definition)
    lane.assert_close(y, largest, x.dtype.name)
    lane.assert_close(indices, places, "int64")
    lane.assert_close(MAX[axes](lane.asarray(x), **options), largest, x.dtype.name)


@given(case=avg_pools())
@settings(max_examples=60)
def test_avg_pool_agrees_with_its_definition(lane, case):
    axes, x, options, definition = case

    y = AVG[axes](lane.asarray(x), **options)

    lane.assert_close(y, oracles.avg_pool(x, *definition), x.dtype.name, rtol=1e-6 if x.dtype == "float32" else 1e-15)


@given(case=adaptive_pools())
def test_adaptive_max_pool_agrees_with_its_definition(lane, case):
    axes, x, output_size, sizes = case

    y, indices = ADAPTIVE_MAX[axes](lane.asarray(x), output_size, return_indices=True)

    largest, places = oracles.adaptive_max_pool(x, sizes)
    lane.assert_close(y, largest)
    lane.assert_close(indices, places, "int64")
    lane.assert_close(ADAPTIVE_MAX[axes](lane.asarray(x), output_size), largest)


@given(case=adaptive_pools(among=[[0, 1, 2, -3, 20, -7]]))
def test_adaptive_avg_pool_agrees_with_its_definition(lane, case):
    axes, x, output_size, sizes = case

    y = ADAPTIVE_AVG[axes](lane.asarray(x), output_size)

    lane.assert_close(y, oracles.adaptive_avg_pool(x, sizes), rtol=1e-14, atol=1e-14)


def assert_like(torch, ours, theirs, x, rtol=1e-12):
    """Two functions of one tensor give one result, or pair of results, and one gradient; nan is a result too."""
    x = torch.from_numpy(x).requires_grad_()
    y, expected = ours(x), theirs(x)
    torch.testing.assert_close(y, expected, rtol=rtol, atol=rtol, equal_nan=True)
    y, expected = (each[0] if isinstance(each, tuple) else each for each in (y, expected))
    upstream = torch.arange(1.0, 1 + expected.numel(), dtype=x.dtype).reshape(expected.shape)
    gradients = [torch.autograd.grad(each, x, upstream)[0] for each in (y, expected)]
    torch.testing.assert_close(*gradients, rtol=rtol, atol=rtol, equal_nan=True)


@pytest.mark.parametrize("return_indices", [False, True])
@given(case=max_pools(dtypes=("float64",)))
@settings(max_examples=60)
def test_max_pool_agrees_with_torch_in_values_indices_and_gradients(torch, return_indices, case):
    axes, x, options, _ = case
    options["return_indices"] = return_indices
    theirs = getattr(torch.nn.functional, f"max_pool{axes}d")

    assert_like(torch, lambda x: MAX[axes](x, **options), lambda x: theirs(x, **options), x)


@given(case=avg_pools(dtypes=("float64",)))
def test_avg_pool_agrees_with_torch_in_values_and_gradients(torch, case):
    axes, x, options, _ = case
    theirs = getattr(torch.nn.functional, f"avg_pool{axes}d")
    kernel = options["kernel_size"]
    if axes == 3 and any(k > n for k, n in zip(np.broadcast_to(kernel, 3), x.shape[2:], strict=True)):
        return  # which torch refuses, see below

    assert_like(torch, lambda x: AVG[axes](x, **options), lambda x: theirs(x, **options), x)


@pytest.mark.parametrize("return_indices", [False, True])
@given(case=adaptive_pools())
def test_adaptive_max_pool_agrees_with_torch(torch, return_indices, case):
    axes, x, size, _ = case
    theirs = getattr(torch.nn.functional, f"adaptive_max_pool{axes}d")

    assert_like(
        torch, lambda x: ADAPTIVE_MAX[axes](x, size, return_indices), lambda x: theirs(x, size, return_indices), x
    )


@given(case=adaptive_pools(among=[[0, 1, 2, -3, 20, -7]]))
def test_adaptive_avg_pool_agrees_with_torch(torch, case):
    axes, x, size, _ = case
    theirs = getattr(torch.nn.functional, f"adaptive_avg_pool{axes}d")

    assert_like(torch, lambda x: ADAPTIVE_AVG[axes](x, size), lambda x: theirs(x, size), x)


@pytest.mark.parametrize("p", [1, 2, 3, 2.5, -1, np.inf, -np.inf])
@given(case=geometries())
@settings(max_examples=20)
def test_lp_pool_agrees_with_torch_in_values_and_gradients(torch, p, case):
    axes, shape, options, _ = case
    if axes != 2:
        return
    del options["padding"]
    x = np.random.default_rng(0).choice([0.0, 0.0, 1.0, 2.0, 5.0], shape)
    kernel = np.broadcast_to(options["kernel_size"], 2)
    if any(k > n for k, n in zip(kernel, shape[2:], strict=True)):
        return

    theirs = torch.nn.functional.lp_pool2d
    assert_like(
        torch,
        lambda x: cnnref.lp_pool2d(x, p, **options),
        lambda x: theirs(x, p, **options),
        x + (p == -1),  # no zero to divide by
    )


def test_lp_pool_is_the_norm_of_each_window(lane):
    x = np.asarray([[[3.0, 0.0, 1.0], [0.0, 4.0, 1.0]]])

    lane.assert_close(cnnref.lp_pool2d(lane.asarray(x), 2, 2, 1), np.asarray([[[5.0, 18**0.5]]]), rtol=1e-15)
    lane.assert_close(cnnref.lp_pool2d(lane.asarray(x), 1, (2, 3)), np.asarray([[[9.0]]]), rtol=1e-15)
    lane.assert_close(cnnref.lp_pool2d(lane.asarray(-x), np.inf, 2, 1), np.asarray([[[4.0, 4.0]]]))


def test_gradients_of_gradients_are_exact(torch):
    x = torch.rand(1, 2, 5, 4, dtype=torch.float64, requires_grad=True)

    for pool in (
        lambda x: cnnref.avg_pool2d(x, 3, 2, 1, ceil_mode=True) ** 2,
        lambda x: cnnref.max_pool2d(x, 3, 2, 1) ** 2,
        lambda x: cnnref.lp_pool2d(x, 3, 2),
        lambda x: cnnref.adaptive_avg_pool2d(x, (3, 2)) ** 2,
    ):
        assert torch.autograd.gradcheck(pool, x, fast_mode=True)
        assert torch.autograd.gradgradcheck(pool, x, fast_mode=True)


@pytest.mark.filterwarnings(
    "ignore:.torch.jit.script. is deprecated:DeprecationWarning"
)  # torch's own forward mode still uses it
@pytest.mark.parametrize(
    "function",
    [
        lambda x: cnnref.max_pool2d(x, 3, 2, 1, ceil_mode=True),
        lambda x: cnnref.max_pool2d(x, 2, return_indices=True)[0],
        lambda x: cnnref.avg_pool2d(x, 3, 2, 1, ceil_mode=True),
        lambda x: cnnref.lp_pool2d(x, 2, 2),
        lambda x: cnnref.adaptive_max_pool2d(x, (3, 2)),
        lambda x: cnnref.adaptive_avg_pool2d(x, (3, 1)),
    ],
)
def test_torch_transforms_see_through(torch, function):
    x = torch.rand(2, 2, 5, 4)
    y, operand = function(x), x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(function(operand).sum(), operand)

    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), y)
    torch.testing.assert_close(torch.autograd.grad(compiled(operand).sum(), operand)[0], expected)
    torch.testing.assert_close(torch.func.vmap(function)(x[None])[0], y)
    torch.testing.assert_close(torch.func.grad(lambda x: function(x).sum())(x), expected)
    torch.testing.assert_close(torch.func.jvp(function, (x,), (x,)), (y, y))  # each is homogeneous


# What a collection of easy cases would miss -------------------------------------------------------------------------


def test_nan_wins_wherever_it_stands(lane):
    for place in range(4):
        x = np.ones((1, 1, 2, 2))
        x.reshape(-1)[place] = np.nan

        y, indices = cnnref.max_pool2d(lane.asarray(x), 2, return_indices=True)

        lane.assert_close(y, np.asarray([[[[np.nan]]]]))
        lane.assert_close(indices, np.asarray([[[[place]]]]), "int64")


def test_first_of_equal_maxima_takes_the_index_and_the_whole_gradient(torch):
    x = torch.tensor([[[0.0, 7.0, 7.0], [7.0, 7.0, 0.0]]], requires_grad=True)

    y, indices = cnnref.max_pool2d(x, (2, 3), return_indices=True)
    y.sum().backward()

    assert indices.tolist() == [[[1]]]
    assert x.grad.tolist() == [[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]]


@pytest.mark.parametrize("return_indices", [False, True])
def test_window_of_nothing_but_minus_infinity_finds_its_own_pixel(torch, return_indices):
    """The padding is no pixel: it takes neither the index nor the gradient."""
    x = torch.full((1, 1, 3, 3), INFINITE, requires_grad=True)

    y = cnnref.max_pool2d(x, 3, 2, 1, return_indices=return_indices)

    y, indices = y if return_indices else (y, torch.tensor([[[[0, 1], [3, 4]]]]))
    assert y.tolist() == [[[[INFINITE] * 2] * 2]]
    assert indices.tolist() == [[[[0, 1], [3, 4]]]]
    (gradient,) = torch.autograd.grad(y, x, torch.ones_like(y))
    assert gradient.tolist() == [[[[1, 1, 0], [1, 1, 0], [0, 0, 0]]]]


def test_padding_never_wins_over_negative_pixels(lane):
    x = np.full((1, 1, 3), -5.0)

    lane.assert_close(cnnref.max_pool1d(lane.asarray(x), 2, padding=1), np.full((1, 1, 2), -5.0))


def test_windows_far_longer_than_the_input_find_the_one_pixel_that_they_hold(torch):
    """A window of 4 cells 3 apart, from 2 before the first of 2 pixels: it holds the second alone."""
    x = torch.tensor([[-1.0, -2.0]])
    arguments = {"kernel_size": 4, "stride": 5, "padding": 2, "dilation": 3, "ceil_mode": True, "return_indices": True}

    y, indices = cnnref.max_pool1d(x, **arguments)

    assert (y.tolist(), indices.tolist()) == ([[-2.0]], [[1]])
    torch.testing.assert_close((y, indices), torch.nn.functional.max_pool1d(x, **arguments))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_max_pool_keeps_integers(lane, dtype):
    lowest = np.iinfo(dtype).min
    x = np.asarray([[[lowest, lowest, 3, 1]]], dtype)

    y, indices = cnnref.max_pool1d(lane.asarray(x), 2, padding=1, return_indices=True)

    lane.assert_close(y, np.asarray([[[lowest, 3, 1]]]), dtype)
    lane.assert_close(indices, np.asarray([[[0, 2, 3]]]), "int64")


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_one_pixel_windows_have_indices_of_their_own(lane, axes):
    x = np.arange(2.0**axes).reshape(1, 1, *(2,) * axes)

    y, indices = MAX[axes](lane.asarray(x), 1, return_indices=True)

    lane.assert_close(y, x)
    lane.assert_close(indices, x, "int64")


@pytest.mark.parametrize(
    ("length", "kernel", "stride", "padding", "count"),
    [(5, 2, 2, 0, 3), (3, 1, 4, 0, 1), (4, 2, 3, 1, 2), (4, 5, 1, 0, 0), (4, 5, 2, 0, 1), (5, 3, 3, 1, 2)],
)
def test_ceil_mode_keeps_a_window_that_starts_on_the_input_only(torch, length, kernel, stride, padding, count):
    """Rounded up, but no window may start in the padding behind the input."""
    x = np.arange(float(length))[None]
    theirs = torch.nn.functional.max_pool1d
    if count == 0:
        with pytest.raises(ValueError, match="kernel_size with its dilation must fit"):
            cnnref.max_pool1d(x, kernel, stride, padding, ceil_mode=True)
        with pytest.raises(RuntimeError):
            theirs(torch.from_numpy(x), kernel, stride, padding, ceil_mode=True)
        return

    y = cnnref.max_pool1d(x, kernel, stride, padding, ceil_mode=True)

    assert y.shape == (1, count)
    assert y.tolist() == theirs(torch.from_numpy(x), kernel, stride, padding, ceil_mode=True).tolist()


def test_mean_counts_the_padding_but_nothing_beyond_it(lane):
    """A window of 3 from the last of 4 pixels, padded by 1: one pixel, one zero, and one cell that is nothing."""
    x = np.asarray([[3.0, 3.0, 3.0, 6.0]])

    counted = cnnref.avg_pool1d(lane.asarray(x), 3, 2, 1, True, True)
    uncounted = cnnref.avg_pool1d(lane.asarray(x), 3, 2, 1, True, False)

    lane.assert_close(counted, np.asarray([[2.0, 4.0, 3.0]]))
    lane.assert_close(uncounted, np.asarray([[3.0, 4.0, 6.0]]))


@given(case=avg_pools(dtypes=("int64",)))
@settings(max_examples=20)
def test_means_of_int64_are_rounded_toward_zero(lane, case):
    axes, x, options, definition = case

    y = AVG[axes](lane.asarray(x), **options)

    lane.assert_close(y, oracles.avg_pool(x, *definition), "int64")


def test_means_of_int64_are_as_torch_has_them(torch):
    x = -torch.arange(16).reshape(1, 4, 4)

    for divisor in (None, 3, -3):
        y = cnnref.avg_pool2d(x, 2, 1, 1, divisor_override=divisor)

        assert torch.equal(y, torch.nn.functional.avg_pool2d(x, 2, 1, 1, divisor_override=divisor))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_averaged_in_float32(lane, dtype):
    """56 x 56 times 100 is more than float16 can hold."""
    if not lane.has(dtype):
        pytest.skip(f"{lane.name} has no {dtype}")
    x = lane.asarray(np.full((1, 56, 56), 100.0), dtype)

    for pool in (cnnref.avg_pool2d, cnnref.max_pool2d):
        lane.assert_close(pool(x, 56), np.full((1, 1, 1), 100.0), dtype)
    lane.assert_close(cnnref.adaptive_avg_pool2d(x, 1), np.full((1, 1, 1), 100.0), dtype)


def test_adaptive_sizes_may_be_kept_with_none(torch):
    x = np.arange(24.0).reshape(2, 3, 4)

    for size in [(None, 2), [2, None], (None, None)]:
        expected = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(x), size)
        np.testing.assert_allclose(cnnref.adaptive_avg_pool2d(x, size), expected.numpy(), rtol=1e-14)
        expected = torch.nn.functional.adaptive_max_pool2d(torch.from_numpy(x), size)
        np.testing.assert_array_equal(cnnref.adaptive_max_pool2d(x, size), expected.numpy())


@pytest.mark.parametrize("pool", [cnnref.adaptive_avg_pool2d, cnnref.adaptive_max_pool2d])
def test_no_windows_at_all_are_allowed(lane, pool):
    lane.assert_close(pool(lane.asarray(np.ones((2, 3, 4))), 0), np.ones((2, 0, 0)))
    lane.assert_close(pool(lane.asarray(np.ones((2, 3, 4))), (2, 0)), np.ones((2, 2, 0)))


POOLS = {
    "max_pool2d": lambda x: cnnref.max_pool2d(x, 2, padding=1),
    "avg_pool2d": lambda x: cnnref.avg_pool2d(x, 2, padding=1),
    "lp_pool2d": lambda x: cnnref.lp_pool2d(x, 2, 2),
    "adaptive_max_pool2d": lambda x: cnnref.adaptive_max_pool2d(x, 3),
    "adaptive_avg_pool2d": lambda x: cnnref.adaptive_avg_pool2d(x, 3),
}
pools = pytest.mark.parametrize("name", POOLS)


@pools
def test_one_image_without_a_batch(lane, name):
    x = lane.asarray(np.arange(32.0).reshape(2, 4, 4))

    y, batch = POOLS[name](x), POOLS[name](x[None, ...])

    assert tuple(y.shape) == tuple(batch.shape)[1:]
    if lane.has_values:
        assert bool(lane.xp.all(y == batch[0, ...]))


@pools
def test_an_empty_batch_gives_an_empty_batch(lane, name):
    y = POOLS[name](lane.asarray(np.ones((0, 2, 4, 4))))

    assert tuple(y.shape) == (0, *POOLS[name](np.ones((1, 2, 4, 4))).shape[1:])


@pools
def test_inputs_may_have_any_strides_and_stay_as_they_are(lane, name):
    x = np.arange(64.0).reshape(2, 2, 4, 4)
    turned = lane.xp.permute_dims(lane.asarray(np.ascontiguousarray(x.T)), (3, 2, 1, 0))
    before = lane.xp.asarray(turned, copy=True)

    y = POOLS[name](turned[:, :, ::2, 1:])

    lane.assert_close(y, POOLS[name](np.ascontiguousarray(x[:, :, ::2, 1:])), rtol=1e-15)
    if lane.has_values:
        assert bool(lane.xp.all(before == turned))


@pytest.mark.parametrize(
    "pool",
    [
        lambda x: cnnref.max_pool2d(x, 1),
        lambda x: cnnref.max_pool2d(x, 1, return_indices=True)[1],
        lambda x: cnnref.max_pool2d(x, 1, 2),
        lambda x: cnnref.avg_pool2d(x, 1),
        lambda x: cnnref.adaptive_max_pool2d(x, 2),
        lambda x: cnnref.adaptive_avg_pool2d(x, 2),
        lambda x: cnnref.adaptive_avg_pool2d(x, (None, 2)),
    ],
)
def test_results_share_no_memory_with_the_input(torch, pool):
    """Also where every window is one pixel."""
    x = np.arange(4.0).reshape(1, 2, 2)
    tensor = torch.from_numpy(x.copy())

    pool(x)[...] = 7
    pool(tensor)[...] = 7

    assert x.tolist() == tensor.tolist() == [[[0, 1], [2, 3]]]
    assert pool(x).tolist() != [[[7, 7], [7, 7]]]


def test_empty_strides_mean_the_kernel_as_in_torch(torch):
    x = np.arange(16.0).reshape(1, 4, 4)

    expected = torch.nn.functional.max_pool2d(torch.from_numpy(x), 2, ())
    np.testing.assert_array_equal(cnnref.max_pool2d(x, 2, ()), expected.numpy())
    np.testing.assert_array_equal(cnnref.max_pool2d(x, 2, []), expected.numpy())


def test_numpy_computes_on_the_device_asked_for(torch):
    with cnnref.use_device("cpu"):
        y, indices = cnnref.max_pool1d(np.asarray([[1, 3, 2, 5]]), 2, return_indices=True)

    assert isinstance(y, np.ndarray)
    assert isinstance(indices, np.ndarray)
    assert (y.tolist(), indices.tolist()) == ([[3, 5]], [[1, 3]])


# Refusals -----------------------------------------------------------------------------------------------------------

EMPTY = r"input must not be empty but for its batch, got shape "
REFUSED = [
    ("max_pool2d", (4, 4), (2,), {}, ValueError, r"input must have shape \(n, c, h, w\) or \(c, h, w\), got \(4, 4\)"),
    ("max_pool1d", (4,), (2,), {}, ValueError, r"input must have shape \(n, c, l\) or \(c, l\), got \(4,\)"),
    ("max_pool2d", (2, 0, 4, 4), (2,), {}, ValueError, EMPTY + r"\(2, 0, 4, 4\)"),
    ("max_pool2d", (0, 4, 4), (2,), {}, ValueError, EMPTY + r"\(0, 4, 4\)"),
    ("max_pool2d", (1, 2, 0, 4), (2,), {"padding": 1}, ValueError, EMPTY),
    ("max_pool2d", (2, 4, 4), (0,), {}, ValueError, r"kernel_size must be .* each at least 1, got 0"),
    ("max_pool2d", (2, 4, 4), ((),), {}, ValueError, r"kernel_size must be .* each at least 1, got \(\)"),
    ("max_pool2d", (2, 4, 4), ((2, 3, 2),), {}, ValueError, r"kernel_size must be .* got \(2, 3, 2\)"),
    ("max_pool2d", (2, 4, 4), (2.0,), {}, TypeError, r"kernel_size must be .* got 2.0"),
    ("max_pool2d", (2, 4, 4), (True,), {}, TypeError, r"kernel_size must be .* got True"),
    ("max_pool2d", (2, 4, 4), (2, 0), {}, ValueError, r"stride must be .* each at least 1, got 0"),
    ("max_pool2d", (2, 4, 4), (2, -1), {}, ValueError, r"stride must be .* each at least 1, got -1"),
    ("max_pool2d", (2, 4, 4), (2,), {"padding": -1}, ValueError, r"padding must be .* each at least 0, got -1"),
    ("max_pool2d", (2, 4, 4), (2,), {"dilation": 0}, ValueError, r"dilation must be .* each at least 1, got 0"),
    ("max_pool2d", (2, 4, 4), (3,), {"padding": 2}, ValueError, r"half of kernel_size \(3, 3\), got \(2, 2\)"),
    (
        "max_pool2d",
        (2, 4, 4),
        (3,),
        {"padding": (0, 2), "dilation": 2},
        ValueError,
        r"padding must be at most half of kernel_size \(3, 3\), got \(0, 2\)",
    ),
    ("max_pool2d", (2, 4, 4), (5,), {}, ValueError, r"must fit the padded input of \(4, 4\), got \(5, 5\)"),
    ("max_pool1d", (2, 4), (2,), {"dilation": 4}, ValueError, r"must fit the padded input of \(4,\), got \(5,\)"),
    ("max_pool3d", (1, 2, 4, 4), (3,), {}, ValueError, r"must fit the padded input of \(2, 4, 4\), got \(3, 3, 3\)"),
    ("avg_pool2d", (4, 4), (2,), {}, ValueError, r"input must have shape"),
    ("avg_pool2d", (2, 0, 4, 4), (2,), {}, ValueError, EMPTY + r"\(2, 0, 4, 4\)"),
    ("avg_pool2d", (2, 4, 4), (2, 0), {}, ValueError, r"stride must be .* each at least 1, got 0"),
    ("avg_pool2d", (2, 4, 4), (2,), {"padding": 2}, ValueError, r"at most half of kernel_size \(2, 2\), got \(2, 2\)"),
    ("avg_pool2d", (2, 4, 4), (5,), {}, ValueError, r"must fit the padded input of \(4, 4\), got \(5, 5\)"),
    ("avg_pool2d", (2, 4, 4), (2,), {"divisor_override": 0}, ValueError, r"divisor_override must be an int, not 0"),
    ("avg_pool2d", (2, 4, 4), (2,), {"divisor_override": 2.5}, TypeError, r"divisor_override must be .* got 2.5"),
    (
        "avg_pool3d",
        (1, 2, 4, 4),
        (3, 1, 1),
        {},
        ValueError,
        r"must fit the padded input of \(2, 4, 4\), got \(3, 3, 3\)",
    ),
    ("avg_pool3d", (1, 2, 4, 4), (3,), {"ceil_mode": True}, ValueError, r"must fit .* of \(2, 4, 4\), got \(3, 3, 3\)"),
    ("lp_pool2d", (2, 4, 4), (0, 2), {}, ValueError, r"norm_type must not be 0 or nan, got 0"),
    ("lp_pool2d", (2, 4, 4), (2, 5), {}, ValueError, r"must fit the padded input of \(4, 4\), got \(5, 5\)"),
    ("adaptive_avg_pool2d", (4, 4), (2,), {}, ValueError, r"input must have shape"),
    ("adaptive_avg_pool2d", (2, 4, 4), ((2,),), {}, ValueError, r"output_size must be an int or a tuple of 2, got"),
    ("adaptive_avg_pool2d", (2, 4, 4), ((1, 2, 3),), {}, ValueError, r"output_size must be .* got \(1, 2, 3\)"),
    ("adaptive_avg_pool2d", (2, 4, 4), (-1,), {}, ValueError, r"output_size must be .* each at least 0, got -1"),
    ("adaptive_avg_pool2d", (2, 4, 4), (None,), {}, TypeError, r"output_size must be .* got None"),
    ("adaptive_avg_pool1d", (2, 4), ((None,),), {}, TypeError, r"output_size must be .* got \(None,\)"),
    ("adaptive_avg_pool2d", (2, 4, 4), (2.0,), {}, TypeError, r"output_size must be .* got 2.0"),
    ("adaptive_avg_pool2d", (1, 2, 0, 4), (2,), {}, ValueError, EMPTY + r"\(1, 2, 0, 4\)"),
    ("adaptive_max_pool2d", (2, 4, 4), ((2,),), {}, ValueError, r"output_size must be an int or a tuple of 2, got"),
    ("adaptive_max_pool2d", (1, 0, 4, 4), (2,), {}, ValueError, EMPTY + r"\(1, 0, 4, 4\)"),
    ("adaptive_max_pool2d", (2, 4, 4), (-1,), {}, ValueError, r"output_size must be .* each at least 0, got -1"),
]


@pytest.mark.parametrize(("name", "shape", "arguments", "options", "error", "text"), REFUSED)
def test_pools_refuse_what_torch_refuses(torch, name, shape, arguments, options, error, text):
    with pytest.raises(error, match=text):
        getattr(cnnref, name)(np.zeros(shape), *arguments, **options)
    with pytest.raises((RuntimeError, TypeError, ValueError, IndexError, ZeroDivisionError)):
        getattr(torch.nn.functional, name)(torch.zeros(shape), *arguments, **options)


def test_adaptive_means_need_no_channels(torch):
    assert cnnref.adaptive_avg_pool2d(np.zeros((1, 0, 4, 4)), 2).shape == (1, 0, 2, 2)
    assert torch.nn.functional.adaptive_avg_pool2d(torch.zeros(1, 0, 4, 4), 2).shape == (1, 0, 2, 2)


def test_dilation_that_steps_over_all_pixels_is_refused_where_torch_points_outside(torch):
    x = np.ones((1, 2))
    _, indices = torch.nn.functional.max_pool1d(torch.from_numpy(x), 2, padding=1, dilation=3, return_indices=True)
    assert indices.tolist() == [[2]]  # of 2 pixels, the third

    with pytest.raises(ValueError, match="dilation must not step over an axis of 2, got 3"):
        cnnref.max_pool1d(x, 2, padding=1, dilation=3)
    assert cnnref.max_pool1d(np.ones((1, 3)), 2, padding=1, dilation=3).shape == (1, 1)


@pytest.mark.parametrize(
    ("name", "dtype", "text"),
    [
        ("max_pool2d", "bool", "input must have a floating or integer dtype, got bool"),
        ("avg_pool2d", "int32", "input must have a floating dtype or int64, got int32"),
        ("adaptive_avg_pool2d", "int64", "input must have a floating dtype, got int64"),
        ("adaptive_max_pool2d", "int64", "input must have a floating dtype, got int64"),
    ],
)
def test_dtypes_that_torch_refuses_are_refused(torch, name, dtype, text):
    with pytest.raises(TypeError, match=text):
        getattr(cnnref, name)(np.ones((2, 4, 4), dtype), 2)
    with pytest.raises((RuntimeError, NotImplementedError)):
        getattr(torch.nn.functional, name)(torch.ones(2, 4, 4, dtype=getattr(torch, dtype)), 2)


def test_lp_pool_refuses_integers_that_torch_rounds_before_the_root(torch):
    """Of 0, 1, 4 and 5 torch takes the mean square as 10, which is 10.5: no norm."""
    x = np.asarray([[[0, 1], [4, 5]]])
    assert torch.nn.functional.lp_pool2d(torch.from_numpy(x), 2, 2).item() == pytest.approx(40**0.5)

    with pytest.raises(TypeError, match="input must have a floating dtype, got int64"):
        cnnref.lp_pool2d(x, 2, 2)
