"""The lanes: a library of arrays on a device. Tests run in all five; what readers see is run in three of them."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Any

import numpy as np

import cnnref


@dataclass(frozen=True)
class Lane:
    """One place to compute: `library` is the distribution, `device` what its creation functions are told."""

    name: str
    library: str
    namespace: str
    device_name: str | None = None

    def why_absent(self) -> str | None:
        """What is missing here for this lane, in one sentence; None if nothing is."""
        if find_spec(self.library) is None:
            return f"{self.library} is not installed"
        if self.device_name == "cuda":
            torch = import_module("torch")
            if not torch.cuda.is_available():
                return f"torch {torch.__version__} sees no CUDA device"
        return None

    @property
    def xp(self) -> Any:
        """The functions of the library under the names of the array API standard."""
        return import_module(self.namespace)

    @property
    def device(self) -> Any:
        """The device as the library has it; `cuda` with its index, as a tensor reports it."""
        if self.library == "array_api_strict":
            return self.xp.Device(self.device_name)
        if self.library == "torch":
            return self.xp.empty(0, device=self.device_name).device
        return self.device_name

    @property
    def has_values(self) -> bool:
        """Whether arrays hold numbers; on torch's `meta` device they are shape, dtype and device alone."""
        return self.device_name != "meta"

    def has(self, dtype: str) -> bool:
        """Whether the library has this dtype: NumPy has no bfloat16, array-api-strict no half precision at all."""
        return hasattr(self.xp, dtype)

    def asarray(self, x: Any, dtype: str | None = None) -> Any:
        """A NumPy array (or nested lists) as an array of this lane; `dtype` by name, if not its own."""
        x = np.asarray(x)
        if self.library == "torch" and not x.flags.writeable:
            x = x.copy()
        array = self.xp.asarray(x, device=self.device)
        return array if dtype is None else self.xp.astype(array, getattr(self.xp, dtype))

    def assert_close(self, y: Any, expected: Any, dtype: str | None = None, rtol: float = 0, atol: float = 0) -> None:
        """Compare with what NumPy expects: library, dtype, shape, device and, where there are any, values.

        Without tolerances values must be equal. In NumPy a scalar is not taken for an array of rank 0.
        """
        from array_api_extra.testing import assert_close

        expected = self.asarray(expected, dtype)
        if dtype == "bfloat16":  # which NumPy cannot compare
            assert y.dtype == expected.dtype, f"{y.dtype} is not {expected.dtype}"
            y, expected = (self.xp.astype(each, self.xp.float32) for each in (y, expected))
        assert_close(y, expected, rtol=rtol, atol=atol, check_scalar=True)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run cnnref's NumPy calls in this lane, with every digit that float32 has."""
        if self.name == "numpy":
            with cnnref.use_device(None):
                yield
        else:
            with cnnref.use_device(self.device_name), self._full_float32():
                yield

    @contextlib.contextmanager
    def _full_float32(self) -> Iterator[None]:
        """Keep matrix products and convolutions on a GPU from rounding float32 to TF32's ten bits."""
        backends = import_module("torch").backends
        switches = [backends.cuda.matmul, backends.cudnn]
        before = [each.allow_tf32 for each in switches]
        try:
            for each in switches:
                each.allow_tf32 = False
            yield
        finally:
            for each, was in zip(switches, before, strict=True):
                each.allow_tf32 = was

    def versions(self) -> dict[str, str]:
        """What a result in this lane rests on: Python, the libraries, and the device by its name."""
        found = {"python": platform.python_version(), "cnnref": cnnref.__version__, "numpy": np.__version__}
        if self.library == "array_api_strict":
            found["array-api-strict"] = metadata.version("array-api-strict")
        if self.library == "torch":
            found["torch"] = import_module("torch").__version__
        return found | {"device": self._device_in_words()}

    def _device_in_words(self) -> str:
        if self.device_name == "cuda":
            cuda = import_module("torch").cuda
            return f"{cuda.get_device_name()}, CUDA {import_module('torch').version.cuda}"
        if self.device_name in (None, "cpu"):
            return f"CPU, {platform.machine()}"
        return str(self.device_name)


LANES = {
    lane.name: lane
    for lane in (
        Lane("numpy", "numpy", "array_api_compat.numpy"),
        # A device that is not the default finds arrays made on the wrong one, without a GPU; so does torch's `meta`.
        Lane("array-api-strict", "array_api_strict", "array_api_strict", "device1"),
        Lane("torch-cpu", "torch", "array_api_compat.torch", "cpu"),
        Lane("torch-meta", "torch", "array_api_compat.torch", "meta"),
        Lane("torch-cuda", "torch", "array_api_compat.torch", "cuda"),
    )
}
NAMES = tuple(LANES)
# Where the snippets of pages and docstrings run: what a reader can have.
PAGE_LANES = ("numpy", "torch-cpu", "torch-cuda")
