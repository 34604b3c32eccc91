"""Convolution: by its definition in every lane, and beside torch in values, gradients and refusals."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnref
from cnnref import convolution
from tests import oracles

CONV = {1: cnnref.conv1d, 2: cnnref.conv2d, 3: cnnref.conv3d}
TRANSPOSE = {1: cnnref.conv_transpose1d, 2: cnnref.conv_transpose2d, 3: cnnref.conv_transpose3d}
HALF = {"float16": 2e-3, "bfloat16": 1.6e-2}


def one_or_each(draw, axes, least, most):
    """An int for all axes, or a tuple with one for each; and the tuple."""
    if draw(st.booleans()):
        same = draw(st.integers(least, most))
        return same, (same,) * axes
    each = tuple(draw(st.integers(least, most)) for _ in range(axes))
    return each, each


def whole_numbers(draw, *shape, dtype="float64"):
    """Small whole numbers: their sums are exact in any order, so results must be equal, not close."""
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1))).integers(-4, 5, shape).astype(dtype)


@st.composite
def convolutions(draw, dtypes=("float32", "float64")):
    """Operands and options of a convolution that fits, and the definition's result."""
    dtype, axes = draw(st.sampled_from(dtypes)), draw(st.integers(1, 3))
    groups, channels, kernels = (draw(st.integers(1, 2)) for _ in range(3))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    dilation, d = one_or_each(draw, axes, 1, 2)
    reach = [(k - 1) * step + 1 for k, step in zip(kernel, d, strict=True)]
    padding = draw(st.sampled_from(["same", "valid", "numbers", "numbers"]))
    stride, s = (1, (1,) * axes) if padding == "same" else one_or_each(draw, axes, 1, 3)
    before = after = (0,) * axes
    if padding == "same":
        before, after = tuple((r - 1) // 2 for r in reach), tuple(r - 1 - (r - 1) // 2 for r in reach)
    elif padding == "numbers":
        padding, before = one_or_each(draw, axes, 0, 2)
        after = before
    least = [max(1, r - b - a) for r, b, a in zip(reach, before, after, strict=True)]
    lengths = [draw(st.integers(m, m + 3 - axes // 2)) for m in least]
    x = whole_numbers(draw, draw(st.integers(1, 2)), groups * channels, *lengths, dtype=dtype)
    weight = whole_numbers(draw, groups * kernels, channels, *kernel, dtype=dtype)
    bias = whole_numbers(draw, groups * kernels, dtype=dtype) if draw(st.booleans()) else None
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return axes, x, weight, bias, options, (s, before, after, d, groups)


@st.composite
def transposes(draw, dtypes=("float32", "float64")):
    dtype, axes = draw(st.sampled_from(dtypes)), draw(st.integers(1, 3))
    groups, channels, kernels = (draw(st.integers(1, 2)) for _ in range(3))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    (stride, s), (dilation, d) = one_or_each(draw, axes, 1, 3), one_or_each(draw, axes, 1, 2)
    padding, p = one_or_each(draw, axes, 0, 2)
    extra = tuple(draw(st.integers(0, max(a, b) - 1)) for a, b in zip(s, d, strict=True))
    lengths = []
    for a in range(axes):  # long enough to leave at least one pixel
        least = 1 + max(0, -(-(2 * p[a] - d[a] * (kernel[a] - 1) - extra[a]) // s[a]))
        lengths.append(draw(st.integers(least, least + 2)))
    x = whole_numbers(draw, draw(st.integers(1, 2)), groups * channels, *lengths, dtype=dtype)
    weight = whole_numbers(draw, groups * channels, kernels, *kernel, dtype=dtype)
    bias = whole_numbers(draw, groups * kernels, dtype=dtype) if draw(st.booleans()) else None
    options = {"stride": stride, "padding": padding, "output_padding": extra, "groups": groups, "dilation": dilation}
    return axes, x, weight, bias, options, (s, p, extra, groups, d)


def in_lane(lane, *arrays):
    return [None if x is None else lane.asarray(x) for x in arrays]


@given(case=convolutions())
def test_convolution_agrees_with_its_definition(lane, case):
    axes, x, weight, bias, options, defined = case

    y = CONV[axes](*in_lane(lane, x, weight, bias), **options)

    lane.assert_close(y, oracles.convolution(x, weight, bias, *defined), x.dtype.name)


@given(case=transposes())
def test_transposed_convolution_agrees_with_its_definition(lane, case):
    axes, x, weight, bias, options, defined = case

    y = TRANSPOSE[axes](*in_lane(lane, x, weight, bias), **options)

    lane.assert_close(y, oracles.transposed_convolution(x, weight, bias, *defined), x.dtype.name)


@pytest.mark.parametrize("at_once", [1, 40, 200])
@given(case=convolutions())
@settings(max_examples=15)
def test_portions_make_no_difference(at_once, case):
    """A few rows of one image at a time, or a few images, are put together as if taken at once."""
    axes, x, weight, bias, options, defined = case

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolution, "AT_ONCE", at_once)
        y = CONV[axes](x, weight, bias, **options)

    np.testing.assert_array_equal(y, oracles.convolution(x, weight, bias, *defined))


def test_large_images_are_taken_in_bands_and_small_ones_together():
    """What keeps memory small: never many more columns than `AT_ONCE` numbers."""

    def taken(*shape):
        x = np.zeros(shape, np.float32)
        windows = convolution._windows(shape[2:], (3, 3), 1, 1, 1)
        images, rows = convolution._portion(x, windows)
        return images, rows, images * rows * shape[1] * 9 * shape[3]

    assert taken(8, 64, 56, 56)[:2] == (1, 14)  # four bands of equal height
    assert taken(100, 1, 28, 28)[:2] == (74, 28)
    assert all(taken(*shape)[2] <= convolution.AT_ONCE for shape in [(8, 64, 56, 56), (100, 1, 28, 28)])
    assert taken(1, 1024, 2, 4096)[:2] == (1, 1)


@given(case=convolutions(dtypes=("int64", "int32", "int8", "uint8")))
@settings(max_examples=20)
def test_integers_are_kept_and_wrap_around(torch, case):
    axes, x, weight, bias, options, defined = case

    y = CONV[axes](x, weight, bias, **options)

    wide = [None if each is None else each.astype("int64") for each in (x, weight, bias)]
    np.testing.assert_array_equal(y, oracles.convolution(*wide, *defined).astype(x.dtype))
    assert y.dtype == x.dtype
    tensors = [None if each is None else torch.from_numpy(each) for each in (x, weight, bias)]
    assert torch.equal(CONV[axes](*tensors, **options), torch.from_numpy(y))


def test_integers_are_as_torch_has_them(torch):
    x, weight = torch.arange(32, dtype=torch.int8).reshape(1, 2, 4, 4), torch.ones(4, 2, 3, 3, dtype=torch.int8)

    y = cnnref.conv2d(x, weight, stride=2, padding=1)

    assert torch.equal(y, torch.conv2d(x, weight, stride=2, padding=1))


def test_transposed_convolution_takes_int64_and_no_other_integers(torch):
    x, weight = np.asarray([[1, 2]]), np.asarray([[[3, 4]]])

    assert cnnref.conv_transpose1d(x, weight).tolist() == [[3, 10, 8]]
    with pytest.raises(TypeError, match="input must have a floating dtype or int64, got int32"):
        cnnref.conv_transpose1d(x.astype("int32"), weight.astype("int32"))
    with pytest.raises(NotImplementedError):
        torch.conv_transpose1d(torch.asarray(x, dtype=torch.int32), torch.asarray(weight, dtype=torch.int32))


@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_is_summed_in_float32_and_rounded_once(lane, dtype):
    """2048 ones: added one by one in float16 they never pass 2048, in bfloat16 256."""
    if not lane.has(dtype):
        pytest.skip(f"{lane.name} has no {dtype}")
    ones = lane.asarray(np.ones((1, 4096, 1)), dtype)

    y = cnnref.conv1d(ones, ones)

    lane.assert_close(y, np.full((1, 1, 1), 4096.0), dtype)


def tensors(torch, *arrays):
    """Random numbers in place of whole ones, with gradients."""
    generator = torch.Generator().manual_seed(0)
    return [
        None if x is None else torch.randn(x.shape, dtype=torch.float64, generator=generator).requires_grad_()
        for x in arrays
    ]


def assert_like(torch, function, expected, operands, rtol=1e-10):
    """Two functions give one result, and one gradient with respect to every operand."""
    generator = torch.Generator().manual_seed(1)
    operands = [each for each in operands if each is not None]
    with warnings.catch_warnings(action="ignore"):  # of a copy that 'same' needs
        y, theirs = function(), expected()
        upstream = torch.randn(theirs.shape, dtype=theirs.dtype, generator=generator)
        gradients, their_gradients = (torch.autograd.grad(each, operands, upstream) for each in (y, theirs))
    torch.testing.assert_close((y, gradients), (theirs, their_gradients), rtol=rtol, atol=1e-10)


@given(case=convolutions())
def test_convolution_agrees_with_torch_in_values_and_gradients(torch, case):
    axes, *arrays, options, _ = case
    operands = tensors(torch, *arrays)
    theirs = getattr(torch.nn.functional, f"conv{axes}d")

    assert_like(torch, lambda: CONV[axes](*operands, **options), lambda: theirs(*operands, **options), operands)


@given(case=transposes())
def test_transposed_convolution_agrees_with_torch_in_values_and_gradients(torch, case):
    axes, *arrays, options, _ = case
    operands = tensors(torch, *arrays)
    theirs = getattr(torch.nn.functional, f"conv_transpose{axes}d")

    assert_like(torch, lambda: TRANSPOSE[axes](*operands, **options), lambda: theirs(*operands, **options), operands)


@given(case=convolutions())
@settings(max_examples=10)
def test_transpose_is_the_transpose(case):
    r"""$\langle y, A x \rangle = \langle A^T y, x \rangle$, in whole numbers."""
    axes, x, weight, _, options, (s, before, _, d, groups) = case
    if options["padding"] == "same":
        return
    forward = CONV[axes](x, weight, **options)
    extra = [
        (length + 2 * p - step * (k - 1) - 1) % jump
        for length, p, step, k, jump in zip(x.shape[2:], before, d, weight.shape[2:], s, strict=True)
    ]

    back = TRANSPOSE[axes](forward, weight, None, s, before, tuple(extra), groups, d)

    assert np.sum(back * x) == np.sum(forward * forward)


@pytest.mark.parametrize("function", [cnnref.conv2d, cnnref.conv_transpose2d])
def test_gradients_of_gradients_are_exact(torch, function):
    x, weight, bias = (torch.randn(s, dtype=torch.float64, requires_grad=True) for s in [(2, 2, 4, 3), (2, 2, 2, 3), 2])

    def y(x, weight, bias):
        return function(x, weight, bias, stride=(2, 1), padding=1)

    assert torch.autograd.gradcheck(y, (x, weight, bias), fast_mode=True)
    assert torch.autograd.gradgradcheck(y, (x, weight, bias), fast_mode=True)


@pytest.mark.filterwarnings(
    "ignore:.torch.jit.script. is deprecated:DeprecationWarning"
)  # torch's own forward mode still uses it
@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: cnnref.conv2d(x, w, stride=2, padding=1, dilation=(1, 2)),
        lambda x, w: cnnref.conv2d(x, w, padding="same"),
        lambda x, w: cnnref.conv_transpose2d(x, w, stride=2, output_padding=1),
        lambda x, w: cnnref.unfold(x * cnnref.conv2d(w, w, padding="same")[0, 0, 0, 0], 2, stride=2),
    ],
)
def test_torch_transforms_see_through(torch, function):
    x, w = torch.randn(2, 2, 6, 5), torch.randn(2, 2, 3, 2)
    y = function(x, w)
    operands = x.clone().requires_grad_(), w.clone().requires_grad_()
    expected = torch.autograd.grad(function(*operands).sum(), operands)

    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, w), y)
    torch.testing.assert_close(torch.autograd.grad(compiled(*operands).sum(), operands), expected)
    torch.testing.assert_close(torch.func.vmap(function)(x[None], w[None])[0], y)
    torch.testing.assert_close(torch.func.grad(lambda *each: function(*each).sum(), argnums=(0, 1))(x, w), expected)
    along = torch.func.jvp(function, (x, w), (x, torch.zeros_like(w)))
    torch.testing.assert_close(along, (y, y))  # linear in x


# Unfold -------------------------------------------------------------------------------------------------------------


@given(case=convolutions())
@settings(max_examples=20)
def test_unfold_agrees_with_torch(torch, case):
    _, x, weight, _, options, _ = case
    if x.ndim != 4 or isinstance(options["padding"], str):
        return
    options = {name: options[name] for name in ("dilation", "padding", "stride")}

    y = cnnref.unfold(x, weight.shape[2:], **options)

    expected = torch.nn.functional.unfold(torch.from_numpy(x), weight.shape[2:], **options)
    np.testing.assert_array_equal(y, expected.numpy())


def test_weights_times_unfolded_columns_are_the_convolution(lane):
    x, weight = np.arange(24.0).reshape(1, 2, 3, 4), np.arange(24.0).reshape(3, 2, 2, 2)

    columns = cnnref.unfold(lane.asarray(x), 2)

    y = lane.xp.reshape(lane.xp.matmul(lane.xp.reshape(lane.asarray(weight), (3, 8)), columns), (1, 3, 2, 3))
    lane.assert_close(y, oracles.convolution(x, weight, None, (1, 1), (0, 0), (0, 0), (1, 1), 1))


@pytest.mark.parametrize("function", [lambda x: cnnref.unfold(x, 1), lambda x: cnnref.conv2d(x, x[:, None, :1, :1])])
def test_results_share_no_memory_with_the_input(torch, function):
    x = np.arange(4.0).reshape(1, 2, 2)
    tensor = torch.from_numpy(x.copy())

    function(x)[...] = 7
    function(tensor)[...] = 7

    assert x.tolist() == tensor.tolist() == [[[0, 1], [2, 3]]]


# What a collection of easy cases would miss -------------------------------------------------------------------------


def test_same_padding_of_an_even_kernel_puts_the_odd_zero_last(lane):
    y = cnnref.conv1d(*in_lane(lane, np.asarray([[1.0, 2.0, 4.0]]), np.asarray([[[1.0, 10.0]]])), padding="same")

    lane.assert_close(y, np.asarray([[21.0, 42.0, 4.0]]))


def test_each_axis_has_its_own_stride_padding_and_dilation(lane):
    x, weight = np.arange(30.0).reshape(1, 1, 5, 6), np.arange(6.0).reshape(1, 1, 2, 3)
    y = cnnref.conv2d(*in_lane(lane, x, weight), None, (1, 2), (2, 1), (3, 1))

    lane.assert_close(y, oracles.convolution(x, weight, None, (1, 2), (2, 1), (2, 1), (3, 1), 1))
    assert tuple(y.shape) == (1, 1, 6, 3)


@pytest.mark.parametrize(("function", "axes"), [(CONV, 1), (CONV, 2), (CONV, 3), (TRANSPOSE, 2)])
def test_one_image_without_a_batch(lane, function, axes):
    x, weight = np.arange(2.0 * 3**axes).reshape(2, *(3,) * axes), np.ones((2, 2, *(2,) * axes))

    y = function[axes](*in_lane(lane, x, weight))

    batch = function[axes](*in_lane(lane, x[None], weight))
    assert tuple(y.shape) == tuple(batch.shape)[1:]
    if lane.has_values:
        assert bool(lane.xp.all(y == batch[0, ...]))


@pytest.mark.parametrize("function", [cnnref.conv2d, cnnref.conv_transpose2d])
def test_an_empty_batch_gives_an_empty_batch(lane, function):
    y = function(*in_lane(lane, np.ones((0, 2, 4, 4)), np.ones((2, 2, 3, 3)), np.ones(2)), padding=1)

    lane.assert_close(y, np.ones((0, 2, 4, 4)))


def test_an_empty_batch_of_empty_images_may_hold_padding(torch):
    x, weight = torch.zeros(0, 2, 0, 4), torch.zeros(4, 2, 3, 3)

    assert cnnref.conv2d(x, weight, padding=2).shape == torch.conv2d(x, weight, padding=2).shape == (0, 4, 2, 6)


def test_inputs_may_have_any_strides_and_stay_as_they_are(lane):
    x, weight, bias = np.arange(72.0).reshape(3, 4, 3, 2), np.arange(24.0).reshape(2, 2, 3, 2), np.arange(2.0)
    turned = [np.ascontiguousarray(each.T) for each in (x, weight)]
    operands = [lane.xp.permute_dims(lane.asarray(each), (3, 2, 1, 0)) for each in turned]
    before = [lane.xp.asarray(each, copy=True) for each in operands]

    y = cnnref.conv2d(operands[0][:, 1:3, ...], operands[1], lane.asarray(bias))

    zeros = (0, 0)
    lane.assert_close(y, oracles.convolution(x[:, 1:3], weight, bias, (1, 1), zeros, zeros, (1, 1), 1))
    if lane.has_values:
        assert all(bool(lane.xp.all(old == new)) for old, new in zip(before, operands, strict=True))


def test_nan_and_infinity_stay_in_their_windows(lane):
    x = np.asarray([[1.0, np.nan, 1.0, 1.0, np.inf, 1.0]])

    y = cnnref.conv1d(*in_lane(lane, x, np.ones((1, 1, 2))))

    lane.assert_close(y, np.asarray([[np.nan, np.nan, 2.0, np.inf, np.inf]]))


def test_sizes_may_be_whole_numbers_of_any_library(torch):
    x, weight = np.ones((1, 4, 4)), np.ones((1, 1, 2, 2))

    for stride in (np.int64(2), [2, 2], (2,), torch.tensor(2), torch.Size([2, 2])):
        assert cnnref.conv2d(x, weight, stride=stride).shape == (1, 2, 2)


def test_numpy_computes_on_the_device_asked_for(torch):
    x, weight = np.arange(6, dtype=np.float32).reshape(1, 6), np.ones((1, 1, 2), np.float32)

    with cnnref.use_device("cpu"):
        y = cnnref.conv1d(x, weight)

    assert isinstance(y, np.ndarray)
    assert y.tolist() == [[1, 3, 5, 7, 9]]


def test_no_convolution_of_torch_is_called(torch):
    """On a GPU torch lets its own convolutions round float32 to TF32; matrix products must be asked to."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Called(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            names.add(str(function))
            return function(*args, **(kwargs or {}))

    names = set()
    x = torch.ones(1, 2, 4, 4, requires_grad=True)
    with Called():
        cnnref.conv_transpose2d(cnnref.conv2d(x, torch.ones(2, 2, 3, 3)), torch.ones(2, 2, 3, 3)).sum().backward()

    assert "aten.bmm.default" in names
    assert not any("conv" in name for name in names)
    assert not torch.backends.cuda.matmul.allow_tf32


# Refusals -----------------------------------------------------------------------------------------------------------

X, W = (1, 2, 4, 4), (4, 2, 3, 3)
REFUSED = [
    ({"stride": 0}, ValueError, r"stride must be an int or a tuple of 2, each at least 1, got 0"),
    ({"stride": (1, 0)}, ValueError, r"stride must be an int or a tuple of 2, each at least 1, got \(1, 0\)"),
    ({"stride": (1, 1, 1)}, ValueError, r"stride must be an int or a tuple of 2, each at least 1, got \(1, 1, 1\)"),
    ({"stride": ()}, ValueError, r"stride must be an int or a tuple of 2, each at least 1, got \(\)"),
    ({"stride": 2.0}, TypeError, r"stride must be an int or a tuple of 2, each at least 1, got 2.0"),
    ({"stride": True}, TypeError, r"stride must be an int or a tuple of 2, each at least 1, got True"),
    ({"stride": np.ones(2, int)}, TypeError, r"stride must be an int or a tuple of 2, each .* got array\(\[1, 1\]\)"),
    ({"padding": -1}, ValueError, r"padding must be an int or a tuple of 2, each at least 0, got -1"),
    ({"dilation": 0}, ValueError, r"dilation must be an int or a tuple of 2, each at least 1, got 0"),
    ({"groups": 0}, ValueError, r"groups must be an int, at least 1, got 0"),
    ({"groups": 1.0}, TypeError, r"groups must be an int, at least 1, got 1.0"),
    ({"groups": (1,)}, TypeError, r"groups must be an int, at least 1, got \(1,\)"),
    ({"x": (4, 4)}, ValueError, r"input must have shape \(n, c, h, w\) or \(c, h, w\), got \(4, 4\)"),
    ({"x": (1, 1, 2, 4, 4)}, ValueError, r"input must have shape .* got \(1, 1, 2, 4, 4\)"),
    ({"weight": (4, 2, 3)}, ValueError, r"weight must have 4 axes, got shape \(4, 2, 3\)"),
    ({"weight": (0, 2, 3, 3)}, ValueError, r"weight must not be empty, got shape \(0, 2, 3, 3\)"),
    ({"weight": (4, 2, 0, 3)}, ValueError, r"weight must not be empty, got shape \(4, 2, 0, 3\)"),
    ({"bias": (3,)}, ValueError, r"bias must have shape \(4,\), got \(3,\)"),
    ({"bias": (4, 1)}, ValueError, r"bias must have shape \(4,\), got \(4, 1\)"),
]
CONV_REFUSED = [
    *REFUSED,
    ({"dilation": 3}, ValueError, r"kernel_size with its dilation must fit the padded input of \(4, 4\), got \(7, 7\)"),
    ({"groups": 2}, ValueError, r"input must have the 4 channels that weight reads, got 2"),
    ({"groups": 2, "weight": (3, 1, 3, 3)}, ValueError, r"weight must have a number of kernels that groups=2 divides"),
    ({"padding": "SAME"}, ValueError, r"padding must be 'same', 'valid' or numbers, got 'SAME'"),
    ({"padding": "same", "stride": 2}, ValueError, r"stride must be 1 with padding 'same', got \(2, 2\)"),
    ({"padding": "same", "stride": (1, 2)}, ValueError, r"stride must be 1 with padding 'same', got \(1, 2\)"),
    ({"x": (1, 2, 0, 4), "padding": 2}, ValueError, r"input must not be empty but for its batch, got .*\(1, 2, 0, 4\)"),
]
TRANSPOSE_REFUSED = [
    *[({**given, "weight": given.get("weight", (2, 4, 3, 3))}, error, text) for given, error, text in REFUSED],
    ({"weight": (3, 4, 3, 3)}, ValueError, r"input must have the 3 channels that weight reads, got 2"),
    ({"weight": (2, 4, 3, 3), "groups": 3}, ValueError, r"groups=3 divides, got shape \(2, 4, 3, 3\)"),
    ({"weight": (2, 4, 3, 3), "groups": 2, "bias": (4,)}, ValueError, r"bias must have shape \(8,\), got \(4,\)"),
    ({"weight": (2, 4, 3, 3), "padding": "same"}, TypeError, r"padding must be an int or a tuple of 2, .* got 'same'"),
    ({"weight": (2, 4, 3, 3), "output_padding": -1}, ValueError, r"output_padding must be .* at least 0, got -1"),
    (
        {"weight": (2, 4, 3, 3), "stride": (2, 1), "output_padding": (0, 1)},
        ValueError,
        r"output_padding must be smaller than stride or dilation, got \(0, 1\)",
    ),
    (
        {"weight": (2, 4, 3, 3), "padding": (3, 2)},
        ValueError,
        r"padding must leave some output, got \(3, 2\) and \(0, 2\) left",
    ),
    ({"x": (1, 2, 0, 4), "weight": (2, 4, 3, 3)}, ValueError, r"input must not be empty but for its batch"),
]


def refused_by_both(torch, ours, theirs, given, error, text):
    shapes = {"x": given.pop("x", X), "weight": given.pop("weight", W), "bias": given.pop("bias", None)}
    operands = [None if shape is None else torch.zeros(shape) for shape in shapes.values()]
    with pytest.raises(error, match=text):
        ours(*operands, **given)
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        theirs(*operands, **given)


@pytest.mark.parametrize(("given", "error", "text"), CONV_REFUSED)
def test_convolution_refuses_what_torch_refuses(torch, given, error, text):
    refused_by_both(torch, cnnref.conv2d, torch.nn.functional.conv2d, dict(given), error, text)


@pytest.mark.parametrize(("given", "error", "text"), TRANSPOSE_REFUSED)
def test_transposed_convolution_refuses_what_torch_refuses(torch, given, error, text):
    refused_by_both(torch, cnnref.conv_transpose2d, torch.nn.functional.conv_transpose2d, dict(given), error, text)


def test_kernels_of_another_number_of_axes_are_refused(torch):
    with pytest.raises(ValueError, match=r"input must have shape \(n, c, l\) or \(c, l\), got \(1, 2, 4, 4\)"):
        cnnref.conv1d(torch.zeros(X), torch.zeros(4, 2, 3))
    with pytest.raises(ValueError, match=r"input must have shape \(n, c, d, h, w\) or \(c, d, h, w\), got \(2, 4\)"):
        cnnref.conv3d(torch.zeros(2, 4), torch.zeros(4, 2, 3, 3, 3))


def test_no_channels_are_refused_where_torch_forgets_the_kernels(torch):
    """torch accepts this call and returns no channel at all for four kernels."""
    assert torch.conv2d(torch.zeros(1, 0, 4, 4), torch.zeros(4, 0, 3, 3)).shape == (1, 0, 2, 2)

    with pytest.raises(ValueError, match=r"weight must not be empty, got shape \(4, 0, 3, 3\)"):
        cnnref.conv2d(np.zeros((1, 0, 4, 4)), np.zeros((4, 0, 3, 3)))


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float16", "float32"), ("float32", "int64")])
def test_mixed_dtypes_are_refused(torch, dtypes):
    x, weight = np.ones((1, 2, 4, 4), dtypes[0]), np.ones((4, 2, 3, 3), dtypes[1])

    with pytest.raises(TypeError, match=dtypes[1]):
        cnnref.conv2d(x, weight)
    with pytest.raises(RuntimeError):
        torch.conv2d(torch.from_numpy(x), torch.from_numpy(weight))


def test_booleans_are_refused():
    with pytest.raises(TypeError, match="input must have a floating or integer dtype, got bool"):
        cnnref.conv2d(np.ones((2, 4, 4), bool), np.ones((4, 2, 3, 3), bool))


@pytest.mark.parametrize(
    ("shape", "arguments", "text"),
    [
        ((1, 2, 4, 4), {"kernel_size": 5}, r"kernel_size with its dilation must fit .* \(4, 4\), got \(5, 5\)"),
        ((2, 0, 4, 4), {"kernel_size": 2}, r"input must not be empty but for its batch, got shape \(2, 0, 4, 4\)"),
        ((4, 4), {"kernel_size": 2}, r"input must have shape"),
        ((1, 2, 4, 4), {"kernel_size": 0}, r"kernel_size must be an int or a tuple of 2, each at least 1, got 0"),
    ],
)
def test_unfold_refuses_what_torch_refuses(torch, shape, arguments, text):
    with pytest.raises(ValueError, match=text):
        cnnref.unfold(np.zeros(shape), **arguments)
    with pytest.raises((RuntimeError, IndexError)):
        torch.nn.functional.unfold(torch.zeros(shape), **arguments)


# In place of torch.nn.functional ------------------------------------------------------------------------------------


class Residual:
    """Built inside a function, so that collecting tests needs no torch."""

    @staticmethod
    def of(torch, body, join):
        class Block(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.paths = torch.nn.ModuleList(body)

            def forward(self, x):
                return join([path(x) for path in self.paths])

        return Block()


def lenet(nn, torch):
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, padding=2),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 2 * 1, 10),
    )


def vgg(nn, torch):
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding="same"),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Dropout(0),
        nn.AdaptiveAvgPool2d((3, 2)),
    )


def resnet(nn, torch):
    stem = nn.Sequential(nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
    body = nn.Sequential(
        nn.Conv2d(4, 8, 3, 2, 1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, 1, 1, bias=False),
        nn.BatchNorm2d(8),
    )
    shortcut = nn.Sequential(nn.Conv2d(4, 8, 1, 2, bias=False), nn.BatchNorm2d(8))
    return nn.Sequential(stem, Residual.of(torch, [body, shortcut], sum), nn.ReLU(), nn.AdaptiveAvgPool2d(1))


def inception(nn, torch):
    paths = [
        nn.Conv2d(3, 2, 1),
        nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.Conv2d(2, 3, 3, padding=1)),
        nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.Conv2d(2, 3, (1, 5), padding=(0, 2))),
        nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(3, 2, 1)),
    ]
    return nn.Sequential(Residual.of(torch, paths, lambda each: torch.cat(each, 1)), nn.MaxPool2d(3, 2, ceil_mode=True))


def mobilenet(nn, torch):
    return nn.Sequential(
        nn.Conv2d(3, 12, 1, bias=False),
        nn.BatchNorm2d(12),
        nn.ReLU6(),
        nn.Conv2d(12, 12, 3, 2, 1, groups=12, bias=False),
        nn.BatchNorm2d(12),
        nn.ReLU6(),
        nn.Conv2d(12, 4, 1, bias=False),
        nn.BatchNorm2d(4),
        nn.AdaptiveMaxPool2d(3),
    )


def autoencoder(nn, torch):
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1, output_padding=1, groups=1), nn.Sigmoid()
    )


@pytest.mark.parametrize("network", [lenet, vgg, resnet, inception, mobilenet, autoencoder])
def test_networks_of_torch_run_on_cnnref(torch, monkeypatch, network):
    """The same outputs, gradients and running statistics with every function of `torch.nn.functional` swapped."""
    functional = torch.nn.functional
    torch.manual_seed(0)
    net = network(torch.nn, torch).double()
    x = torch.randn(2, 3, 16, 15, dtype=torch.float64, requires_grad=True)

    def trained():
        state = {name: value.clone() for name, value in net.state_dict().items()}
        y = net(x)
        gradients = torch.autograd.grad((y * y).sum(), [x, *net.parameters()])
        after = {name: value.clone() for name, value in net.state_dict().items()}
        net.load_state_dict(state)
        return y, gradients, after

    expected = trained()
    used = set()
    for name in WINDOWED:

        def ours(*arguments, _name=name, **options):
            used.add(_name)
            return getattr(cnnref, _name)(*arguments, **options)

        monkeypatch.setattr(functional, name, ours)

    torch.testing.assert_close(trained(), expected, rtol=1e-9, atol=1e-9)
    assert "conv2d" in used


WINDOWED = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "batch_norm",
    "conv2d",
    "conv_transpose2d",
    "max_pool2d",
]
