"""The table of receptive fields: its rows, the way from a unit to its pixels and back, and how it prints."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnnref._layers import Element
from cnnref._positions import NOTHING, Positions, Reads, union

COLUMNS = ("size", "touched", "jump", "start", "padding")
SIZED_COLUMNS = ("output_size", "coverage", "clipped")


@dataclass(slots=True)
class Node:
    """One step of a network with everything known about it; every tuple has one entry per axis."""

    element: Element | None
    depth: int
    sources: tuple[int, ...]  # the numbers of the nodes it reads
    reads: tuple[tuple[Reads | None, ...], ...]  # by source, then by axis; None reads everything
    sizes: tuple[int | None, ...]
    fields: tuple  # Field or None: the whole input
    offsets: dict[int, tuple]  # of the paths that are not aligned with the first

    @property
    def name(self) -> str:
        return self.element.name or self.element.text


class Table(Sequence):
    """One row for each layer, in order; `table["conv3"]` is the row of that name, `table[-1]` the last one.

    Attributes:
        input_size: Size of the input as it was given.
        aligned: Whether all paths that join are aligned.
    """

    def __init__(self, nodes: list[Node], input_size: int | tuple[int, ...] | None, shown: Iterable[int] | None = None):
        self.input_size = input_size
        self._nodes = nodes
        self._shown = list(range(1, len(nodes)) if shown is None else shown)
        self._axes = len(nodes[0].sizes)
        self._seen: dict[tuple[int, int], Positions] = {}

    def __len__(self) -> int:
        return len(self._shown)

    def __getitem__(self, key):
        if isinstance(key, str):
            return self._named(key)
        if isinstance(key, slice):
            return Table(self._nodes, self.input_size, self._shown[key])
        return Row(self, self._shown[key])

    def _named(self, name: str) -> Row:
        found = [number for number in self._shown if self._nodes[number].name == name]
        if len(found) != 1:
            raise ValueError(f"a row must be named by a name that one layer has, got {name!r}, which {len(found)} have")
        return Row(self, found[0])

    def select(self, *names: str) -> Table:
        """The table of these rows only: the end points of a network, say."""
        return Table(self._nodes, self.input_size, [self._named(name)._number for name in names])

    @property
    def aligned(self) -> bool:
        return all(row.aligned for row in self)

    def input_region(self, index: int | tuple[int, ...], clip: bool = False) -> range | tuple[range, ...]:
        """The input positions that unit `index` of the last row sees; see `Row.input_region`."""
        return self[-1].input_region(index, clip)

    def output_index(self, pixel: int | tuple[int, ...]) -> range | tuple[range, ...]:
        """The units of the last row that see `pixel`; see `Row.output_index`."""
        return self[-1].output_index(pixel)

    def to_dict(self) -> dict:
        """Lists, numbers and strings only, ready for JSON; fractions become floats."""
        return {"input_size": plain(self.input_size), "rows": [row.to_dict() for row in self]}

    def to_markdown(self) -> str:
        """The table for a Markdown page."""
        head, *body = self._cells()
        lines = [head, ["---", *("---:" for _ in head[1:])], *([cell.replace("|", r"\|") for cell in r] for r in body)]
        text = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        return "\n\n".join([text, *self._reports()])

    def __str__(self) -> str:
        rows = self._cells()
        widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
        lines = [justified(cells, widths) for cells in rows]
        lines.insert(1, "  ".join("-" * w for w in widths))
        return "\n".join([*lines, *self._reports()])

    def __repr__(self) -> str:
        return f"<Table of {len(self)} layers>"

    def _cells(self) -> list[list[str]]:
        columns = COLUMNS if self.input_size is None else COLUMNS + SIZED_COLUMNS
        head = ["layer", *(c.removesuffix("_size") if c == "output_size" else c for c in columns)]
        return [head, *(["· " * row.depth + row.name, *(shown(getattr(row, c)) for c in columns)] for row in self)]

    def _reports(self) -> list[str]:
        return [row.report for row in self if not row.aligned]

    def _below(self, number: int, axis: int, units: Positions) -> Positions:
        """The input positions that these units of a node really read: everything outside a map is left out.

        The sets walk down through the graph, the highest node first. As soon as they are one whole map, the
        answer is the same for every row above it and is kept.
        """
        pending, whole_maps = {number: units}, []
        while 0 not in pending or len(pending) > 1:
            top = max(pending, default=None)
            if top is None:
                pending = {0: NOTHING}
                break
            units = pending.pop(top)
            if not pending and units.count == self._nodes[top].sizes[axis]:
                if (top, axis) in self._seen:
                    pending = {0: self._seen[top, axis]}
                    break
                whole_maps.append((top, axis))
            self._step_down(pending, self._nodes[top], axis, units)
        self._seen.update(dict.fromkeys(whole_maps, pending[0]))
        return pending[0]

    def _step_down(self, pending: dict[int, Positions], node: Node, axis: int, units: Positions) -> None:
        for source, reads in zip(node.sources, node.reads, strict=True):
            size = self._nodes[source].sizes[axis]
            below = everything(size) if reads[axis] is None else reads[axis].of(units).within(0, size)
            if below:
                pending[source] = union([pending.get(source, NOTHING), below])

    def _above(self, number: int, axis: int, pixel: int) -> Positions:
        """The units of a node that really read this input position."""
        live = {0: Positions(pixel)}
        for above in range(1, number + 1):
            node = self._nodes[above]
            read = (
                self._readers(reads[axis], live[source], node.sizes[axis])
                for source, reads in zip(node.sources, node.reads, strict=True)
                if source in live
            )
            if units := union(read):
                live[above] = units
        return live.get(number, NOTHING)

    @staticmethod
    def _readers(reads: Reads | None, positions: Positions, size: int | None) -> Positions:
        return everything(size) if reads is None else reads.readers.of(positions).within(0, size)


class Row:
    """What one layer's units see of the input.

    Numbers are ints (fractions where upsampling leaves no ints), one where all axes agree, else a tuple.

    Attributes:
        name: The layer's name.
        size: Input positions that the field spans, from the first to the last; the largest, where units differ.
        touched: Input positions that a unit really reads; fewer than `size` where dilation or stride leaves holes.
        jump: Input positions between neighboring units; None after global pooling.
        start: Where the first unit's field has its center, counted from the center of input position 0.
        padding: Effective padding: positions that the first field hangs over the input.
        output_size: Units along an axis; None without `input_size`.
        coverage: Share of the input that the field of the unit in the middle spans, borders considered.
        clipped: Whether borders cut the field of the unit in the middle (unit `output_size // 2`).
        aligned: Whether the paths that join here agree on where their units are.
        misaligned: For each path that does not (counted from 0), how far its start lies after that of the first.
        report: The same in a sentence; empty if all is well.
    """

    def __init__(self, table: Table, number: int):
        self._table, self._number, self._node = table, number, table._nodes[number]

    name = property(lambda self: self._node.name)
    depth = property(lambda self: self._node.depth)
    layer = property(lambda self: self._node.element)

    @property
    def size(self):
        return self._of_fields(lambda field: field.size, lambda middle: middle.span)

    @property
    def touched(self):
        return self._of_fields(lambda field: field.touched, lambda middle: middle.count)

    @property
    def jump(self):
        return self._of_fields(lambda field: field.jump, lambda middle: None)

    @property
    def start(self):
        return self._of_fields(lambda field: field.start, lambda middle: exact(Fraction(middle.first + middle.last, 2)))

    @property
    def padding(self):
        return self._of_fields(lambda field: field.padding, lambda middle: -middle.first)

    @property
    def output_size(self) -> int | tuple[int, ...] | None:
        return one(self._node.sizes)

    @property
    def coverage(self):
        return self._in_the_middle(lambda axis, seen: seen.span / self._table._nodes[0].sizes[axis])

    @property
    def clipped(self):
        return self._in_the_middle(self._is_cut)

    @property
    def aligned(self) -> bool:
        return not self._node.offsets

    @property
    def misaligned(self) -> dict:
        return {path: one(offset) for path, offset in self._node.offsets.items()}

    @property
    def report(self) -> str:
        return "; ".join(
            f"{self.name}: path {path} starts {shown(offset)} input positions after path 0, so the paths are misaligned"
            for path, offset in self.misaligned.items()
        )

    def input_region(self, index: int | tuple[int, ...], clip: bool = False) -> range | tuple[range, ...]:
        """The input positions that unit `index` sees, from the first to the last.

        Args:
            index: Number of the unit, counted from 0; a tuple where the table has several axes.
            clip: Whether positions outside the input are left out, and with them what padding inside the
                network hides; this needs `input_size`.

        Returns:
            A `range`, or one per axis. Without `clip` it may start below 0 and end beyond the input.

        Raises:
            TypeError: If `index` is not an int or a tuple of ints, one per axis.
            ValueError: If there is no such unit, or `clip` is asked for without `input_size`.
        """
        return self._per_axis(index, "index", self._node.sizes, lambda axis, i: region(self._read_by(axis, i, clip)))

    def positions(self, index: int | tuple[int, ...], clip: bool = False) -> tuple:
        """The input positions that unit `index` really reads, holes left out; arguments as in `input_region`.

        Returns:
            A tuple of ints, or one per axis.
        """
        return self._per_axis(index, "index", self._node.sizes, lambda axis, i: tuple(self._read_by(axis, i, clip)))

    def output_index(self, pixel: int | tuple[int, ...]) -> range | tuple[range, ...]:
        """The units that see an input position, from the first to the last.

        Args:
            pixel: The input position, counted from 0; a tuple where the table has several axes.

        Returns:
            A `range`, or one per axis; empty if no unit sees it. Under dilation or stride some units in
                between may not.

        Raises:
            TypeError: If `pixel` is not an int or a tuple of ints, one per axis.
            ValueError: If it lies outside the input.
        """
        sizes = self._table._nodes[0].sizes
        return self._per_axis(pixel, "pixel", sizes, lambda axis, p: region(self._table._above(self._number, axis, p)))

    def to_dict(self) -> dict:
        """Lists, numbers and strings only, ready for JSON; fractions become floats."""
        row = {column: plain(getattr(self, column)) for column in ("name", *COLUMNS, *SIZED_COLUMNS, "aligned")}
        return row | {"misaligned": [{"path": p, "offset": plain(o)} for p, o in self.misaligned.items()]}

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{c}={shown(getattr(self, c))}' for c in ('name', *COLUMNS))})"

    def _of_fields(self, known: Callable, whole: Callable):
        """A number of the field on each axis; of the middle unit's field where units see the whole input."""
        values = []
        for axis, field in enumerate(self._node.fields):
            if field is not None:
                values.append(known(field))
            else:
                values.append(None if self._node_is_unsized else whole(self._seen_in_the_middle(axis)))
        return one(values)

    @property
    def _node_is_unsized(self) -> bool:
        return self._table._nodes[0].sizes[0] is None

    def _in_the_middle(self, value: Callable[[int, Positions], object]):
        if self._node_is_unsized:
            return None
        axes = range(len(self._node.sizes))
        return one([value(axis, self._seen_in_the_middle(axis)) for axis in axes])

    def _seen_in_the_middle(self, axis: int) -> Positions:
        middle = Positions(self._node.sizes[axis] // 2)
        return self._table._below(self._number, axis, middle)

    def _is_cut(self, axis: int, seen: Positions) -> bool:
        field = self._node.fields[axis]
        return field is not None and region(seen) != region(field.of(self._node.sizes[axis] // 2))

    def _read_by(self, axis: int, index: int, clip: bool) -> Positions:
        field = self._node.fields[axis]
        if clip or field is None:
            if self._node_is_unsized:
                raise ValueError("input_size must be given for a region that ends at the borders, got None")
            return self._table._below(self._number, axis, Positions(index))
        return field.of(index)

    def _per_axis(self, place, name: str, sizes: tuple[int | None, ...], look: Callable[[int, int], object]):
        places = place if isinstance(place, tuple) else (place,)
        if len(places) != len(sizes) or not all(isinstance(p, int) for p in places):
            raise TypeError(f"{name} must be {'an int' if len(sizes) == 1 else f'{len(sizes)} ints'}, got {place!r}")
        for p, size in zip(places, sizes, strict=True):
            if p < 0 or (size is not None and p >= size):
                raise ValueError(f"{name} must lie in 0, ..., {'' if size is None else size - 1}, got {place!r}")
        found = tuple(look(axis, p) for axis, p in enumerate(places))
        return found if len(sizes) > 1 else found[0]


@functools.cache
def everything(size: int | None) -> Positions:
    """All units of a map; of an endless one, its first."""
    return Positions(0, 1, 1 if size is None else size)


def region(positions: Positions) -> range:
    return range(positions.first, positions.last + 1) if positions else range(0)


def exact(number: int | Fraction) -> int | Fraction:
    """An int where the number is one."""
    return number.numerator if number.denominator == 1 else number


def one(values: Sequence):
    """The value itself where all axes agree, else the tuple of them."""
    return values[0] if all(v == values[0] for v in values) else tuple(values)


def plain(value):
    """A number, string or list in place of a fraction or tuple."""
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    return float(value) if isinstance(value, Fraction) else value


def shown(value) -> str:
    if isinstance(value, tuple):
        return " x ".join(map(shown, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1%}"
    return "-" if value is None else str(value)


def width(text: str) -> int:
    """Columns in a terminal: Chinese characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def justified(cells: Iterable[str], widths: Iterable[int]) -> str:
    """The name to the left, numbers to the right."""
    return "  ".join(_padded(cells, widths)).rstrip()


def _padded(cells: Iterable[str], widths: Iterable[int]) -> Iterator[str]:
    for column, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        room = " " * (wide - width(cell))
        yield room + cell if column else cell + room
