"""What stands at the door of every operator: libraries, devices, dtypes and refusals."""

import inspect
import os
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
from array_api_extra.testing import assert_close

import cnnref
from cnnref._arrays import Array, _moved, array_namespace, dtype_name, is_torch, known_to_hold, operator, use_device

# torch.func.jvp compiles torch's own derivatives with torch.jit.script, which torch itself has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")

NO_TORCH = "import sys; sys.modules['torch'] = None\n"  # importing torch now raises ImportError


@operator(integers="refused")
def double(input: Array, other: Array | None = None, *, scale: float = 2.0) -> Array:
    """Twice the input."""
    return scale * input if other is None else scale * input + other


@pytest.fixture
def seen(request):
    """An operator that returns its arrays as they are, and the list of what it saw."""
    arrays = []

    @operator(integers="kept", indices=("where",))
    def look(input: Array, weight: Array | None = None, where: Array | None = None) -> tuple[Array, ...]:
        arrays[:] = [input, weight, where]
        return tuple(each for each in arrays if each is not None)

    return look, arrays


def python(code, **environment):
    """Run code in a fresh Python."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )


# Refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [[1.0], (1.0,), 1.0, 1, None, "1"])
def test_input_must_be_an_array(given):
    with pytest.raises(TypeError, match=f"^input must be an array, got {type(given).__name__}$"):
        double(given)
    with pytest.raises(TypeError, match=f"^input must be an array, got {type(given).__name__}$"):
        double(input=given)


def test_every_array_parameter_must_be_one(lane):
    x = lane.asarray([1.0])

    with pytest.raises(TypeError, match=r"^other must be an array, got list$"):
        double(x, [1.0])
    with pytest.raises(TypeError, match=r"^other must be an array, got float$"):
        double(x, other=1.0)


def test_python_says_what_a_signature_lacks(lane):
    x = lane.asarray([1.0])

    with pytest.raises(TypeError, match="takes from 1 to 2 positional arguments but 3 were given"):
        double(x, x, 3.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'factor'"):
        double(x, factor=3.0)
    with pytest.raises(TypeError, match="multiple values for argument 'input'"):
        double(x, input=x)


def test_masked_arrays_are_refused():
    sentence = "input must not be a masked array: operators would not heed the mask, got MaskedArray"

    with pytest.raises(TypeError, match=f"^{sentence}$"):
        double(np.ma.masked_array([1.0, 2.0], [False, True]))


def test_complex_numbers_are_refused(lane):
    x = lane.asarray([1.0 + 2.0j])

    with pytest.raises(TypeError, match=r"^input must hold real numbers, got complex128$"):
        double(x)
    with pytest.raises(TypeError, match=r"^other must hold real numbers, got complex128$"):
        double(lane.asarray([1.0]), x)


@pytest.mark.parametrize(
    ("x", "dtype"), [(["a"], "<U1"), ([None], "object"), ([np.datetime64(0, "s")], "datetime64[s]")]
)
def test_what_is_no_number_is_refused(x, dtype):
    with pytest.raises(TypeError, match=f"^input must hold real numbers, got {re.escape(dtype)}$"):
        double(np.asarray(x))


def test_libraries_do_not_mix(torch):
    with pytest.raises(TypeError, match=r"^input and other must come from one library, got numpy and torch$"):
        double(np.ones(2), torch.ones(2))
    with pytest.raises(TypeError, match=r"^input and other must come from one library, got torch and numpy$"):
        double(torch.ones(2), other=np.ones(2))


def test_devices_do_not_mix(torch):
    with pytest.raises(ValueError, match=r"^input and other must be on one device, got cpu and meta$"):
        double(torch.ones(2), torch.ones(2, device="meta"))


def test_dtypes_do_not_mix(lane):
    with pytest.raises(TypeError, match=r"^other must have the dtype of input, float32, got float64$"):
        double(lane.asarray([1.0], "float32"), lane.asarray([1.0], "float64"))


# Integers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "dtype", "result"),
    [
        ("refused", "int64", "input must have a floating dtype, got int64"),
        ("refused", "uint8", "input must have a floating dtype, got uint8"),
        ("refused", "bool", "input must have a floating dtype, got bool"),
        ("promoted", "int64", np.float32),
        ("promoted", "uint8", np.float32),
        ("promoted", "bool", np.float32),
        ("promoted", "float64", np.float64),
        ("kept", "int64", np.int64),
        ("kept", "uint8", np.uint8),
        ("kept", "bool", "input must have a floating or integer dtype, got bool"),
    ],
)
def test_one_word_decides_about_integers(lane, rule, dtype, result):
    @operator(integers=rule)
    def same(input: Array) -> Array:
        return input

    x = np.asarray([0, 1], dtype)
    if isinstance(result, str):
        with pytest.raises(TypeError, match=f"^{result}$"):
            same(lane.asarray(x))
    else:
        lane.assert_close(same(lane.asarray(x)), x.astype(result))


# Half precision ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(lane, seen, dtype):
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")
    look, arrays = seen
    x, where = lane.asarray([1.0, 2.0], dtype), lane.asarray([1, 0])

    results = look(x, x, where)

    assert [dtype_name(each) for each in arrays] == ["float32", "float32", "int64"]
    assert [dtype_name(each) for each in results] == [dtype, dtype, "int64"]


def test_other_dtypes_are_computed_as_they_are(lane, seen):
    look, arrays = seen

    for dtype in ("float32", "float64", "int16"):
        x = lane.asarray([1.0, 2.0], dtype)
        assert look(x)[0].dtype == x.dtype == arrays[0].dtype


@pytest.mark.parametrize(("dtype", "fits"), [("float32", True), ("float64", False)])
def test_wider_parameters_beside_half_precision(lane, dtype, fits):
    if not lane.has("float16"):
        pytest.skip(f"{lane.library} has no float16")

    @operator(integers="refused", wider=True)
    def shift(input: Array, other: Array) -> Array:
        return input + other

    x, other = lane.asarray([1.0], "float16"), lane.asarray([1.0], dtype)
    if fits:
        lane.assert_close(shift(x, other), [2.0], "float16")
    else:
        with pytest.raises(TypeError, match=f"^other must have the dtype of input, float16, got {dtype}$"):
            shift(x, other)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_updates_reach_the_array_of_the_caller(lane, dtype):
    if not lane.has(dtype):
        pytest.skip(f"{lane.library} has no {dtype}")

    @operator(integers="refused", updates=("total",))
    def add(input: Array, total: Array | None = None) -> Array:
        if total is not None:
            total[...] = total + input
        return input

    x, total = lane.asarray([1.0, 2.0], dtype), lane.asarray([10.0, 20.0], dtype)

    add(x)
    add(x, total)
    add(x, total=total)

    lane.assert_close(x, [1.0, 2.0], dtype)
    lane.assert_close(total, [12.0, 24.0], dtype)


# NumPy ---------------------------------------------------------------------------------------------------------------


def test_scalars_of_numpy_are_arrays_of_rank_0():
    """x[0] of an array is one, where torch has a tensor."""
    y = double(np.float32(3))

    assert (type(y), y.shape, y.dtype, float(y)) == (np.ndarray, (), np.float32, 6.0)


def test_numpy_does_not_warn():
    with np.errstate(all="raise"):
        assert np.isnan(cnnref.silu(np.asarray([-np.inf]))).all()
        assert double(np.asarray([60_000], "float16")).tolist() == [np.inf]
        with pytest.raises(FloatingPointError):
            np.ones(1) / np.zeros(1)  # as the caller had it


# Devices -------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["cpu", "cuda"])
def device(torch, request):
    """A device that NumPy arrays can travel to."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip(f"torch {torch.__version__} sees no CUDA device")
    return request.param


def of_numpy(x, y):
    """An array, C- or otherwise ordered, of the values of `y` and the dtype of `x`."""
    assert type(x) is np.ndarray
    assert x.dtype == y.dtype.newbyteorder("=")
    np.testing.assert_array_equal(x, y)


def read_only(x):
    x.flags.writeable = False
    return x


@pytest.mark.parametrize(
    "x",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(6.0).reshape(2, 3).T,
        np.arange(6.0)[::-1],
        np.arange(6.0).reshape(2, 3)[:, ::-2],
        np.arange(6.0)[::2],
        np.broadcast_to(np.arange(3.0), (2, 3)),
        read_only(np.arange(3.0)),
        np.arange(3.0).astype(">f8"),
        np.asarray(3.0),
        np.zeros((2, 0, 3)),
        np.arange(3, dtype="float16"),
        np.arange(3, dtype="float32"),
        np.arange(3, dtype="int8"),
        np.arange(3, dtype="uint8"),
    ],
    ids=lambda x: f"{x.dtype.str}{x.shape}{x.strides}",
)
def test_numpy_arrays_travel_and_return(device, seen, x):
    look, arrays = seen
    before = x.copy()

    with use_device(device):
        (y,) = look(x)

    assert is_torch(arrays[0])
    assert arrays[0].device.type == device
    of_numpy(y, x)
    np.testing.assert_array_equal(x, before)
    look(x)
    assert type(arrays[0]) is np.ndarray


def test_all_arrays_travel(device, seen):
    look, arrays = seen

    with use_device(device):
        results = look(np.ones(2), weight=np.ones(2), where=np.asarray([0, 1]))

    assert [each.device.type for each in arrays] == [device] * 3
    assert [type(each) for each in results] == [np.ndarray] * 3


def test_arrays_travel_to_the_device_that_was_named(torch):
    """Seen without a GPU: `meta` is a device that one can travel to, though not return from."""
    assert _moved(np.ones(2), "meta").device.type == "meta"


def test_updates_travel_back(device):
    @operator(integers="refused", updates=("total",))
    def add(input: Array, total: Array) -> Array:
        total += input
        return input

    for dtype in ("float16", "float64"):
        x, total = np.ones(2, dtype), np.asarray([1.0, 2.0], dtype)
        with use_device(device):
            add(x[::-1], total)
        of_numpy(total, np.asarray([2.0, 3.0], dtype))


def test_tensors_stay_where_they_are(device, seen, torch):
    look, arrays = seen

    with use_device(device):
        (y,) = look(torch.ones(2, device="meta"))

    assert arrays[0].device.type == y.device.type == "meta"


def test_a_device_without_the_dtype_says_so(torch):
    if np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("long doubles are doubles here")
    x = np.ones(2, np.longdouble)

    with use_device("cpu"), pytest.raises(TypeError, match=f"^device 'cpu' has no numbers of dtype {x.dtype}$"):
        double(x)


def test_what_torch_cannot_compute_with_is_refused(torch):
    @operator(integers="kept")
    def positive(input: Array) -> Array:
        return input * (input > 0)

    rule = "^input must be dense and of a dtype that torch computes with, got "
    with use_device("cpu"), pytest.raises(TypeError, match=f"{rule}uint64 in torch.strided$"):
        positive(np.ones(2, np.uint64))
    with pytest.raises(TypeError, match=f"{rule}float32 in torch.sparse_coo$"):
        positive(torch.eye(2).to_sparse())


def test_blocks_nest_and_restore(torch, seen):
    look, arrays = seen

    def on_torch():
        look(np.ones(1))
        return is_torch(arrays[0])

    assert not on_torch()
    with use_device("cpu"):
        assert on_torch()
        with use_device(None):
            assert not on_torch()
            with use_device("cpu"):
                assert on_torch()
        assert on_torch()
        with pytest.raises(KeyError), use_device(None):
            raise KeyError
        assert on_torch()
    assert not on_torch()


def test_threads_choose_for_themselves(torch, seen):
    look, arrays = seen
    thread = threading.Thread(target=lambda: look(np.ones(1)))

    with use_device("cpu"):
        thread.start()
        thread.join()

    assert type(arrays[0]) is np.ndarray


@pytest.mark.parametrize("name", ["gpu", "meta", "CPU", "cuda:", "cuda:x", "cpu:0", "", 0])
def test_unknown_devices_are_refused(name):
    sentence = f"device must be 'cpu', 'cuda', 'cuda:N' or 'mps', got {str(name)!r}"

    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"), use_device(name):
        pytest.fail("the block ran")


@pytest.mark.parametrize("name", ["cuda", "cuda:99", "mps"])
def test_absent_devices_are_refused(torch, name):
    if name == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    if name == "mps" and torch.backends.mps.is_available():
        pytest.skip("there is an Apple GPU")
    seen_by_torch = "no Apple GPU" if name == "mps" else f"{torch.cuda.device_count()} CUDA devices"
    sentence = f"device {name!r} is not here: torch {torch.__version__} sees {seen_by_torch}"

    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"), use_device(name):
        pytest.fail("the block ran")


def test_a_device_may_be_torchs_own(torch, seen):
    look, arrays = seen

    with use_device(torch.device("cpu")):
        look(np.ones(1))

    assert is_torch(arrays[0])


# The environment, and life without torch -----------------------------------------------------------------------------


def test_the_environment_chooses_for_the_program(torch):
    code = """
import numpy as np, threading, cnnref
from cnnref._arrays import Array, operator, is_torch
@operator(integers="refused")
def look(input: Array) -> Array:
    print(is_torch(input), end=" ")
    return input
look(np.ones(1))
thread = threading.Thread(target=look, args=(np.ones(1),)); thread.start(); thread.join()
with cnnref.use_device(None):
    look(np.ones(1))
"""
    assert python(code, CNNREF_DEVICE="cpu").stdout.split() == ["True", "True", "False"]
    assert python(code, CNNREF_DEVICE="").stdout.split() == ["False", "False", "False"]


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        ("tpu", "", "ValueError: CNNREF_DEVICE: device must be 'cpu', 'cuda', 'cuda:N' or 'mps', got 'tpu'"),
        ("cpu", NO_TORCH, "ValueError: CNNREF_DEVICE: device 'cpu' needs torch, which is not installed"),
    ],
)
def test_the_environment_is_checked_at_import(name, code, sentence):
    ran = python(code + "import cnnref", CNNREF_DEVICE=name)

    assert ran.returncode == 1
    assert ran.stderr.rstrip().endswith(sentence)


def test_everything_but_devices_works_without_torch():
    code = NO_TORCH + (
        "import numpy as np, cnnref\n"
        "print(cnnref.gelu(np.asarray([0.0], 'float16')), cnnref.cross_entropy(np.zeros((1, 1)), np.asarray([0])))\n"
        "with cnnref.use_device('cpu'): pass"
    )
    ran = python(code, CNNREF_DEVICE="")

    assert ran.stdout == "[0.] 0.0\n"
    assert ran.stderr.rstrip().endswith("ValueError: device 'cpu' needs torch, which is not installed")


def test_numpy_alone_never_imports_torch():
    code = (
        "import sys, numpy as np, cnnref\n"
        "cnnref.gelu(np.ones(2)); cnnref.cross_entropy(np.ones((1, 2)), np.asarray([0]))\n"
        "print('torch' in sys.modules)"
    )

    assert python(code, CNNREF_DEVICE="").stdout == "False\n"


# Transparency --------------------------------------------------------------------------------------------------------


def test_the_function_keeps_its_face():
    assert double.__name__ == "double"
    assert double.__doc__ == "Twice the input."
    assert [*inspect.signature(double).parameters] == ["input", "other", "scale"]


def test_torch_transforms_pass_through(torch):
    x, other = torch.tensor([1.0, -2.0]), torch.tensor([3.0, 4.0])

    assert torch.equal(torch.func.vmap(double)(torch.stack([x, other])), 2 * torch.stack([x, other]))
    assert torch.equal(torch.func.grad(lambda x: double(x, other).sum())(x), torch.full((2,), 2.0))
    value, tangent = torch.func.jvp(double, (x, other), (other, x))
    assert torch.equal(value, 2 * x + other)
    assert torch.equal(tangent, 2 * other + x)
    assert torch.func.grad(lambda x: double(x).sum())(x.half()).dtype == torch.float16


OPERATORS = {
    "relu": cnnref.relu,
    "leaky_relu": cnnref.leaky_relu,
    "elu": cnnref.elu,
    "gelu": cnnref.gelu,
    "gelu_tanh": lambda x: cnnref.gelu(x, approximate="tanh"),
    "silu": cnnref.silu,
    "sigmoid": cnnref.sigmoid,
    "tanh": cnnref.tanh,
    "softplus": cnnref.softplus,
    "softmax": lambda x: cnnref.softmax(x, -1, temperature=0.5),
    "log_softmax": lambda x: cnnref.log_softmax(x, -1),
    "min_max": lambda x: cnnref.min_max(x, -1),
    "cross_entropy": lambda x: cnnref.cross_entropy(x, array_namespace(x).argmax(x, axis=-1), label_smoothing=0.1),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_pass_through_torch_transforms(torch, name):
    function = OPERATORS[name]
    x = torch.tensor([[1.5, -2.0, 0.5], [0.25, 3.0, -1.0]], dtype=torch.float64)

    assert_close(torch.func.vmap(function)(x), torch.stack([function(row) for row in x]), rtol=1e-14)
    loss, by_grad = (lambda x: function(x).sum()), torch.func.grad(lambda x: function(x).sum())(x)
    _, along_ones = torch.func.jvp(loss, (x,), (torch.ones_like(x),))
    assert_close(along_ones, by_grad.sum(), rtol=1e-12, atol=1e-12)
    assert_close(torch.func.jacrev(loss)(x), by_grad, rtol=1e-14)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("float16", 1e-3)])
def test_operators_compile_in_one_graph(torch, dtype, tolerance):
    def run(x):
        return [function(x) for function in OPERATORS.values()]

    torch.compiler.reset()
    compiled = torch.compile(run, backend="aot_eager", fullgraph=True)
    x = torch.tensor([[1.5, -2.0, 0.5], [0.25, 3.0, -1.0]], dtype=getattr(torch, dtype), requires_grad=True)

    results, expected = compiled(x), run(x)

    for name, y, eager in zip(OPERATORS, results, expected, strict=True):
        assert_close(y.detach(), eager.detach(), rtol=tolerance, err_msg=name)
    gradients = [torch.autograd.grad(sum(y.sum() for y in each), x)[0] for each in (results, expected)]
    assert_close(*gradients, rtol=4 * tolerance, atol=4 * tolerance)


def test_no_operator_changes_its_input(lane):
    x = np.linspace(-3, 3, 12).reshape(3, 4)
    given = lane.asarray(x.copy())

    for function in OPERATORS.values():
        function(given)

    lane.assert_close(given, x)


def test_what_nobody_can_see_does_not_hold(torch):
    assert known_to_hold(np.asarray([False, True]))
    assert not known_to_hold(np.asarray([False]))
    assert known_to_hold(torch.tensor([False, True]))
    assert not known_to_hold(torch.tensor([True], device="meta"))
    unseen = []
    torch.func.vmap(lambda x: unseen.append(known_to_hold(x)) or x)(torch.tensor([[True]]))
    assert unseen == [False]
