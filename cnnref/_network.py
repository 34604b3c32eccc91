"""A network as a graph of layers, each with the receptive field of its units: three recurrences, and how paths meet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnnref._field_table import Node, Table, exact
from cnnref._layers import AdaptivePool, Branches, Element, GlobalPool, Join
from cnnref._positions import EACH, Positions, Reads, union


def grown_size(size: int, jump: int, span: int) -> int:
    """r' = r + (span - 1) j, where a window spans d (k - 1) + 1 units of the map below it."""
    return size + (span - 1) * jump


def grown_jump(jump: int, stride: int) -> int:
    """j' = j s."""
    return jump * stride


def grown_padding(effective_padding: int, jump: int, padding: int) -> int:
    """P' = P + p j."""
    return effective_padding + padding * jump


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field along one axis; `pattern` tells which input positions each unit reads."""

    size: int
    jump: int | Fraction
    padding: int | Fraction | None  # None if no unit reads any input: a transposed layer can leave gaps
    pattern: Reads

    @property
    def start(self) -> int | Fraction | None:
        return None if self.padding is None else exact(Fraction(self.size - 1, 2) - self.padding)

    @property
    def touched(self) -> int:
        return max(taps.count for taps in self.pattern.taps)

    def of(self, unit: int) -> Positions:
        """The input positions of one unit, as if the input had no borders."""
        return self.pattern.unit(unit)

    def through(self, reads: Reads) -> Field:
        """The field of a layer that reads this one."""
        if self.pattern.outputs > 1 or reads.outputs > 1 or not self.size:
            return field_of(reads.after(self.pattern))
        taps, jump = reads.taps[0], self.pattern.inputs
        return Field(
            grown_size(self.size, jump, taps.span),
            grown_jump(jump, reads.inputs),
            grown_padding(self.padding, jump, -taps.first),
            reads.after(self.pattern),
        )


PIXEL = Field(1, 1, 0, EACH)  # an input position sees itself


def field_of(pattern: Reads) -> Field:
    """Size, jump and padding of units that read the input in this pattern."""
    jump = Fraction(pattern.inputs, pattern.outputs)
    size = max(taps.span for taps in pattern.taps)
    centers = [Fraction(t.first + t.last, 2) - i * jump for i, t in enumerate(pattern.taps) if t]
    mean = Fraction(sum(centers), len(centers)) if centers else None
    padding = None if mean is None else exact(Fraction(size - 1, 2) - mean)
    return Field(size, exact(jump), padding, pattern)


def joined(fields: Sequence[Field]) -> Field:
    """The field of units that read the unit of their own number in several maps: the union of the fields."""
    period = math.lcm(*(f.pattern.outputs for f in fields))
    advance = exact(fields[0].jump * period)
    return field_of(Reads(period, advance, tuple(union(f.of(i) for f in fields) for i in range(period))))


class Network:
    """A graph of layers that grows upwards and knows the field of each."""

    def __init__(self, axes: int, input_size: int | tuple[int, ...] | None):
        self.input_size = input_size
        sizes = input_size if isinstance(input_size, tuple) else (input_size,) * axes
        self.nodes = [Node(None, 0, (), (), sizes, (PIXEL,) * axes, {})]

    def layer(self, element: Element, source: int, depth: int = 0) -> int:
        """Put a layer upon a node; the number of the new node."""
        below = self.nodes[source]
        reads = tuple([element.reads(axis, size) for axis, size in enumerate(below.sizes)])
        sizes = tuple([self._units(element, axis, size) for axis, size in enumerate(below.sizes)])
        return self._add(Node(element, depth, (source,), (reads,), sizes, self._fields(below, reads), {}))

    def _fields(self, below: Node, reads: Sequence[Reads | None]) -> tuple[Field | None, ...]:
        fields: list[Field | None] = []
        for axis, (field, pattern) in enumerate(zip(below.fields, reads, strict=True)):
            # Square networks have one field for all axes: it is followed once.
            like_first = axis > 0 and field is below.fields[0] and pattern is reads[0]
            fields.append(fields[0] if like_first else seen_through(field, pattern))
        return tuple(fields)

    @staticmethod
    def _units(element: Element, axis: int, size: int | None) -> int | None:
        if size is None and not isinstance(element, AdaptivePool | GlobalPool):
            return None
        units = element.output_size(axis, size)
        if units < 1:
            name = element.name or element.text
            raise ValueError(f"layer {name!r} must leave at least one unit, got {units} from a map of {size}")
        return units

    def join(self, sources: Sequence[int], how: str, name: str = "", depth: int = 0) -> int:
        """Add or concatenate the maps of several nodes."""
        element = Join(how, name)
        name, below = name or element.text, [self.nodes[s] for s in sources]
        sizes = tuple(self._common_size(name, how, on_axis) for on_axis in zip(*(n.sizes for n in below), strict=True))
        reads = tuple(tuple(None if n == 1 != m else EACH for n, m in zip(b.sizes, sizes, strict=True)) for b in below)
        meeting = list(zip(*(b.fields for b in below), strict=True))
        self._check_jumps(name, meeting)
        fields = tuple(None if None in fields else joined(fields) for fields in meeting)
        return self._add(Node(element, depth, tuple(sources), reads, sizes, fields, offsets_of(meeting)))

    @staticmethod
    def _common_size(name: str, how: str, sizes: Sequence[int | None]) -> int | None:
        if None in sizes:
            return None
        different = list(dict.fromkeys(s for s in sizes if not (how == "add" and s == 1)))
        if len(different) > 1:
            raise ValueError(
                f"the paths that join at {name!r} must end with maps of equal size, got {' and '.join(map(str, sizes))}"
            )
        return different[0] if different else sizes[0]

    @staticmethod
    def _check_jumps(name: str, meeting: list[tuple[Field | None, ...]]) -> None:
        for fields in meeting:
            jumps = [f.jump for f in fields if f is not None]
            if len(set(jumps)) > 1:
                raise ValueError(
                    f"the paths that join at {name!r} must have equal jumps, got {' and '.join(map(str, jumps))}"
                )

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def path(self, elements: Sequence[Element | Branches], source: int, depth: int = 0) -> int:
        """Put a list of layers upon a node; the number of the last one."""
        for element in elements:
            if isinstance(element, Branches):
                ends = [self.path(path, source, depth + 1) for path in element.paths]
                source = self.join(ends, element.join, element.name, depth)
            else:
                source = self.layer(element, source, depth)
        return source

    def table(self) -> Table:
        return Table(self.nodes, self.input_size)


def seen_through(field: Field | None, reads: Reads | None) -> Field | None:
    return None if field is None or reads is None else field.through(reads)


def offsets_of(meeting: list[tuple[Field | None, ...]]) -> dict[int, tuple]:
    """How far the start of each path lies after that of the first, for the paths where it does."""
    starts = [[None if field is None else field.start for field in fields] for fields in meeting]
    offsets = {
        path: tuple(0 if None in (s[0], s[path]) else exact(Fraction(s[path] - s[0])) for s in starts)
        for path in range(1, len(starts[0]))
    }
    return {path: offset for path, offset in offsets.items() if any(offset)}
