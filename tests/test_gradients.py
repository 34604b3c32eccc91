"""The gradients: against differences of plain definitions in every lane, and against torch's own operators."""

import functools
import inspect
import re

import numpy as np
import pytest
from array_api_extra.testing import assert_close
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cnnref
from cnnref import gradients
from verifier import lanes

RNG = np.random.default_rng(0)


def draw(*shape):
    return RNG.standard_normal(shape)


def ranked(*shape):
    """Distinct numbers, far apart: no step of a difference changes which of them is the largest."""
    return RNG.permutation(np.prod(shape)).reshape(shape) / 4 - 2


TARGET = np.asarray([2, 0, -100])
# One call of each gradient without the gradient that comes back: name, arguments, options.
CALLS = {
    "relu": ("relu", [ranked(5, 3) + 1 / 8], {}),
    "leaky_relu": ("leaky_relu", [ranked(5, 3) + 1 / 8, 0.3], {}),
    "sigmoid": ("sigmoid", [draw(5, 3)], {}),
    "tanh": ("tanh", [draw(5, 3)], {}),
    "softmax": ("softmax", [draw(3, 4), 1], {"temperature": 0.7}),
    "softmax of rank 0": ("softmax", [draw(), 0], {}),
    "log_softmax": ("log_softmax", [draw(3, 4), 0], {}),
    "cross_entropy": ("cross_entropy", [draw(3, 4), TARGET], {}),
    "cross_entropy, one sample": ("cross_entropy", [draw(4), np.asarray(1)], {}),
    "cross_entropy, sum": ("cross_entropy", [draw(3, 4), TARGET, abs(draw(4))], {"reduction": "sum"}),
    "cross_entropy, smooth": (
        "cross_entropy",
        [draw(3, 4), TARGET, abs(draw(4))],
        {"label_smoothing": 0.2},
    ),
    "cross_entropy, none": (
        "cross_entropy",
        [draw(3, 4, 2), np.asarray([[0, 1], [2, 3], [7, 0]]), abs(draw(4))],
        {"label_smoothing": 0.2, "reduction": "none", "ignore_index": 7},
    ),
    "linear": ("linear", [draw(2, 3, 4), draw(5, 4), draw(5)], {}),
    "linear, one output": ("linear", [draw(4), draw(4), draw()], {}),
    "linear, one bias": ("linear", [draw(2, 4), draw(3, 4), draw()], {}),
    "conv1d": ("conv1d", [draw(2, 3, 7), draw(4, 3, 3), draw(4)], {"stride": 2, "padding": 1}),
    "conv2d": (
        "conv2d",
        [draw(3, 4, 7, 6), draw(6, 2, 3, 2), draw(6)],
        {"stride": (2, 1), "padding": (2, 1), "dilation": (1, 2), "groups": 2},
    ),
    "conv2d, same": ("conv2d", [draw(4, 5, 4), draw(4, 1, 2, 4), draw(4)], {"padding": "same", "groups": 4}),
    "conv3d": ("conv3d", [draw(2, 2, 3, 4, 3), draw(2, 2, 2, 3, 1), draw(2)], {"stride": (1, 2, 3)}),
    "max_pool1d": ("max_pool1d", [ranked(2, 3, 9), 3, 2, 1], {"dilation": 2}),
    "max_pool2d": ("max_pool2d", [ranked(2, 3, 6, 5), (3, 2), (2, 1), 1], {"ceil_mode": True}),
    "max_pool3d": ("max_pool3d", [ranked(3, 4, 4, 5), 2], {}),
    "avg_pool1d": ("avg_pool1d", [draw(2, 3, 8), 3, 2, 1], {"ceil_mode": True, "count_include_pad": False}),
    "avg_pool2d": ("avg_pool2d", [draw(2, 3, 6, 5), (3, 2), (2, 1), 1], {"ceil_mode": True}),
    "avg_pool3d": ("avg_pool3d", [draw(3, 4, 4, 5), 2], {"divisor_override": 3}),
    "batch_norm": ("batch_norm", [draw(3, 2, 4), None, None, draw(2), draw(2), True, 0.1, 0.3], {}),
    "batch_norm, inference": (
        "batch_norm",
        [draw(3, 2, 4), draw(2), abs(draw(2)) + 1, draw(2), draw(2), False],
        {},
    ),
}
each_call = pytest.mark.parametrize("call", CALLS)


def differentiable(call):
    """The places of the arrays among the arguments that have a gradient."""
    name, arguments, _ = CALLS[call]
    wanted = ("input", "weight", "bias") if name.startswith(("linear", "conv", "batch_norm")) else ("input",)
    parameters = [*inspect.signature(getattr(cnnref, name)).parameters][: len(arguments)]
    return [place for place, parameter in enumerate(parameters) if parameter in wanted]


def output(call):
    name, arguments, options = CALLS[call]
    return getattr(cnnref, name)(*arguments, **options)


@functools.cache
def upstream(call):
    """A gradient that comes back, for the output of a call."""
    return np.random.default_rng(1).standard_normal(output(call).shape)


@functools.cache
def differences(call):
    """How much `sum(upstream * output)` changes with each number of each array, by central differences."""
    name, arguments, options = CALLS[call]
    slopes = []
    for place in differentiable(call):
        x, slope, step = arguments[place], np.zeros(np.shape(arguments[place])), 1e-5
        for index in np.ndindex(x.shape):
            ends = []
            for moved in (x[index] + step, x[index] - step):
                copy = x.copy()
                copy[index] = moved
                y = getattr(cnnref, name)(*arguments[:place], copy, *arguments[place + 1 :], **options)
                ends.append(np.sum(upstream(call) * y))
            slope[index] = (ends[0] - ends[1]) / (2 * step)
        slopes.append(slope)
    return slopes


def vjp(call, convert, grad_output=None, dtype=None):
    """The gradients of a call, each array converted first; always as a list."""
    name, arguments, options = CALLS[call]
    grad_output = upstream(call) if grad_output is None else grad_output

    def converted(x):
        if not isinstance(x, np.ndarray | np.generic):
            return x
        return convert(np.array(x, dtype=dtype if x.dtype == np.float64 else None))

    grads = getattr(gradients, name)(converted(grad_output), *map(converted, arguments), **options)
    return list(grads) if isinstance(grads, tuple) else [grads]


def test_the_arguments_are_those_of_the_operator_after_the_gradient():
    for name in gradients.__all__:
        here = inspect.signature(getattr(gradients, name)).parameters
        there = inspect.signature(getattr(cnnref, name)).parameters

        same = [each for each in there if each not in ("return_indices", "dtype")]
        assert [*here] == ["grad_output", *same], name
        assert [(here[each].default, here[each].kind) for each in same] == [
            (there[each].default, there[each].kind) for each in same
        ], name


def test_each_gradient_is_called_here():
    assert {name for name, _, _ in CALLS.values()} == set(gradients.__all__)


# Against differences -------------------------------------------------------------------------------------------------


@each_call
def test_each_agrees_with_differences(lane, call):
    grads = vjp(call, lane.asarray)

    for grad, slope in zip(grads, differences(call), strict=True):
        lane.assert_close(grad, slope, "float64", rtol=1e-6, atol=1e-8)


@each_call
def test_float32_gives_float32(lane, call):
    grads = vjp(call, lane.asarray, dtype="float32")

    for grad, exact in zip(grads, vjp(call, np.asarray), strict=True):
        lane.assert_close(grad, exact, "float32", rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("dtype", "digits"), [("float16", 10), ("bfloat16", 7)])
@each_call
def test_half_precision_is_rounded_once(lane, call, dtype, digits):
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")

    def narrow(x):
        return lane.asarray(x, dtype if x.dtype == np.float64 else None)

    def widened(x):  # what the narrow numbers are, exactly
        if x.dtype != np.float64:
            return x
        if dtype == "float16":
            return x.astype(np.float16).astype(np.float64)
        torch = lanes.LANES["torch-cpu"].xp  # only torch has bfloat16
        return np.asarray(torch.asarray(x, dtype=torch.bfloat16).double())

    exact = vjp(call, widened)

    for grad, wide in zip(vjp(call, narrow), exact, strict=True):
        assert grad.dtype == getattr(lane.xp, dtype)
        if lane.has_values:
            got = np.reshape([float(each) for each in lane.xp.reshape(grad, (-1,))], wide.shape)
            assert np.all(np.abs(got - wide) <= np.abs(wide) * 2.0 ** -(digits + 1) * 1.01 + 1e-5)


@each_call
def test_no_argument_is_changed(call):
    name, arguments, options = CALLS[call]
    copies = [np.copy(each) if isinstance(each, np.ndarray) else each for each in arguments]

    getattr(gradients, name)(upstream(call), *arguments, **options)

    for each, copy in zip(arguments, copies, strict=True):
        assert np.array_equal(each, copy) if isinstance(each, np.ndarray) else each == copy


# Beside torch --------------------------------------------------------------------------------------------------------


def compare(torch, name, arrays, arguments, options):
    """The gradients of a drawn call and those of torch's operator; `arrays` come first and all have one."""
    given = [torch.tensor(each, requires_grad=True) for each in arrays]
    y = getattr(torch.nn.functional, name)(*given, *arguments, **options)
    back = torch.tensor(np.random.default_rng(0).standard_normal(y.shape))

    expected = torch.autograd.grad(y, given, back)

    grads = getattr(gradients, name)(back, *(each.detach() for each in given), *arguments, **options)
    for grad, theirs in zip(grads if isinstance(grads, tuple) else (grads,), expected, strict=True):
        assert_close(grad, theirs, rtol=1e-9, atol=1e-9)


def sizes(draw, axes, low, high):
    return tuple(draw(st.lists(st.integers(low, high), min_size=axes, max_size=axes)))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")  # torch's own
@given(data=st.data())
def test_convolutions_agree_with_torch(torch, data):
    axes, batch = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([(), (0,), (1,), (3,)]))
    groups, inputs, outputs = (data.draw(st.integers(1, 2)) for _ in range(3))
    kernel, dilation, stride = (sizes(data.draw, axes, 1, 3) for _ in range(3))
    padding = sizes(data.draw, axes, 0, 2)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    extra = sizes(data.draw, axes, 0, 3)
    lengths = [max(r - 2 * p, 1) + e for r, p, e in zip(reach, padding, extra, strict=True)]
    if data.draw(st.booleans()):
        padding, stride = data.draw(st.sampled_from(["same", "valid"])), (1,) * axes
        lengths = [length + 2 * 2 for length in lengths]
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    shapes = [(*batch, groups * inputs, *lengths), (groups * outputs, inputs, *kernel), (groups * outputs,)]

    arrays = [rng.standard_normal(shape) for shape in shapes]
    compare(torch, f"conv{axes}d", arrays, (stride, padding, dilation, groups), {})


def test_a_batch_too_large_for_one_portion_agrees_with_torch(torch):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in ((10, 16, 32, 32), (2, 16, 3, 3), (2,))]

    compare(torch, "conv2d", arrays, (1, 1), {})


@given(data=st.data())
def test_max_pooling_agrees_with_torch_also_at_ties(torch, data):
    axes, batch = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([(), (1,), (2,)]))
    kernel, stride, dilation = (sizes(data.draw, axes, 1, 3) for _ in range(3))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    lengths = [(k - 1) * d + 1 + data.draw(st.integers(0, 3)) for k, d in zip(kernel, dilation, strict=True)]
    elements = st.sampled_from([0.0, 0.0, 0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])
    x = data.draw(hnp.arrays("float64", (*batch, 2, *lengths), elements=elements))

    compare(torch, f"max_pool{axes}d", [x], (kernel, stride, padding, dilation, data.draw(st.booleans())), {})


@given(data=st.data())
def test_average_pooling_agrees_with_torch(torch, data):
    axes, batch = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([(), (1,), (2,)]))
    kernel, stride = (sizes(data.draw, axes, 1, 3) for _ in range(2))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    lengths = [k + data.draw(st.integers(0, 3)) for k in kernel]
    options = {"ceil_mode": data.draw(st.booleans()), "count_include_pad": data.draw(st.booleans())}
    if axes > 1:
        options["divisor_override"] = data.draw(st.sampled_from([None, 1, 5]))

    compare(torch, f"avg_pool{axes}d", [np.zeros((*batch, 2, *lengths))], (kernel, stride, padding), options)


@each_call
def test_each_can_be_differentiated_again(torch, call):
    name, arguments, options = CALLS[call]
    places = differentiable(call)
    tensors = [torch.tensor(each) if isinstance(each, np.ndarray | np.generic) else each for each in arguments]

    def function(grad_output, *arrays):
        filled = dict(zip(places, arrays, strict=True))
        return getattr(gradients, name)(
            grad_output, *(filled.get(i, each) for i, each in enumerate(tensors)), **options
        )

    given = [torch.tensor(upstream(call)), *(tensors[place].clone() for place in places)]
    assert torch.autograd.gradcheck(function, [each.requires_grad_() for each in given], fast_mode=True)


def test_nan_lets_the_gradient_of_relu_pass(torch):
    x = torch.tensor([np.nan, -np.inf, np.inf, 0.0, -0.0], requires_grad=True, dtype=torch.float64)

    for name in ("relu", "leaky_relu"):
        (expected,) = torch.autograd.grad(getattr(torch.nn.functional, name)(x).sum(), x)
        assert_close(getattr(gradients, name)(torch.ones_like(x), x.detach()), expected)


# Digits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "exact"), [("sigmoid", lambda x: np.exp(-x)), ("tanh", lambda x: 4 * np.exp(-2 * x))])
def test_saturation_leaves_small_gradients_all_their_digits(lane, name, exact, dtype):
    """1 minus the output has no digits left; torch returns 0 from about 20 on."""
    x = np.asarray([20.0, 30.0, 40.0], dtype)

    for sign in (1, -1):
        grad = getattr(gradients, name)(lane.asarray(np.ones(3, dtype)), lane.asarray((sign * x).astype(dtype)))
        lane.assert_close(grad, exact(x.astype("float64")), dtype, rtol=1e-5 if dtype == "float32" else 1e-8)


def test_a_large_mean_costs_the_gradient_no_digits(lane):
    x = (1e5 + np.random.default_rng(0).standard_normal((4, 3, 9))).astype("float32")
    back = np.random.default_rng(1).standard_normal(x.shape).astype("float32")

    grads = gradients.batch_norm(lane.asarray(back), lane.asarray(x), None, None, training=True)

    exact = gradients.batch_norm(back.astype("float64"), x.astype("float64"), None, None, training=True)
    for grad, expected in zip(grads, exact, strict=True):
        lane.assert_close(grad, expected, "float32", rtol=1e-5, atol=1e-5)


# What is not given, and what is not there ----------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["linear", "conv2d", "batch_norm"])
def test_a_missing_bias_has_the_gradient_of_zero(call):
    name, arguments, options = CALLS[call]
    place = differentiable(call)[-1]
    zero, none = ([*arguments[:place], bias, *arguments[place + 1 :]] for bias in (0 * arguments[place], None))

    with_zero, without = (getattr(gradients, name)(upstream(call), *each, **options) for each in (zero, none))

    for left, right in zip(with_zero, without, strict=True):
        assert np.array_equal(left, right)


def test_a_missing_weight_has_the_gradient_of_one():
    back, x = draw(4, 3), draw(4, 3)

    with_one = gradients.batch_norm(back, x, None, None, np.ones(3), training=True)

    for left, right in zip(with_one, gradients.batch_norm(back, x, None, None, training=True), strict=True):
        assert np.array_equal(left, right)


def test_running_statistics_stay_as_they_are():
    mean, var = np.zeros(3), np.ones(3)

    gradients.batch_norm(draw(4, 3), draw(4, 3), mean, var, training=True)

    assert (mean.tolist(), var.tolist()) == ([0, 0, 0], [1, 1, 1])


def test_an_empty_batch_teaches_nothing(lane):
    x, maps, weight = (lane.asarray(np.ones(shape)) for shape in ((0, 3), (0, 3, 4, 4), (2, 3, 2, 2)))

    for grads, shapes in [
        (gradients.linear(x[:, :2], x, weight[:, :, 0, 0]), [(0, 3), (2, 3), (2,)]),
        (gradients.conv2d(lane.asarray(np.ones((0, 2, 3, 3))), maps, weight), [(0, 3, 4, 4), (2, 3, 2, 2), (2,)]),
        (gradients.batch_norm(maps, maps, None, None, training=True), [(0, 3, 4, 4), (3,), (3,)]),
    ]:
        for grad, shape in zip(grads, shapes, strict=True):
            lane.assert_close(grad, np.zeros(shape))


# Training ------------------------------------------------------------------------------------------------------------


def bars(seed, count):
    """Noisy 8x8 images of a bar, and whether it stands or lies."""
    rng = np.random.default_rng(seed)
    images, labels = rng.standard_normal((count, 1, 8, 8)) / 4, rng.integers(0, 2, count)
    for image, label, place in zip(images, labels, rng.integers(1, 7, count), strict=True):
        image[0, :, place] += label
        image[0, place, :] += 1 - label
    return images, labels


def start():
    rng = np.random.default_rng(0)
    shapes = {"kernel": (4, 1, 3, 3), "gamma": (4,), "beta": (4,), "weight": (2, 16), "bias": (2,)}
    return {name: (name == "gamma") + rng.standard_normal(shape) / 4 for name, shape in shapes.items()}


def layers(p, mean, var):
    """From images to scores: each operator, what it takes after its input, and which gradients it returns after it."""
    yield "conv2d", [p["kernel"]], {"padding": 1}, ["kernel"]
    yield "batch_norm", [mean, var, p["gamma"], p["beta"], True], {}, ["gamma", "beta"]
    yield "leaky_relu", [0.1], {}, []
    yield "max_pool2d", [2], {}, []
    yield "avg_pool2d", [2], {}, []
    yield "flatten", [1], {}, []
    yield "linear", [p["weight"], p["bias"]], {}, ["weight", "bias"]


def step_by_hand(parameters, images, labels, mean, var):
    """Forward, remembering what each operator was given; then back through the same calls."""
    x, remembered = images, []
    for name, arguments, options, names in layers(parameters, mean, var):
        remembered.append((name, x, arguments, options, names))
        x = getattr(cnnref, name)(x, *arguments, **options)
    loss = float(cnnref.cross_entropy(x, labels))
    back = gradients.cross_entropy(np.asarray(1.0), x, labels)
    for name, x, arguments, options, names in reversed(remembered):
        if name == "flatten":
            back = back.reshape(x.shape)
            continue
        back = getattr(gradients, name)(back, x, *arguments, **options)
        back, *grads = back if isinstance(back, tuple) else (back,)
        for each, grad in zip(names, grads, strict=False):  # the convolution has no bias
            parameters[each] -= grad
    return loss


def test_a_small_network_learns_in_numpy():
    parameters, (images, labels) = start(), bars(0, 64)
    mean, var = np.zeros(4), np.ones(4)

    losses = [step_by_hand(parameters, images, labels, mean, var) for _ in range(40)]

    x, expected = bars(1, 100)
    for name, arguments, options, _ in layers(parameters, mean, var):
        x = getattr(cnnref, name)(x, *arguments, **options)
    assert losses[-1] < 0.05 < 0.5 < losses[0]
    assert np.mean(x.argmax(1) == expected) > 0.95


def test_the_network_takes_the_steps_that_autograd_takes(torch):
    by_hand, images_and_labels = start(), bars(0, 64)
    tensors = {name: torch.tensor(each, requires_grad=True) for name, each in by_hand.items()}
    statistics = [np.zeros(4), np.ones(4)], [torch.zeros(4).double(), torch.ones(4).double()]
    images, labels = map(torch.tensor, images_and_labels)
    F = torch.nn.functional

    for _ in range(5):
        step_by_hand(by_hand, *images_and_labels, *statistics[0])
        x = images
        for name, arguments, options, _ in layers(tensors, *statistics[1]):
            x = getattr(torch if name == "flatten" else F, name)(x, *arguments, **options)
        grads = torch.autograd.grad(F.cross_entropy(x, labels), [*tensors.values()])
        with torch.no_grad():
            for tensor, grad in zip(tensors.values(), grads, strict=True):
                tensor -= grad

    for name, tensor in tensors.items():
        np.testing.assert_allclose(by_hand[name], tensor.detach(), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(statistics[0], np.asarray([each.numpy() for each in statistics[1]]), rtol=1e-9)


# Refusals ------------------------------------------------------------------------------------------------------------

GIVEN = {
    "x": np.ones((4, 6)),
    "maps": np.ones((2, 3, 5, 5)),
    "kernel": np.ones((4, 3, 2, 2)),
    "t": np.zeros(4, int),
    "f": np.ones((4, 6), "float32"),
    "i": np.ones((4, 6), int),
    "one": np.ones(()),
}
OUTPUT = "grad_output must have the shape of the output, "
REFUSED = [
    *((f"{name}(x[:3, :], x)", ValueError, OUTPUT + "(4, 6), got (3, 6)") for name in ("relu", "sigmoid", "tanh")),
    ("leaky_relu(x[:3, :], x)", ValueError, OUTPUT + "(4, 6), got (3, 6)"),
    ("softmax(x[:3, :], x, 1)", ValueError, OUTPUT + "(4, 6), got (3, 6)"),
    ("log_softmax(x[:3, :], x, 1)", ValueError, OUTPUT + "(4, 6), got (3, 6)"),
    ("cross_entropy(x, x, t)", ValueError, OUTPUT + "(), got (4, 6)"),
    ("cross_entropy(one, x, t, reduction='none')", ValueError, OUTPUT + "(4,), got ()"),
    ("cross_entropy(one, x, t, reduction='all')", ValueError, "reduction must be 'mean', 'sum' or 'none', got 'all'"),
    ("cross_entropy(one, x, x[:, 0])", TypeError, None),
    ("linear(x, x, x)", ValueError, OUTPUT + "(4, 4), got (4, 6)"),
    ("linear(x, x, maps)", ValueError, "weight must have shape (o, 6) or (6,), got (2, 3, 5, 5)"),
    ("conv2d(maps, maps, kernel)", ValueError, OUTPUT + "(2, 4, 4, 4), got (2, 3, 5, 5)"),
    ("conv2d(maps, maps, kernel, groups=3)", ValueError, None),
    ("conv2d(maps, maps, kernel, x)", ValueError, None),
    ("conv2d(maps, maps, x)", ValueError, None),
    ("conv2d(maps, maps[:, :, :0, :], kernel)", ValueError, None),
    ("conv2d(maps, x, kernel)", ValueError, None),
    ("max_pool2d(maps, maps, 2)", ValueError, OUTPUT + "(2, 3, 2, 2), got (2, 3, 5, 5)"),
    ("max_pool2d(maps, maps, 2, padding=2)", ValueError, None),
    ("avg_pool2d(maps, maps, 2)", ValueError, OUTPUT + "(2, 3, 2, 2), got (2, 3, 5, 5)"),
    ("avg_pool2d(maps, maps, 2, divisor_override=0)", ValueError, None),
    ("batch_norm(x[:3, :], x, None, None, training=True)", ValueError, OUTPUT + "(4, 6), got (3, 6)"),
    (
        "batch_norm(x, x, None, None)",
        ValueError,
        "running_mean and running_var must be given when training is False, got None",
    ),
    ("relu(f, x)", TypeError, "grad_output must have the dtype of input, float64, got float32"),
    ("relu(i, i)", TypeError, "input must have a floating dtype, got int64"),
]


@pytest.mark.parametrize(("call", "error", "sentence"), REFUSED)
def test_each_refusal_says_what_does_not_fit(lane, call, error, sentence):
    names = {name: lane.asarray(x) for name, x in GIVEN.items()}
    if sentence is None:  # that of the operator, which takes the same arguments after the first
        with pytest.raises(error) as refused:
            eval(f"cnnref.{call.replace('(maps, ', '(', 1).replace('(one, ', '(', 1)}", {"cnnref": cnnref} | names)
        sentence = str(refused.value)

    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        eval(f"gradients.{call}", {"gradients": gradients} | names)
