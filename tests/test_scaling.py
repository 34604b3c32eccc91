"""The scalings: by their definitions in every lane, and beside torch in values, gradients and refusals."""

import re

import numpy as np
import pytest
from array_api_extra.testing import assert_close
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cnnref
from tests import oracles

TOLERANCE = {"float32": 2e-5, "float64": 2e-13}
BOTH = pytest.mark.parametrize("name", ["softmax", "log_softmax"])
EXTREMES = [
    [-np.inf, 0.0],
    [np.inf, 0.0],
    [np.inf, np.inf],
    [-np.inf, -np.inf],
    [np.nan, 0.0],
    [1e4, -1e4],
    [1e4, 1e4],
    [0.0, 1e30],
    [3e38, -3e38],
]


@st.composite
def scores(draw, min_dims=1, dtypes=("float32", "float64")):
    """An array of at least one number, and one of its axes, counted from either end."""
    shape = draw(hnp.array_shapes(min_dims=min_dims, max_dims=4, min_side=1, max_side=3))
    x = draw(hnp.arrays(draw(st.sampled_from(dtypes)), shape, elements=st.floats(-30, 30, width=16)))
    return x, draw(st.integers(-x.ndim, x.ndim - 1))


# softmax and log_softmax ---------------------------------------------------------------------------------------------


@given(case=scores())
def test_softmax_agrees_with_its_definition(lane, case):
    x, dim = case

    y = cnnref.softmax(lane.asarray(x), dim)

    expected = oracles.along(oracles.softmax, x, {dim % x.ndim})
    lane.assert_close(y, expected, x.dtype.name, rtol=TOLERANCE[x.dtype.name], atol=1e-37)


@given(case=scores(), temperature=st.floats(0.25, 8, width=16))
def test_softmax_divides_by_the_temperature(lane, case, temperature):
    x, dim = case

    y = cnnref.softmax(lane.asarray(x), dim, temperature=temperature)

    expected = oracles.along(lambda each: oracles.softmax(each, temperature), x, {dim % x.ndim})
    lane.assert_close(y, expected, x.dtype.name, rtol=10 * TOLERANCE[x.dtype.name], atol=1e-37)


@given(case=scores())
def test_log_softmax_agrees_with_its_definition(lane, case):
    x, dim = case

    y = cnnref.log_softmax(lane.asarray(x), dim)

    expected = oracles.along(oracles.log_softmax, x, {dim % x.ndim})
    lane.assert_close(y, expected, x.dtype.name, rtol=TOLERANCE[x.dtype.name], atol=TOLERANCE[x.dtype.name] / 20)


@given(case=scores(dtypes=("float64",)))
def test_both_agree_with_torch_and_so_do_their_gradients(torch, case):
    x, dim = case
    x = torch.tensor(x, requires_grad=True)
    uneven = torch.linspace(-1, 2, x.numel(), dtype=x.dtype).reshape(x.shape)

    for name in ("softmax", "log_softmax"):
        y, expected = getattr(cnnref, name)(x, dim), getattr(torch.nn.functional, name)(x, dim)

        assert_close(y.detach(), expected.detach(), rtol=1e-13, atol=1e-14)
        gradients = [torch.autograd.grad((each * uneven).sum(), x)[0] for each in (y, expected)]
        assert_close(*gradients, rtol=1e-10, atol=1e-13)


@BOTH
def test_derivatives_of_both_orders(torch, name):
    x = torch.tensor([[1.0, 1.0, -2.0], [0.0, 3.0, 3.0]], dtype=torch.float64, requires_grad=True)  # with ties

    assert torch.autograd.gradcheck(lambda x: getattr(cnnref, name)(x, 1), x)
    assert torch.autograd.gradgradcheck(lambda x: getattr(cnnref, name)(x, 1), x)


@pytest.mark.parametrize("x", EXTREMES, ids=str)
@BOTH
def test_extremes_agree_with_torch(torch, lane, name, x):
    expected = getattr(torch.nn.functional, name)(torch.tensor(x, dtype=torch.float32), 0)

    y = getattr(cnnref, name)(lane.asarray(x, "float32"), 0)

    lane.assert_close(y, expected.numpy(), rtol=1e-6)


def test_log_softmax_knows_shares_that_no_float_holds(lane):
    y = cnnref.log_softmax(lane.asarray([0.0, 1e4, -1e4], "float32"), 0)

    lane.assert_close(y, [-1e4, 0.0, -2e4], "float32")


@pytest.mark.parametrize("temperature", [1e-300, 1e-3, 1e300])
def test_no_temperature_overflows(lane, temperature):
    y = cnnref.softmax(lane.asarray([0.0, 500.0, 500.0]), 0, temperature=temperature)

    lane.assert_close(y, [0, 0.5, 0.5] if temperature < 1 else [1 / 3, 1 / 3, 1 / 3], "float64", rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_sums_in_float32(lane, dtype):
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")
    x = lane.asarray(np.zeros(70_000), dtype)

    lane.assert_close(cnnref.softmax(x, 0), np.full(70_000, 1 / 70_000), dtype)  # natively the sum is inf, or 256
    lane.assert_close(cnnref.log_softmax(x, 0), np.full(70_000, -np.log(70_000)), dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@BOTH
def test_half_precision_is_rounded_once(lane, name, dtype):
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")
    x = np.linspace(-4, 4, 33)

    y = getattr(cnnref, name)(lane.asarray(x, dtype), 0)

    lane.assert_close(y, oracles.along(getattr(oracles, name), x, {0}), dtype)


@pytest.mark.parametrize(("shape", "dim"), [((0,), 0), ((0,), -1), ((3, 0), 0), ((3, 0), 1), ((0, 3), 0), ((0, 3), -1)])
@BOTH
def test_empty_arrays_stay_empty(lane, name, shape, dim):
    lane.assert_close(getattr(cnnref, name)(lane.asarray(np.zeros(shape)), dim), np.zeros(shape))


@pytest.mark.parametrize("dim", [0, -1])
def test_rank_0_is_a_list_of_one(lane, dim):
    x = lane.asarray(5.0)

    lane.assert_close(cnnref.softmax(x, dim), 1.0, "float64")
    lane.assert_close(cnnref.log_softmax(x, dim), 0.0, "float64")
    lane.assert_close(cnnref.min_max(x, dim), 0.0, "float64")
    lane.assert_close(cnnref.min_max(x), 0.0, "float64")


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8"])
@BOTH
def test_integers_need_a_dtype(lane, name, dtype):
    function, x = getattr(cnnref, name), lane.asarray(np.asarray([0, 1], dtype))

    with pytest.raises(TypeError, match=f"^input must have a floating dtype, got {dtype}$"):
        function(x, 0)

    expected = oracles.along(getattr(oracles, name), np.asarray([0.0, 1.0]), {0})
    lane.assert_close(function(x, 0, dtype=lane.xp.float64), expected, "float64", rtol=1e-15)


@BOTH
def test_dtype_casts_before_anything_else(torch, name):
    x = torch.tensor([0.1, 300.7, 300.9], dtype=torch.float64)

    for dtype in (torch.float16, torch.float32, torch.float64):
        y = getattr(cnnref, name)(x, 0, dtype=dtype)
        assert_close(y, getattr(torch.nn.functional, name)(x, 0, dtype=dtype), rtol=1e-3)
        assert torch.equal(y, getattr(cnnref, name)(x.to(dtype), 0))


@pytest.mark.parametrize(
    ("dim", "error", "sentence"),
    [
        (2, ValueError, "dim must name an axis of input, which has rank 2, got 2"),
        (-3, ValueError, "dim must name an axis of input, which has rank 2, got -3"),
        (None, TypeError, "dim must be an int, got None"),
        (1.0, TypeError, "dim must be an int, got 1.0"),
        (True, TypeError, "dim must be an int, got True"),
        ((0, 1), TypeError, "dim must be an int, got (0, 1)"),
    ],
)
@BOTH
def test_dim_names_an_axis(lane, name, dim, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        getattr(cnnref, name)(lane.asarray([[1.0]]), dim)


@BOTH
def test_dim_must_be_given(lane, name):
    """Torch guesses it and warns; we ask."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'dim'"):
        getattr(cnnref, name)(lane.asarray([[1.0]]))


@BOTH
def test_dim_may_be_an_integer_of_numpy(lane, name):
    function, x = getattr(cnnref, name), lane.asarray([[1.0, 2.0]])

    assert_close(function(x, np.int64(1)), function(x, 1))


@pytest.mark.parametrize("temperature", [0, -1.0, float("inf"), float("nan")])
def test_temperature_is_positive(lane, temperature):
    with pytest.raises(ValueError, match=f"^temperature must be positive and finite, got {temperature}$"):
        cnnref.softmax(lane.asarray([1.0]), 0, temperature=temperature)


# min_max -------------------------------------------------------------------------------------------------------------


@given(case=scores(), data=st.data())
def test_min_max_agrees_with_its_definition(lane, case, data):
    x, _ = case
    axes = data.draw(st.none() | st.sets(st.integers(0, x.ndim - 1), min_size=1))
    low, high = data.draw(st.sampled_from([(0, 1), (-1, 1), (0.25, 0.75), (10, 255)]))

    y = cnnref.min_max(lane.asarray(x), None if axes is None else tuple(axes), feature_range=(low, high))

    expected = oracles.along(lambda each: oracles.min_max(each, low, high), x, axes or set(range(x.ndim)))
    lane.assert_close(y, expected, x.dtype.name, rtol=TOLERANCE[x.dtype.name], atol=TOLERANCE[x.dtype.name])


@pytest.mark.parametrize("dim", [0, 1, -2, (0, 1), (-1,)])
def test_min_max_takes_one_axis_or_several(lane, dim):
    x = np.asarray([[1.0, 5.0, 9.0], [2.0, 3.0, 4.0]])
    axes = {axis % 2 for axis in (dim if isinstance(dim, tuple) else (dim,))}

    y = cnnref.min_max(lane.asarray(x), dim)

    lane.assert_close(y, oracles.along(oracles.min_max, x, axes), rtol=1e-15)


@pytest.mark.parametrize("feature_range", [(0.1, 0.7), (-3.3, 0.1), (-1.0, -0.3), (1e-9, 1.0)])
def test_min_max_meets_both_bounds_exactly(lane, feature_range):
    y = cnnref.min_max(lane.asarray([0.1, 0.3, 0.7]), feature_range=feature_range)

    lane.assert_close(y[:1], feature_range[:1], "float64")
    lane.assert_close(y[2:], feature_range[1:], "float64")


@pytest.mark.parametrize("constant", [0.0, 5.0, -3e38])
def test_min_max_of_a_constant_is_the_lower_bound(lane, constant):
    x = lane.asarray([constant] * 3, "float32")

    lane.assert_close(cnnref.min_max(x, feature_range=(-2, 7)), [-2.0] * 3, "float32")


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([1.0, np.nan, 2.0], [np.nan] * 3),
        ([1.0, np.inf, 2.0], [0.0, np.nan, 0.0]),
        ([1.0, -np.inf, 2.0], [np.nan] * 3),
        ([np.inf, np.inf], [np.nan] * 2),
    ],
)
def test_min_max_of_nan_and_infinity(lane, x, expected):
    lane.assert_close(cnnref.min_max(lane.asarray(x)), expected)


def test_min_max_keeps_nan_within_its_own_group(lane):
    y = cnnref.min_max(lane.asarray([[1.0, np.nan], [1.0, 2.0]]), 1)

    lane.assert_close(y, [[np.nan, np.nan], [0.0, 1.0]])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int64"])
def test_min_max_promotes_integers(lane, dtype):
    lane.assert_close(cnnref.min_max(lane.asarray(np.asarray([0, 1, 1], dtype))), [0.0, 1.0, 1.0], "float32")


@pytest.mark.parametrize(("shape", "dim"), [((0,), None), ((0, 3), 0), ((0, 3), 1), ((2, 0), (0, 1))])
def test_min_max_of_nothing_is_nothing(lane, shape, dim):
    lane.assert_close(cnnref.min_max(lane.asarray(np.zeros(shape)), dim), np.zeros(shape))


def test_min_max_has_a_gradient(torch):
    x = torch.tensor([[1.0, 4.0, -2.0], [0.0, 3.0, 3.5]], dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(lambda x: cnnref.min_max(x, 1, feature_range=(-1, 3)), x)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"dim": 2}, ValueError, "dim must name an axis of input, which has rank 2, got 2"),
        ({"dim": (0, -3)}, ValueError, "dim must name an axis of input, which has rank 2, got -3"),
        ({"dim": (1, -1)}, ValueError, "dim must name at least one axis, and none twice, got (1, -1)"),
        ({"dim": ()}, ValueError, "dim must name at least one axis, and none twice, got ()"),
        ({"dim": "0"}, TypeError, "dim must be an int, got '0'"),
        ({"dim": (0, 1.5)}, TypeError, "dim must be an int, got 1.5"),
        ({"feature_range": (1, 0)}, ValueError, "two finite numbers, the lower first, got (1, 0)"),
        ({"feature_range": (1, 1)}, ValueError, "two finite numbers, the lower first, got (1, 1)"),
        ({"feature_range": (0, np.inf)}, ValueError, "two finite numbers, the lower first, got (0, inf)"),
        ({"feature_range": (0, 1, 2)}, ValueError, "two finite numbers, the lower first, got (0, 1, 2)"),
        ({"feature_range": 1}, ValueError, "two finite numbers, the lower first, got 1"),
    ],
)
def test_min_max_says_what_does_not_fit(lane, arguments, error, sentence):
    start = "" if "dim" in arguments else "feature_range must be "

    with pytest.raises(error, match=f"^{re.escape(start + sentence)}$"):
        cnnref.min_max(lane.asarray([[1.0, 2.0]]), **arguments)


# cross_entropy -------------------------------------------------------------------------------------------------------


@st.composite
def losses(draw, dtypes=("float32", "float64")):
    """Scores, targets (some ignored) and options."""
    classes, dtype = draw(st.integers(1, 4)), draw(st.sampled_from(dtypes))
    others = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=3))
    shape = (*others[:1], classes, *others[1:])
    x = draw(hnp.arrays(dtype, shape, elements=st.floats(-20, 20, width=16)))
    ignore_index = draw(st.sampled_from([-100, 0, 7]))
    target = draw(hnp.arrays("int64", others, elements=st.sampled_from([*range(classes), ignore_index])))
    weight = draw(st.none() | hnp.arrays(dtype, classes, elements=st.floats(0.125, 4, width=16)))
    options = {
        "ignore_index": ignore_index,
        "reduction": draw(st.sampled_from(["mean", "sum", "none"])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.1, 1.0])),
    }
    return x, target, weight, options


@given(case=losses())
def test_cross_entropy_agrees_with_its_definition(lane, case):
    x, target, weight, options = case
    arrays = [None if each is None else lane.asarray(each) for each in (x, target, weight)]

    loss = cnnref.cross_entropy(*arrays, **options)

    expected = oracles.cross_entropy(x, target, weight, **options)
    lane.assert_close(loss, expected, x.dtype.name, rtol=TOLERANCE[x.dtype.name], atol=TOLERANCE[x.dtype.name])


@given(case=losses(dtypes=("float64",)))
def test_cross_entropy_agrees_with_torch_and_so_does_its_gradient(torch, case):
    x, target, weight, options = case
    x, target = torch.tensor(x, requires_grad=True), torch.tensor(target)
    weight = None if weight is None else torch.tensor(weight)

    loss = cnnref.cross_entropy(x, target, weight, **options)
    expected = torch.nn.functional.cross_entropy(x, target, weight, **options)

    assert_close(loss.detach(), expected.detach(), rtol=1e-12, atol=1e-13)
    if not expected.isnan().any():
        gradients = [torch.autograd.grad(each.sum(), x)[0] for each in (loss, expected)]
        assert_close(*gradients, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("x", EXTREMES, ids=str)
def test_extreme_scores_cost_what_they_cost_in_torch(torch, lane, x, reduction, label_smoothing):
    x, target, weight = np.asarray([x, [1.0, 2.0]], "float32"), np.asarray([0, 1]), np.asarray([0.5, 2], "float32")
    options = {"reduction": reduction, "label_smoothing": label_smoothing}
    expected = torch.nn.functional.cross_entropy(*map(torch.asarray, (x, target, weight)), **options)

    loss = cnnref.cross_entropy(*map(lane.asarray, (x, target, weight)), **options)

    lane.assert_close(loss, expected.numpy(), rtol=1e-6)


@pytest.mark.parametrize(("reduction", "expected"), [("mean", np.nan), ("sum", 0.0), ("none", [0.0, 0.0])])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.5])
def test_all_ignored(lane, reduction, expected, label_smoothing):
    x, target = lane.asarray([[1.0, 2.0], [3.0, -np.inf]]), lane.asarray([-100, -100])

    loss = cnnref.cross_entropy(x, target, reduction=reduction, label_smoothing=label_smoothing)

    lane.assert_close(loss, expected, "float64")


@pytest.mark.parametrize(("reduction", "expected"), [("mean", np.nan), ("sum", 0.0), ("none", np.zeros(0))])
def test_an_empty_batch(lane, reduction, expected):
    x, target = lane.asarray(np.zeros((0, 3))), lane.asarray(np.zeros(0, "int64"))

    lane.assert_close(cnnref.cross_entropy(x, target, reduction=reduction), expected, "float64")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_cross_entropy_in_half_precision_sums_in_float32(lane, dtype):
    """70,000 times ln 2: the sum of float16 stops at 65504, that of bfloat16 at 256."""
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")
    x, target = lane.asarray(np.zeros((70_000, 2)), dtype), lane.asarray(np.zeros(70_000, "int64"))

    loss = cnnref.cross_entropy(x, target, lane.asarray([1.0, 1.0], dtype))

    lane.assert_close(loss, np.log(2), dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32"])
def test_targets_may_be_any_integers(lane, dtype):
    """In eight unsigned bits, -100 is 156: which must not be ignored but found out of range."""
    x, target = lane.asarray(np.zeros((2, 200))), np.asarray([1, 100], dtype)

    lane.assert_close(cnnref.cross_entropy(x, lane.asarray(target)), np.log(200), "float64", rtol=1e-14)


def test_an_unsigned_target_is_not_ignored_by_overflow(lane):
    x, target = lane.asarray(np.zeros((2, 200))), lane.asarray(np.asarray([1, 156], "uint8"))

    lane.assert_close(cnnref.cross_entropy(x, target, reduction="sum"), 2 * np.log(200), "float64", rtol=1e-14)


@pytest.mark.parametrize(("target", "wrong"), [([0, 3], 3), ([-1, 0], -1), ([-100, 7], 7)])
def test_a_target_out_of_range_is_named(lane, target, wrong):
    x = lane.asarray(np.zeros((2, 3)))
    target = lane.asarray(target)

    if not lane.has_values:
        assert cnnref.cross_entropy(x, target).device == lane.device
        return
    with pytest.raises(ValueError, match=f"^target must be from 0 to 2, or ignore_index, got {wrong}$"):
        cnnref.cross_entropy(x, target)


@pytest.mark.parametrize(
    ("shape", "target", "weight", "options", "sentence"),
    [
        ((), (), None, {}, "input must have shape (C,), (N, C) or (N, C, d1, ...), got ()"),
        ((3,), (1,), None, {}, "target must have shape () for input of shape (3,), got (1,)"),
        ((2, 3), (3,), None, {}, "target must have shape (2,) for input of shape (2, 3), got (3,)"),
        ((2, 3, 4), (2, 3), None, {}, "target must have shape (2, 4) for input of shape (2, 3, 4), got (2, 3)"),
        ((2, 3), (2,), (2,), {}, "weight must have shape (3,), one number per class, got (2,)"),
        ((2, 3), (2,), (1, 3), {}, "weight must have shape (3,), one number per class, got (1, 3)"),
        ((2, 3), (2,), None, {"reduction": "avg"}, "reduction must be 'mean', 'sum' or 'none', got 'avg'"),
        ((2, 3), (2,), None, {"label_smoothing": 1.5}, "label_smoothing must be from 0 to 1, got 1.5"),
        ((2, 3), (2,), None, {"label_smoothing": -0.1}, "label_smoothing must be from 0 to 1, got -0.1"),
    ],
)
def test_cross_entropy_says_what_does_not_fit(lane, shape, target, weight, options, sentence):
    x, target = lane.asarray(np.zeros(shape)), lane.asarray(np.zeros(target, "int64"))
    weight = None if weight is None else lane.asarray(np.ones(weight))

    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        cnnref.cross_entropy(x, target, weight, **options)


@pytest.mark.parametrize(
    ("target", "weight", "sentence"),
    [
        ([0.0, 1.0], None, "target must hold integers, the indices of classes, got float64"),
        ([True, False], None, "target must hold integers, the indices of classes, got bool"),
        ([0, 1], np.ones(3, "float32"), "weight must have the dtype of input, float64, got float32"),
    ],
)
def test_cross_entropy_refuses_other_dtypes(lane, target, weight, sentence):
    x, target = lane.asarray(np.zeros((2, 3))), lane.asarray(target)
    weight = None if weight is None else lane.asarray(weight)

    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        cnnref.cross_entropy(x, target, weight)


def test_cross_entropy_has_derivatives_of_both_orders(torch):
    x = torch.tensor([[1.0, 1.0, -2.0], [0.0, 3.0, 0.5]], dtype=torch.float64, requires_grad=True)
    target, weight = torch.tensor([0, 2]), torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)

    def loss(x):
        return cnnref.cross_entropy(x, target, weight, label_smoothing=0.1)

    assert torch.autograd.gradcheck(loss, x)
    assert torch.autograd.gradgradcheck(loss, x)
