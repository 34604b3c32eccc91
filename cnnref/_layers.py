"""What a network is made of, as far as receptive fields can tell: windows, resampling, joins."""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnnref._positions import EACH, NEIGHBORS, Reads, adaptive_window, resampled, transposed_window, window

Ints = int | tuple[int, ...]
Pads = int | tuple[int | tuple[int, int], ...]


def checked(name: str, value: object, least: int | None) -> Ints:
    """An int or a tuple of 1 to 3 ints, each at least `least`; anything else is refused in one sentence."""
    if type(value) is int and (least is None or value >= least):
        return value
    rule = f"{name} must be an int or a tuple of 1 to 3 ints" + ("" if least is None else f", each at least {least}")
    several = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not all(isinstance(v, int) and not isinstance(v, bool) for v in several):
        raise TypeError(f"{rule}, got {value!r}")
    if not 1 <= len(several) <= 3 or (least is not None and min(several) < least):
        raise ValueError(f"{rule}, got {value!r}")
    return several if isinstance(value, list | tuple) else value


def checked_padding(value: object, least: int | None) -> Pads:
    """An int, or for each axis an int or a pair (before, after)."""
    pairs = isinstance(value, list | tuple) and any(isinstance(v, list | tuple) for v in value)
    if not pairs:
        return checked("padding", value, least)
    if any(isinstance(v, list | tuple) and len(v) != 2 for v in value):
        raise ValueError(f"padding must be an int or, for each axis, an int or a pair (before, after), got {value!r}")
    sides = [tuple(v) if isinstance(v, list | tuple) else (v, v) for v in value]
    for side in (0, 1):
        checked("padding", tuple(pair[side] for pair in sides), least)
    return tuple(sides)


def on_axis(value: Pads | Fraction, axis: int):
    return value[axis] if isinstance(value, tuple) else value


def both_sides(padding: Pads, axis: int) -> tuple[int, int]:
    """What is added before and after the map along one axis."""
    sides = on_axis(padding, axis)
    return sides if isinstance(sides, tuple) else (sides, sides)


def common_axes(name: str, *values: object) -> int | None:
    """How many axes these arguments speak of: None if each is one number for all axes."""
    lengths = {len(v) for v in values if type(v) is tuple}
    if len(lengths) > 1:
        raise ValueError(f"the arguments of a {name} must have one number of axes, got {sorted(lengths)}")
    return lengths.pop() if lengths else None


def written(value: Pads) -> str:
    """`3x5`, `3`, `1:2x0`: as the command line takes it."""
    if not isinstance(value, tuple):
        return str(value)
    return "x".join(":".join(map(str, v)) if isinstance(v, tuple) else str(v) for v in value)


class Element(ABC):
    """One step of a network: `reads` tells which positions a unit reads, `output_size` how many units there are."""

    name: str = ""
    axes: int | None = None

    @abstractmethod
    def reads(self, axis: int, size: int | None) -> Reads | None:
        """The pattern along one axis; None if every unit reads all positions."""

    @abstractmethod
    def output_size(self, axis: int, size: int) -> int:
        """How many units a map of `size` units gives along one axis."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The layer in the notation of the command line."""


@dataclass(frozen=True)
class Layer(Element):
    """A convolution or a pooling: a window that slides over the map below it.

    Each argument is an int, the same for all axes, or a tuple with one entry per axis (one to three).

    Args:
        kernel_size: Positions that a window reads along an axis; even sizes are welcome.
        stride: Step between neighboring windows.
        padding: Positions added on either side; for unequal sides a pair (before, after) for each axis,
            as in `((0, 1), (0, 1))`.
        dilation: Step between neighboring positions of one window.
        name: What to call the layer in the table; the layer in the notation of the command line if not given.
        transposed: Whether the window writes instead of reading, as in `conv_transpose2d`.
        output_padding: Units added at the end of a transposed layer's output.
        ceil_mode: Whether a last window that hangs over the end counts, as in `max_pool2d`.

    Raises:
        TypeError: If an argument is neither an int nor a tuple of ints.
        ValueError: If a value is out of range, or two arguments speak of different numbers of axes.

    Examples:
        >>> from cnnref.receptive_field import Layer
        >>> Layer((3, 5), stride=2, padding=(1, 2)).text
        '3x5/2p1x2'
    """

    kernel_size: Ints
    stride: Ints = 1
    padding: Pads = 0
    dilation: Ints = 1
    name: str = ""
    transposed: bool = False
    output_padding: Ints = 0
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        for field, least in (("kernel_size", 1), ("stride", 1), ("dilation", 1), ("output_padding", 0)):
            self.__dict__[field] = checked(field, self.__dict__[field], least)
        self.__dict__["padding"] = checked_padding(self.padding, 0)
        self._check_output()
        self.axes  # noqa: B018  (raises if the arguments disagree)

    def _check_output(self) -> None:
        if self.transposed and self.ceil_mode:
            raise ValueError("ceil_mode must be False for a transposed layer, got True")
        if not self.transposed and self.output_padding != 0:
            raise ValueError(f"output_padding must be 0 unless the layer is transposed, got {self.output_padding}")

    @functools.cached_property
    def axes(self) -> int | None:
        arguments = self.kernel_size, self.stride, self.padding, self.dilation, self.output_padding
        return common_axes("layer", *arguments)

    def reads(self, axis: int, size: int | None) -> Reads:
        pattern = transposed_window if self.transposed else window
        kernel_size, stride, dilation = self.kernel_size, self.stride, self.dilation
        before, _ = both_sides(self.padding, axis)
        return pattern(on_axis(kernel_size, axis), on_axis(stride, axis), before, on_axis(dilation, axis))

    def output_size(self, axis: int, size: int) -> int:
        stride, (before, after) = on_axis(self.stride, axis), both_sides(self.padding, axis)
        reach = on_axis(self.dilation, axis) * (on_axis(self.kernel_size, axis) - 1)
        if self.transposed:
            return (size - 1) * stride - before - after + reach + on_axis(self.output_padding, axis) + 1
        room = size + before + after - reach - 1
        if not self.ceil_mode:
            return room // stride + 1
        # A window that would start in the padding after the input is left out, as torch does.
        return min(-(-room // stride), (size + before - 1) // stride) + 1

    @functools.cached_property
    def text(self) -> str:
        parts = ["t" * self.transposed, written(self.kernel_size)]
        signs = (("/", self.stride, 1), ("p", self.padding, 0), ("d", self.dilation, 1), ("o", self.output_padding, 0))
        parts += [sign + written(value) for sign, value, default in signs if value != default]
        return "".join(parts) + "c" * self.ceil_mode


@dataclass(frozen=True)
class Pad(Element):
    """Positions added around a map, or cut off where the number is negative (a crop).

    Args:
        padding: An int, or for each axis an int or a pair (before, after).
        name: What to call it in the table.
    """

    padding: Pads
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "padding", checked_padding(self.padding, None))

    @property
    def axes(self) -> int | None:
        return common_axes("padding", self.padding)

    def reads(self, axis: int, size: int | None) -> Reads:
        return window(1, 1, both_sides(self.padding, axis)[0], 1)

    def output_size(self, axis: int, size: int) -> int:
        return size + sum(both_sides(self.padding, axis))

    @property
    def text(self) -> str:
        return f"pad{written(self.padding)}"


@dataclass(frozen=True)
class Upsample(Element):
    """Interpolation with the corners not aligned (`align_corners=False`), in exact arithmetic.

    Args:
        factor: How many pixels stand where one stood: an int or `Fraction`, or a tuple with one per axis.
        mode: `nearest`, `nearest-exact`, `linear`, `bilinear`, `trilinear` or `bicubic`.
        name: What to call it in the table.

    Raises:
        TypeError: If `factor` is not an int, a `Fraction` or a tuple of these.
        ValueError: If `factor` is not positive, or `mode` is unknown.
    """

    factor: int | Fraction | tuple[int | Fraction, ...]
    mode: str = "nearest"
    name: str = ""

    def __post_init__(self) -> None:
        several = tuple(self.factor) if isinstance(self.factor, list | tuple) else (self.factor,)
        if not all(isinstance(f, int | Fraction) and not isinstance(f, bool) for f in several):
            raise TypeError(f"factor must be an int or a Fraction, or a tuple of 1 to 3 of them, got {self.factor!r}")
        if not 1 <= len(several) <= 3 or min(several) <= 0:
            raise ValueError(f"factor must be positive, for 1 to 3 axes, got {self.factor!r}")
        if self.mode not in NEIGHBORS:
            raise ValueError(f"mode must be one of {', '.join(NEIGHBORS)}, got {self.mode!r}")
        object.__setattr__(self, "factor", several if isinstance(self.factor, list | tuple) else self.factor)

    @property
    def axes(self) -> int | None:
        return common_axes("layer", self.factor)

    def reads(self, axis: int, size: int | None) -> Reads:
        outputs, inputs = Fraction(on_axis(self.factor, axis)).as_integer_ratio()
        return resampled(outputs, inputs, self.mode)

    def output_size(self, axis: int, size: int) -> int:
        return math.floor(size * on_axis(self.factor, axis))

    @property
    def text(self) -> str:
        return f"up{written(self.factor)}" + (f"-{self.mode}" if self.mode != "nearest" else "")


@dataclass(frozen=True)
class AdaptivePool(Element):
    """Pooling to a map of given size, whatever the size below: the windows depend on `input_size`, which is needed.

    Args:
        size: Units along an axis: an int, or a tuple with one per axis.
        name: What to call it in the table.
    """

    size: Ints
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", checked("size", self.size, 1))

    @property
    def axes(self) -> int | None:
        return common_axes("layer", self.size)

    def reads(self, axis: int, size: int | None) -> Reads | None:
        outputs = on_axis(self.size, axis)
        if outputs == 1:
            return None
        if size is None:
            raise ValueError(f"input_size must be given for an adaptive pooling to {outputs} units, got None")
        return adaptive_window(size, outputs)

    def output_size(self, axis: int, size: int | None) -> int:
        return on_axis(self.size, axis)

    @property
    def text(self) -> str:
        return f"adaptive{written(self.size)}"


@dataclass(frozen=True)
class GlobalPool(Element):
    """One unit that reads the whole map; so does every unit after it.

    Args:
        name: What to call it in the table.
    """

    name: str = ""
    axes = None
    text = "global"

    def reads(self, axis: int, size: int | None) -> None:
        return None

    def output_size(self, axis: int, size: int | None) -> int:
        return 1


@dataclass(frozen=True)
class Flatten(GlobalPool):
    """The map as one vector, for a fully connected layer: each unit after it reads the whole map.

    Args:
        name: What to call it in the table.
    """

    text = "flatten"


@dataclass(frozen=True)
class Branches:
    """Paths that start at one map and join again: a residual block, an Inception module.

    Args:
        paths: One list of layers for each path; an empty list is the identity.
        join: `add` (maps of equal size, or one unit for all) or `concat` (maps of equal size, one behind the other).
        name: What to call the join in the table.

    Raises:
        TypeError: If `paths` is not a sequence of sequences.
        ValueError: If there are fewer than two paths, or `join` is unknown.

    Examples:
        >>> from cnnref.receptive_field import Branches, Layer, receptive_field
        >>> block = Branches([[Layer(3, padding=1), Layer(3, padding=1)], []], join="add", name="block")
        >>> receptive_field([block])["block"].size
        5
    """

    paths: Sequence[Sequence[Element | Branches]]
    join: str = "add"
    name: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.paths, list | tuple) or not all(isinstance(p, list | tuple) for p in self.paths):
            raise TypeError(f"paths must be a list of lists of layers, got {self.paths!r}")
        if len(self.paths) < 2:
            raise ValueError(f"paths must be at least two lists of layers, got {len(self.paths)}")
        if self.join not in ("add", "concat"):
            raise ValueError(f"join must be 'add' or 'concat', got {self.join!r}")


@dataclass(frozen=True)
class Join(Element):
    """Where paths meet: each unit reads the unit of its own number in every path."""

    how: str
    name: str = ""
    axes = None

    def reads(self, axis: int, size: int | None) -> Reads:
        return EACH

    def output_size(self, axis: int, size: int) -> int:
        return size

    @property
    def text(self) -> str:
        return self.how
