"""Dense layers: by their definitions in every lane, and beside torch in values, gradients and refusals."""

import re

import numpy as np
import pytest
from array_api_extra.testing import assert_close
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cnnref
from tests import oracles

TOLERANCE = {"float32": {"rtol": 1e-5, "atol": 1e-4}, "float64": {"rtol": 1e-13, "atol": 1e-12}}


@st.composite
def layers(draw, dtypes=("float32", "float64", "int32", "uint8")):
    """What a linear layer takes: rows of features, the weights of some outputs or of a single one, a bias or none."""
    features, dtype = draw(st.integers(0, 4)), draw(st.sampled_from(dtypes))
    outputs = draw(st.sampled_from([(), (0,), (1,), (3,)]))
    rows = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    elements = st.floats(-5, 5, width=16) if dtype.startswith("float") else st.integers(0, 100)
    x, weight, bias = (
        draw(hnp.arrays(dtype, shape, elements=elements))
        for shape in ((*rows, features), (*outputs, features), draw(st.sampled_from([outputs, ()])))
    )
    return x, weight, draw(st.sampled_from([bias, None]))


@given(layer=layers())
def test_linear_agrees_with_its_definition(lane, layer):
    y = cnnref.linear(*(None if each is None else lane.asarray(each) for each in layer))

    dtype = layer[0].dtype.name
    expected, tolerance = oracles.linear(*layer), TOLERANCE.get(dtype, {})
    expected = expected.astype("int64").astype(dtype) if "int" in dtype else expected  # integers wrap around
    lane.assert_close(y, expected, dtype, **tolerance)


@given(layer=layers(dtypes=("float64",)))
def test_linear_agrees_with_torch_in_values_and_gradients(torch, layer):
    x, weight, bias = layer
    if weight.ndim == 1 and x.ndim > 1:
        bias = None  # which torch documents, and refuses
    given = [torch.tensor(each, requires_grad=True) for each in (x, weight, bias) if each is not None]

    y, expected = cnnref.linear(*given), torch.nn.functional.linear(*given)

    assert_close(y.detach(), expected.detach(), rtol=1e-12, atol=1e-12)
    ours, theirs = (torch.autograd.grad(each.sum(), given) for each in (y**2, expected**2))
    for mine, their in zip(ours, theirs, strict=True):
        assert_close(mine, their, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize(("dtype", "digits"), [("float16", 10), ("bfloat16", 7)])
def test_half_precision_is_rounded_once(lane, dtype, digits):
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")
    x, weight = np.full((1, 5000), 1.0), np.full((1, 5000), 1.0)
    x[0, 0] = 4.0

    y = cnnref.linear(lane.asarray(x, dtype), lane.asarray(weight, dtype))

    assert y.dtype == getattr(lane.xp, dtype)
    if lane.has_values:  # added up in float16 the sum would stop at 2048
        assert abs(float(y[0, 0]) - 5003) <= 5003 * 2.0 ** -(digits + 1)


def test_linear_goes_through_gradcheck_transforms_and_the_compiler(torch):
    rng = torch.Generator().manual_seed(0)
    x, weight, bias = (torch.randn(shape, dtype=torch.float64, generator=rng) for shape in ((3, 2, 4), (5, 4), (5,)))

    assert torch.autograd.gradcheck(cnnref.linear, [each.requires_grad_() for each in (x, weight, bias)])
    x, weight, bias = (each.detach() for each in (x, weight, bias))
    expected = torch.nn.functional.linear(x, weight, bias)
    assert_close(torch.func.vmap(lambda each: cnnref.linear(each, weight, bias))(x), expected, rtol=1e-12)
    compiled = torch.compile(cnnref.linear, fullgraph=True, backend="aot_eager")
    assert_close(compiled(x, weight, bias), expected, rtol=1e-12)


# flatten -------------------------------------------------------------------------------------------------------------


@given(data=st.data(), dtype=st.sampled_from(["float32", "int64", "bool"]))
def test_flatten_keeps_the_order_of_the_numbers(lane, data, dtype):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))
    x = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    last = max(len(shape) - 1, 0)
    start, end = sorted(data.draw(st.tuples(st.integers(0, last), st.integers(0, last))))
    dims = [dim - data.draw(st.sampled_from([0, max(len(shape), 1)])) for dim in (start, end)]

    y = cnnref.flatten(lane.asarray(x), *dims)

    joined = (*shape[:start], int(np.prod(shape[start : end + 1])), *shape[end + 1 :])
    assert tuple(y.shape) == joined
    lane.assert_close(y, np.asarray([*x.flat], dtype).reshape(joined))


def test_flatten_agrees_with_torch(torch):
    x = torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1)

    for dims in [(), (1,), (1, 2), (0, 1), (-2,), (-2, -1), (2, 2)]:
        assert_close(cnnref.flatten(x, *dims), torch.flatten(x, *dims))
    assert_close(cnnref.flatten(torch.tensor(3.0)), torch.tensor([3.0]))


# Refusals ------------------------------------------------------------------------------------------------------------

GIVEN = {"x": np.ones((4, 3)), "w": np.ones((2, 3)), "b": np.ones(2), "f": np.ones((2, 3), "float32")}
GIVEN |= {"one": np.ones(()), "maps": np.ones((2, 3, 4)), "mask": np.ones((4, 3), bool)}
REFUSED = [
    ("linear(one, w)", ValueError, "input must have shape (*, i), got ()"),
    ("linear(x, x.T)", ValueError, "weight must have shape (o, 3) or (3,), got (3, 4)"),
    ("linear(x, one)", ValueError, "weight must have shape (o, 3) or (3,), got ()"),
    ("linear(x, w[None])", ValueError, "weight must have shape (o, 3) or (3,), got (1, 2, 3)"),
    ("linear(x, w, x[0])", ValueError, "bias must have shape (2,) or (), got (3,)"),
    ("linear(x[0], w[0], b[:1])", ValueError, "bias must have shape (), got (1,)"),
    ("linear(x, f)", TypeError, "weight must have the dtype of input, float64, got float32"),
    ("linear(x, w, f[:, 0])", TypeError, "bias must have the dtype of input, float64, got float32"),
    ("linear(mask, mask)", TypeError, "input must have a floating or integer dtype, got bool"),
    ("flatten(maps, 3)", ValueError, "start_dim must be from -3 to 2, got 3"),
    ("flatten(maps, 0, -4)", ValueError, "end_dim must be from -3 to 2, got -4"),
    ("flatten(maps, 2, 1)", ValueError, "start_dim must not come after end_dim, got 2 and 1 of shape (2, 3, 4)"),
    ("flatten(one, 1)", ValueError, "start_dim must be from -1 to 0, got 1"),
    ("flatten(maps, 1.0)", TypeError, "start_dim must be an int, got 1.0"),
    ("flatten(maps, 0, True)", TypeError, "end_dim must be an int, got True"),
]


def evaluate(call, F, asarray):
    return eval(f"F.{call}", {"F": F} | {name: asarray(x) for name, x in GIVEN.items()})


@pytest.mark.parametrize(("call", "error", "sentence"), REFUSED)
def test_each_refusal_says_what_does_not_fit(lane, call, error, sentence):
    if lane.library == "array_api_strict" and "[" in call:
        call = call.replace("[None]", "[None, ...]").replace("x[0]", "x[0, :]").replace("w[0]", "w[0, :]")

    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        evaluate(call, cnnref, lane.asarray)


@pytest.mark.parametrize("call", [call for call, _, _ in REFUSED])
def test_torch_refuses_the_same_calls(torch, call):
    class F:
        linear, flatten = torch.nn.functional.linear, torch.flatten

    with pytest.raises((RuntimeError, IndexError, TypeError)):
        evaluate(call, F, torch.tensor)
