"""Which library, which dtype, which device: what every operator must settle before its mathematics begins.

An operator is written once, in the names of the Python array API standard. `operator` stands at its door:

    @operator(integers="refused")
    def silu(input: Array) -> Array:
        return input * sigmoid(input)

Each parameter annotated `Array` (or `Array | None`) is looked at, wherever it is given, and so the body only sees
real arrays of one library, on one device, with floating numbers of at least 32 bits (or integers, where they are kept).
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import array_api_compat
import array_api_compat.numpy
import numpy as np

__all__ = [
    "Array",
    "array_namespace",
    "dtype_name",
    "is_floating",
    "is_integer",
    "is_numpy",
    "is_torch",
    "known_to_hold",
    "operator",
    "use_device",
]


class Array(Protocol):
    """An array of any library of the array API standard: NumPy, PyTorch, ..."""

    shape: tuple[int, ...]
    dtype: Any


# Devices -------------------------------------------------------------------------------------------------------------


def _known_device(name: object) -> str:
    """The name of a device that torch has here; otherwise one sentence that says what is missing."""
    name = str(name)
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", name):
        raise ValueError(f"device must be 'cpu', 'cuda', 'cuda:N' or 'mps', got {name!r}")
    try:
        import torch
    except ImportError:
        raise ValueError(f"device {name!r} needs torch, which is not installed") from None
    kind, _, index = name.partition(":")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise ValueError(f"device {name!r} is not here: torch {torch.__version__} sees {count} CUDA devices")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ValueError(f"device 'mps' is not here: torch {torch.__version__} sees no Apple GPU")
    return name


def _device_of_environment() -> str | None:
    """What `CNNREF_DEVICE` names; unset or empty leaves NumPy arrays to NumPy."""
    name = os.environ.get("CNNREF_DEVICE")
    try:
        return _known_device(name) if name else None
    except ValueError as error:
        raise ValueError(f"CNNREF_DEVICE: {error}") from None


_from_environment = _device_of_environment()
# A context variable, so that threads and tasks never see the choice of another; each starts with the default.
_device: contextvars.ContextVar[str | None] = contextvars.ContextVar("device", default=_from_environment)


@contextlib.contextmanager
def use_device(name: str | None) -> Iterator[None]:
    """Run the operators on a device: NumPy arrays travel there and their results come back as NumPy arrays.

    Inside the `with` block every operator of this package moves its NumPy arrays into PyTorch on that device, computes
    there, and returns NumPy arrays; the same code runs on a GPU without changing a character. Blocks nest, and each
    restores the choice before it. Torch tensors always stay where they are. The environment variable `CNNREF_DEVICE`
    makes the choice for a whole program.

    Args:
        name: `"cpu"`, `"cuda"`, `"cuda:N"` or `"mps"`; `None` hands NumPy arrays back to NumPy.

    Returns:
        A context manager.

    Raises:
        ValueError: If `name` is no such device, the device is not there, or PyTorch is not installed.

    Examples:
        >>> import numpy as np
        >>> import cnnref
        >>> with cnnref.use_device(None):
        ...     y = cnnref.relu(np.asarray([-1.0, 2.0]))
        >>> y.tolist()
        [0.0, 2.0]
    """
    token = _device.set(None if name is None else _known_device(name))
    try:
        yield
    finally:
        _device.reset(token)


# What an array is ----------------------------------------------------------------------------------------------------


def is_torch(x: object) -> bool:
    """Whether `x` is a torch tensor; asks without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def is_numpy(x: object) -> bool:
    """Whether `x` is a NumPy array, or the scalar that NumPy hands out where other libraries give rank 0."""
    return isinstance(x, (np.ndarray, np.generic))


def array_namespace(x: Array) -> Any:
    """The functions for arrays like `x`, under the names of the array API standard."""
    if is_torch(x):
        import array_api_compat.torch as xp

        return xp
    return array_api_compat.numpy if is_numpy(x) else array_api_compat.array_namespace(x)


def dtype_name(x: Array) -> str:
    """The dtype without the name of its library: `float32`."""
    return str(x.dtype).rpartition(".")[2]


def _kind(x: Array) -> str:
    """One letter for the numbers in `x`, as NumPy has them: b(ool), i(nteger), f(loating), c(omplex), O(ther)."""
    if is_torch(x):
        if x.dtype.is_floating_point:
            return "f"
        return "c" if x.dtype.is_complex else "b" if dtype_name(x) == "bool" else "i"
    if is_numpy(x):
        return {"u": "i"}.get(x.dtype.kind, x.dtype.kind)
    kinds = {"f": "real floating", "i": "integral", "b": "bool", "c": "complex floating"}
    isdtype = array_namespace(x).isdtype
    return next((letter for letter, kind in kinds.items() if isdtype(x.dtype, kind)), "O")


def is_integer(x: Array) -> bool:
    """Whether `x` holds integers; booleans are none."""
    return _kind(x) == "i"


def is_floating(x: Array) -> bool:
    """Whether `x` holds real floating numbers."""
    return _kind(x) == "f"


def known_to_hold(condition: Array) -> bool:
    """Whether `condition` holds anywhere, and anyone can see it: on torch's `meta` device, in `torch.compile` and under
    `vmap` there are no values to look at, and the answer is no."""
    if not is_torch(condition):
        return bool(array_namespace(condition).any(condition))
    import torch

    if torch.compiler.is_compiling():
        return False
    try:
        return bool(condition.any())
    except RuntimeError:
        return False


# The door of every operator ------------------------------------------------------------------------------------------


def _check_array(name: str, x: Any) -> None:
    """Refuse what is no array of real numbers, whatever its library would make of it."""
    if not (is_torch(x) or is_numpy(x) or array_api_compat.is_array_api_obj(x)):
        raise TypeError(f"{name} must be an array, got {type(x).__name__}")
    if is_numpy(x) and isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be a masked array: operators would not heed the mask, got {type(x).__name__}")
    if _kind(x) not in "bif":
        raise TypeError(f"{name} must hold real numbers, got {dtype_name(x)}")


def _check_together(arrays: dict[str, Any]) -> None:
    """Refuse arrays of two libraries or two devices: neither says which one the result should have."""
    (first, x), *others = arrays.items()
    for name, other in others:
        if array_namespace(x) is not array_namespace(other):
            libraries = " and ".join(type(each).__module__.partition(".")[0] for each in (x, other))
            raise TypeError(f"{first} and {name} must come from one library, got {libraries}")
        if not is_numpy(x) and x.device != other.device:
            raise ValueError(f"{first} and {name} must be on one device, got {x.device} and {other.device}")


def _check_dtypes(arrays: dict[str, Any], main: str, indices: tuple[str, ...], wider: bool) -> None:
    """Refuse mixed dtypes as torch does: neither says which one the result should have."""
    x = arrays[main]
    dtype = x.dtype
    parameters = {name: other for name, other in arrays.items() if name != main and name not in indices}
    if wider and _is_half(x) and {dtype_name(other) for other in parameters.values()} == {"float32"}:
        dtype = array_namespace(x).float32
    for name, other in parameters.items():
        if other.dtype != dtype:
            raise TypeError(f"{name} must have the dtype of {main}, {dtype_name(x)}, got {dtype_name(other)}")


def _cast(x: Any, dtype: Any) -> Any:
    """`x` in another dtype; in torch by a differentiable method."""
    if is_torch(x):
        return x.to(dtype)
    return x.astype(dtype) if is_numpy(x) else array_namespace(x).astype(x, dtype)


def _in_asked_dtype(x: Any, dtype: Any) -> Any:
    """`x` in the dtype that the caller asked for, which must be one of the library of `x`."""
    try:
        return _cast(x, dtype)
    except (TypeError, AttributeError):
        raise TypeError(f"dtype must belong to the library of input, got {dtype!r}") from None


def _settle_integers(name: str, x: Any, rule: str) -> Any:
    """Booleans and integers as torch has them: refused, promoted to float32 in every library, or kept."""
    kind = _kind(x)
    if kind == "f" or rule == "any" or (rule == "kept" and kind == "i"):
        return x
    if rule == "promoted":
        return _cast(x, array_namespace(x).float32)
    allowed = "floating or integer" if rule == "kept" else "floating"
    raise TypeError(f"{name} must have a {allowed} dtype, got {dtype_name(x)}")


def _moved(x: Any, device: str | None) -> Any:
    """A NumPy array on the device that it shall be computed on, as a torch tensor; on none, itself."""
    if device is None:
        return x
    import torch

    # Torch takes no negative strides and no foreign byte order, and warns at memory that it must not write to.
    x = np.asarray(x, dtype=x.dtype.newbyteorder("="))
    if not x.flags.writeable or any(step < 0 for step in x.strides):
        x = x.copy()
    try:
        return torch.from_numpy(x).to(device)
    except TypeError:
        raise TypeError(f"device {device!r} has no numbers of dtype {x.dtype}") from None


def _is_half(x: Any) -> bool:
    """Whether `x` is float16 or bfloat16, too narrow to sum in. (array-api-strict has neither.)"""
    return getattr(x.dtype, "itemsize", 0) == 2 and is_floating(x)


def _widened(x: Any) -> Any:
    """Half precision as float32: sums neither overflow nor stop growing, and the result is rounded once."""
    return _cast(x, array_namespace(x).float32) if _is_half(x) else x


def _finished(result: Any, numpy: bool, narrow: Any) -> Any:
    """The result, or each of several, as the input was: NumPy as ndarrays, half precision in its own dtype again."""
    if isinstance(result, tuple):
        return tuple(_finished(each, numpy, narrow) for each in result)
    if numpy:
        result = result.numpy(force=True) if is_torch(result) else np.asarray(result)
    return result if narrow is None or not is_floating(result) else _cast(result, narrow)


def _computed(
    call: Callable[[dict[str, Any]], Any], arrays: dict[str, Any], main: str, updates: tuple[str, ...]
) -> Any:
    """Call with arrays fit for computing, and give the results back as the input was."""
    numpy = is_numpy(arrays[main])
    device = _device.get() if numpy else None  # asked for NumPy alone: torch.compile cannot trace context variables
    given = {name: np.asarray(x) for name, x in arrays.items()} if numpy else arrays
    ready = {name: _widened(_moved(x, device)) for name, x in given.items()}
    try:
        result = call(ready)
    except NotImplementedError as error:  # torch's word for uint64, float8, sparse and nested tensors
        got = f"{dtype_name(ready[main])} in {ready[main].layout}"
        raise TypeError(f"{main} must be dense and of a dtype that torch computes with, got {got}") from error
    for name in updates:
        if name in given and ready[name] is not given[name]:
            given[name][...] = _finished(ready[name], numpy, given[name].dtype)
    return _finished(result, numpy, given[main].dtype if _is_half(given[main]) else None)


def operator(
    *, integers: str, updates: tuple[str, ...] = (), indices: tuple[str, ...] = (), wider: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function of arrays an operator: any library, any device, half precision, and one word about integers.

    Parameters annotated `Array` take arrays of one library on one device. The one named `input` (or else the first)
    settles the rest: half precision is computed in float32, and floating results are rounded back once. A keyword
    `dtype` casts `input` before all else, so the function itself need not read it.

    Args:
        integers: What becomes of integers in `input`: `"refused"`; `"promoted"` to float32, booleans too; `"kept"`,
            booleans refused; or `"any"`, booleans kept as well.
        updates: Array parameters that the function changes in place, such as running statistics.
        indices: Array parameters that hold positions or classes; all others share the dtype of `input`.
        wider: Whether float32 parameters may stand beside half precision, as in the normalizations of torch.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        parameters = inspect.signature(function).parameters.values()
        places = [(each.name, place) for place, each in enumerate(parameters) if "Array" in str(each.annotation)]
        optional = {each.name for each in parameters if "None" in str(each.annotation)}
        names = [name for name, _ in places]
        main = "input" if "input" in names else names[0]

        def arrays_among(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
            given = {name: args[place] if place < len(args) else kwargs.get(name) for name, place in places}
            return {name: x for name, x in given.items() if x is not None or name not in optional}

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            arrays = arrays_among(args, kwargs)
            for name, x in arrays.items():
                _check_array(name, x)
            _check_together(arrays)
            if kwargs.get("dtype") is not None:
                arrays["input"] = _in_asked_dtype(arrays["input"], kwargs["dtype"])
            arrays[main] = _settle_integers(main, arrays[main], integers)
            _check_dtypes(arrays, main, indices, wider)

            def call(ready: dict[str, Any]) -> Any:
                named = {name: x for name, x in ready.items() if name in kwargs}
                placed = [*args]
                for name, place in places:
                    if place < len(args) and name in ready:
                        placed[place] = ready[name]
                return function(*placed, **(kwargs | named))

            if is_torch(arrays[main]):
                return _computed(call, arrays, main, updates)
            # As in torch, nan and inf are the message: a warning beside them would differ between lanes.
            with np.errstate(all="ignore"):
                return _computed(call, arrays, main, updates)

        return run

    return decorate
