"""The activations: by their definitions in every lane, and beside torch in values, gradients and refusals."""

import numpy as np
import pytest
from array_api_extra.testing import assert_close
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cnnref
from tests import oracles

# name: the operator, its definition, the same in torch
TABLE = {
    "relu": (cnnref.relu, oracles.relu, lambda F: F.relu),
    "leaky_relu": (cnnref.leaky_relu, oracles.leaky_relu, lambda F: F.leaky_relu),
    "elu": (cnnref.elu, oracles.elu, lambda F: F.elu),
    "gelu": (cnnref.gelu, oracles.gelu, lambda F: F.gelu),
    "gelu_tanh": (
        lambda x: cnnref.gelu(x, approximate="tanh"),
        oracles.gelu_tanh,
        lambda F: lambda x: F.gelu(x, approximate="tanh"),
    ),
    "silu": (cnnref.silu, oracles.silu, lambda F: F.silu),
    "sigmoid": (cnnref.sigmoid, oracles.sigmoid, lambda F: F.sigmoid),
    "tanh": (cnnref.tanh, oracles.tanh, lambda F: F.tanh),
    "softplus": (cnnref.softplus, oracles.softplus, lambda F: F.softplus),
}
SMOOTH = ("gelu", "gelu_tanh", "silu", "sigmoid", "tanh", "softplus")
PROMOTING = ("sigmoid", "tanh")
# Relative; gelu_tanh's exponent reaches 160, where float32 has seven digits of it.
TOLERANCE = {"float32": 3e-5, "float64": 1e-13}
TINY = {"float32": 1e-37, "float64": 1e-300}
EDGES = [0.0, -0.0, 1.0, -1.0, 1e-10, -1e-10, 20.0, -20.0, 21.0, 1e4, -1e4, np.inf, -np.inf, np.nan]

activations = pytest.mark.parametrize("name", TABLE)


def numbers(dtypes=("float32", "float64"), largest=12.0):
    """Arrays of any rank, some of them empty."""
    width = st.sampled_from(dtypes)
    shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
    return width.flatmap(
        lambda dtype: hnp.arrays(
            dtype, shapes, elements=st.floats(-largest, largest, width=32).map(lambda x: x if abs(x) > 1e-30 else 0.0)
        )
    )


@activations
@given(x=numbers())
def test_each_agrees_with_its_definition(lane, name, x):
    function, definition, _ = TABLE[name]

    y = function(lane.asarray(x))

    expected = oracles.elementwise(definition, x)
    lane.assert_close(y, expected, x.dtype.name, rtol=TOLERANCE[x.dtype.name], atol=TINY[x.dtype.name])


@pytest.mark.parametrize(
    ("function", "definition", "argument"),
    [
        (cnnref.leaky_relu, oracles.leaky_relu, 0.3),
        (cnnref.leaky_relu, oracles.leaky_relu, -1.0),
        (cnnref.elu, oracles.elu, 2.5),
        (cnnref.elu, oracles.elu, 0.0),
        (cnnref.softplus, oracles.softplus, 3.0),
        (cnnref.softplus, oracles.softplus, 0.25),
    ],
)
@given(x=numbers(dtypes=("float64",)))
def test_arguments_mean_what_the_definition_says(lane, function, definition, argument, x):
    y = function(lane.asarray(x), argument)

    # softplus returns x itself above its threshold: up to exp(-20) away
    atol = 3e-9 if function is cnnref.softplus else 1e-300
    lane.assert_close(y, oracles.elementwise(definition, x, argument), "float64", rtol=1e-13, atol=atol)


def test_softplus_returns_the_input_above_the_threshold(lane):
    x = np.asarray([0.5, 1.0, 1.5])

    y = cnnref.softplus(lane.asarray(x), 2.0, threshold=2.0)

    expected = np.where(x > 1, x, oracles.elementwise(oracles.softplus, x, 2.0))
    lane.assert_close(y, expected, "float64", rtol=1e-14)


# Extremes ------------------------------------------------------------------------------------------------------------

LIMITS = {
    "relu": [1e4, 0.0, np.inf, 0.0, np.nan],
    "leaky_relu": [1e4, -100.0, np.inf, -np.inf, np.nan],
    "elu": [1e4, -1.0, np.inf, -1.0, np.nan],
    "gelu": [1e4, 0.0, np.inf, np.nan, np.nan],
    "gelu_tanh": [1e4, 0.0, np.inf, np.nan, np.nan],
    "silu": [1e4, 0.0, np.inf, np.nan, np.nan],
    "sigmoid": [1.0, 0.0, 1.0, 0.0, np.nan],
    "tanh": [1.0, -1.0, 1.0, -1.0, np.nan],
    "softplus": [1e4, 0.0, np.inf, 0.0, np.nan],
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@activations
def test_extremes_reach_their_limits(lane, name, dtype):
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")
    x = lane.asarray([1e4, -1e4, np.inf, -np.inf, np.nan], dtype)

    y = TABLE[name][0](x)

    lane.assert_close(y, LIMITS[name], dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("sigmoid", -20.0),
        ("sigmoid", -80.0),
        ("silu", -60.0),
        ("softplus", -20.0),
        ("softplus", -80.0),
        ("elu", 1e-10),
        ("elu", -1e-10),
        ("gelu", -10.0),
        ("gelu_tanh", -5.0),
        ("tanh", 1e-10),
    ],
)
def test_small_results_keep_their_digits(lane, name, x, dtype):
    function, definition, _ = TABLE[name]
    x = np.asarray([x], dtype)

    y = function(lane.asarray(x))

    lane.assert_close(y, oracles.elementwise(definition, x), dtype, rtol=3e-5 if dtype == "float32" else 3e-14)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1, 1, 1, 1, 1)])
@activations
def test_any_shape_comes_back(lane, name, shape):
    y = TABLE[name][0](lane.xp.zeros(shape, dtype=lane.xp.float32, device=lane.device))

    assert (tuple(y.shape), y.dtype, y.device) == (shape, lane.xp.float32, lane.device or "cpu")


# Half precision ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "digits"), [("float16", 10), ("bfloat16", 7)])
@activations
def test_half_precision_is_rounded_once(lane, name, dtype, digits):
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")
    x = lane.asarray(np.linspace(-8, 8, 129), dtype)  # multiples of 1/8: exact in both
    function, definition, _ = TABLE[name]

    y = function(x)

    assert y.dtype == x.dtype
    if lane.has_values:
        exact = oracles.elementwise(definition, np.linspace(-8, 8, 129))
        got = np.asarray([float(each) for each in y])
        # half a unit in the last of the digits, and a little for float32; 2^-25 is half the smallest float16
        assert np.all(np.abs(got - exact) <= np.abs(exact) * 2.0 ** -(digits + 1) * 1.001 + 2.0**-25)


# Integers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_relu_keeps_integers(lane, dtype):
    x = np.asarray([3, 0, 255 if dtype == "uint8" else -3], dtype)

    lane.assert_close(cnnref.relu(lane.asarray(x)), np.where(x > 0, x, 0), dtype)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
@pytest.mark.parametrize("name", PROMOTING)
def test_integers_are_promoted_to_float32(lane, name, dtype):
    x = np.asarray([0, 1, 1], dtype)
    function, definition, _ = TABLE[name]

    lane.assert_close(function(lane.asarray(x)), oracles.elementwise(definition, x), "float32", rtol=1e-6)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
@pytest.mark.parametrize("name", [name for name in TABLE if name not in (*PROMOTING, "relu")])
def test_integers_are_refused(lane, name, dtype):
    with pytest.raises(TypeError, match=f"^input must have a floating dtype, got {dtype}$"):
        TABLE[name][0](lane.asarray(np.asarray([0, 1], dtype)))


def test_relu_refuses_booleans(lane):
    with pytest.raises(TypeError, match=r"^input must have a floating or integer dtype, got bool$"):
        cnnref.relu(lane.asarray([True, False]))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "complex64"])
@activations
def test_torch_draws_the_same_line(torch, name, dtype):
    """What torch refuses is refused, what it takes gives its dtype; complex numbers we never take."""
    function, _, of_torch = TABLE[name]
    x = torch.tensor([0, 1], dtype=getattr(torch, dtype))
    try:
        expected = None if dtype == "complex64" else of_torch(torch.nn.functional)(x)
    except (RuntimeError, NotImplementedError):
        expected = None

    if expected is None:
        with pytest.raises(TypeError):
            function(x)
    else:
        assert_close(function(x), expected)


# Gradients -----------------------------------------------------------------------------------------------------------


@activations
def test_values_and_gradients_agree_with_torch_at_the_edges(torch, name):
    function, _, of_torch = TABLE[name]
    x = torch.tensor(EDGES, dtype=torch.float64, requires_grad=True)

    y, expected = function(x), of_torch(torch.nn.functional)(x)

    assert_close(y.detach(), expected.detach(), rtol=1e-12, atol=1e-14)
    gradients = [torch.autograd.grad(each.sum(), x)[0] for each in (y, expected)]
    assert_close(*gradients, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "arguments", "slope"),
    [
        ("relu", {}, 0.0),
        ("leaky_relu", {"negative_slope": 0.3}, 0.3),
        ("elu", {"alpha": 2.0}, 2.0),
        ("gelu", {}, 0.5),
        ("silu", {}, 0.5),
        ("sigmoid", {}, 0.25),
        ("tanh", {}, 1.0),
        ("softplus", {}, 0.5),
    ],
)
def test_the_slope_at_zero(torch, name, arguments, slope):
    x = torch.zeros((), requires_grad=True)

    getattr(cnnref, name)(x, **arguments).backward()

    assert x.grad.item() == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("points", [[0.0, 1.5, -2.5], [19.0, -19.0, 3.0]])
@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_ones_are_smooth(torch, name, points):
    """First and second derivatives against differences, at 0 above all: `abs` and `maximum` have corners there."""
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(TABLE[name][0], x)
    assert torch.autograd.gradgradcheck(TABLE[name][0], x, atol=1e-5)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu"])
def test_bent_ones_have_gradients_beside_the_bend(torch, name):
    x = torch.tensor([1.5, -2.5, 30.0, -30.0, 800.0], dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(TABLE[name][0], x)


# Messages ------------------------------------------------------------------------------------------------------------


def test_gelu_names_its_two_forms(lane):
    with pytest.raises(ValueError, match=r"^approximate must be 'none' or 'tanh', got 'erf'$"):
        cnnref.gelu(lane.asarray([1.0]), approximate="erf")
