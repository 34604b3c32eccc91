"""Sets of positions along one axis, and the pattern by which units read them: whole numbers only."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# A set with holes costs one bit a position: 16 MiB here, more than any image or recording needs.
LARGEST_WITH_HOLES = 1 << 27


@dataclass(frozen=True, slots=True)
class Positions:
    """The positions `first + pitch * i` for `i < length`; those where `bits` has a one, if it is given.

    The first and the last position always belong to the set, so that `first`, `last` and `span` are exact.
    """

    first: int = 0
    pitch: int = 1
    length: int = 1
    bits: int | None = None

    @staticmethod
    def of(members: Iterable[int]) -> Positions:
        """The set of these integers."""
        members = sorted(set(members))
        if len(members) < 2:
            return Positions(members[0]) if members else NOTHING
        pitch = math.gcd(*(b - a for a, b in itertools.pairwise(members)))
        return trimmed(members[0], pitch, sum(1 << (m - members[0]) // pitch for m in members))

    def __bool__(self) -> bool:
        return self.length > 0

    def __iter__(self) -> Iterator[int]:
        places = range(self.length)
        return (self.first + self.pitch * i for i in places if self.bits is None or self.bits >> i & 1)

    @property
    def last(self) -> int:
        return self.first + self.pitch * (self.length - 1)

    @property
    def span(self) -> int:
        return self.last - self.first + 1 if self else 0

    @property
    def count(self) -> int:
        return self.length if self.bits is None else self.bits.bit_count()

    def shifted(self, by: int) -> Positions:
        return Positions(self.first + by, self.pitch, self.length, self.bits)

    def scaled(self, by: int) -> Positions:
        return Positions(self.first * by, self.pitch * by, self.length, self.bits)

    def within(self, low: int, high: int | None) -> Positions:
        """Those in `low, ..., high - 1`; `None` sets no upper border."""
        start = max(0, -((self.first - low) // self.pitch))
        stop = self.length if high is None else min(self.length, (high - 1 - self.first) // self.pitch + 1)
        if start == 0 and stop == self.length:
            return self
        if start >= stop:
            return NOTHING
        first = self.first + start * self.pitch
        if self.bits is None:
            return Positions(first, self.pitch, stop - start)
        return trimmed(first, self.pitch, self.bits >> start & ones(stop - start))

    def plus(self, other: Positions) -> Positions:
        """Every sum of a position of this set and one of the other (Minkowski sum)."""
        if not self or not other:
            return NOTHING
        if other.length == 1:
            return self.shifted(other.first)
        if self.length == 1:
            return other.shifted(self.first)
        return self._filled(other) or self._swept(other)

    def _filled(self, other: Positions) -> Positions | None:
        """The sum when it has no holes: a comb without holes fills every gap of the other set."""
        pitch = math.gcd(self.pitch, other.pitch)
        for comb, coarse in ((self, other), (other, self)):
            gap = coarse.pitch if coarse.bits is None else coarse.span
            if comb.bits is None and comb.pitch == pitch and gap <= pitch * comb.length:
                return Positions(self.first + other.first, pitch, (self.span + other.span - 2) // pitch + 1)
        return None

    def _swept(self, other: Positions) -> Positions:
        """The sum as bits: one set, copied to every position of the other."""
        pitch = math.gcd(self.pitch, other.pitch)
        check_countable((self.span + other.span) // pitch)
        moved, comb = (self, other) if other.bits is None else (other, self)
        bits, step = spread(moved, pitch), comb.pitch // pitch
        if comb.bits is None:
            bits = smeared(bits, step, comb.length)
        else:
            bits = functools.reduce(lambda sum_, m: sum_ | bits << (m - comb.first) // pitch, comb, 0)
        return trimmed(self.first + other.first, pitch, bits)

    def split(self, cycle: int) -> list[Positions]:
        """Parts whose members leave the same remainder when divided by `cycle`."""
        if self.bits is not None:
            return [Positions(member) for member in self]
        turns = cycle // math.gcd(self.pitch, cycle)
        pitch = self.pitch * turns
        return [
            Positions(self.first + self.pitch * i, pitch, -((i - self.length) // turns))
            for i in range(min(turns, self.length))
        ]


NOTHING = Positions(length=0)


def ones(count: int) -> int:
    return (1 << count) - 1


def trimmed(first: int, pitch: int, bits: int) -> Positions:
    """The set of these bits, without zeros at its ends and without bits where there are no holes."""
    if not bits:
        return NOTHING
    zeros = (bits & -bits).bit_length() - 1
    bits >>= zeros
    holes = bits & (bits + 1)
    return Positions(first + zeros * pitch, pitch, bits.bit_length(), bits if holes else None)


def spread(positions: Positions, pitch: int) -> int:
    """The bits of a set on a finer grid: zeros go between them."""
    bits = ones(positions.length) if positions.bits is None else positions.bits
    gap = positions.pitch // pitch - 1
    return int(("0" * gap).join(f"{bits:b}"), 2) if gap else bits


def smeared(bits: int, step: int, copies: int) -> int:
    """The union of `copies` copies, `step` apart, by doubling."""
    done = 1
    while done < copies:
        more = min(done, copies - done)
        bits |= bits << step * more
        done += more
    return bits


def check_countable(length: int) -> None:
    if length > LARGEST_WITH_HOLES:
        raise ValueError(f"a field with holes must span at most {LARGEST_WITH_HOLES} positions, got {length}")


def union(sets: Iterable[Positions]) -> Positions:
    """Every position that is in one of the sets."""
    sets = sorted((s for s in sets if s), key=lambda s: s.first)
    if len(sets) < 2:
        return sets[0] if sets else NOTHING
    return _merged(sets) or _overlaid(sets)


def _merged(sets: list[Positions]) -> Positions | None:
    """The union when it is one comb without holes."""
    pitch = math.gcd(*(s.pitch for s in sets if s.length > 1)) or 1
    first, last = sets[0].first, sets[0].last
    for s in sets:
        on_grid = s.bits is None and (s.first - first) % pitch == 0 and (s.length == 1 or s.pitch == pitch)
        if not on_grid or s.first > last + pitch:
            return None
        last = max(last, s.last)
    return Positions(first, pitch, (last - first) // pitch + 1)


def _overlaid(sets: list[Positions]) -> Positions:
    """The union as bits on the grid that holds all the sets."""
    first = sets[0].first
    pitch = math.gcd(*(s.pitch for s in sets if s.length > 1), *(s.first - first for s in sets)) or 1
    check_countable((max(s.last for s in sets) - first) // pitch + 1)
    bits = (spread(s, pitch) << (s.first - first) // pitch for s in sets)
    return trimmed(first, pitch, functools.reduce(operator.or_, bits))


@dataclass(frozen=True, slots=True)
class Reads:
    """Which positions each unit reads: unit `i` reads `taps[i % outputs] + inputs * (i // outputs)`.

    After `outputs` units the pattern comes back, `inputs` positions further. A strided window has one
    pattern of taps (`outputs=1`, `inputs=stride`), a transposed one has one for each phase
    (`outputs=stride`, `inputs=1`), and patterns of patterns are patterns again.
    """

    outputs: int
    inputs: int
    taps: tuple[Positions, ...]

    def unit(self, index: int) -> Positions:
        """What one unit reads."""
        turn, phase = divmod(index, self.outputs)
        return self.taps[phase].shifted(self.inputs * turn)

    def of(self, units: Positions) -> Positions:
        """What a set of units reads together."""
        if self.outputs == 1:
            return units.scaled(self.inputs).plus(self.taps[0])
        return union(self._of_one_phase(part) for part in units.split(self.outputs))

    def _of_one_phase(self, units: Positions) -> Positions:
        turn, phase = divmod(units.first, self.outputs)
        step = units.pitch * self.inputs // self.outputs or 1
        return Positions(turn * self.inputs, step, units.length).plus(self.taps[phase])

    def after(self, below: Reads) -> Reads:
        """The pattern through two layers: what is read below by what is read here."""
        if self.outputs == below.outputs == 1:
            return Reads(1, self.inputs * below.inputs, (below.of(self.taps[0]),))
        turns = below.outputs // math.gcd(below.outputs, self.inputs)
        period = self.outputs * turns
        advance = self.inputs * turns // below.outputs * below.inputs
        return Reads(period, advance, tuple(below.of(self.unit(i)) for i in range(period)))

    @property
    def readers(self) -> Reads:
        """The other way round: which units read each position. It turns a window into a transposed window."""
        readers: list[list[int]] = [[] for _ in range(self.inputs)]
        for phase, taps in enumerate(self.taps):
            for tap in taps:
                turn, rest = divmod(tap, self.inputs)
                readers[rest].append(phase - self.outputs * turn)
        return Reads(self.inputs, self.outputs, tuple(map(Positions.of, readers)))


EACH = Reads(1, 1, (Positions(),))  # every unit reads the position of its own number


@functools.cache
def window(kernel_size: int, stride: int, before: int, dilation: int) -> Reads:
    """Unit `i` reads `i * stride - before + t * dilation` for `t < kernel_size`."""
    return Reads(1, stride, (Positions(-before, dilation if kernel_size > 1 else 1, kernel_size),))


@functools.cache
def transposed_window(kernel_size: int, stride: int, before: int, dilation: int) -> Reads:
    """Position `q` is written to units `q * stride - before + t * dilation`: a window, read backwards."""
    return window(kernel_size, stride, before, dilation).readers


@functools.cache
def adaptive_window(inputs: int, outputs: int) -> Reads:
    """Unit `i` reads from `floor(i * inputs / outputs)` up to `ceil((i + 1) * inputs / outputs)`."""
    common = math.gcd(inputs, outputs)
    n, m = inputs // common, outputs // common
    return Reads(m, n, tuple(Positions.of(range(i * n // m, -(-(i + 1) * n // m))) for i in range(m)))


@functools.cache
def resampled(outputs: int, inputs: int, mode: str) -> Reads:
    """`outputs` pixels stand where `inputs` stood, each a mixture of the old pixels around its center."""
    return Reads(outputs, inputs, tuple(NEIGHBORS[mode](i, outputs, inputs) for i in range(outputs)))


def nearest(index: int, outputs: int, inputs: int) -> Positions:
    return Positions(index * inputs // outputs)


def nearest_exact(index: int, outputs: int, inputs: int) -> Positions:
    return Positions((2 * index + 1) * inputs // (2 * outputs))


def around(index: int, outputs: int, inputs: int, reach: int) -> Positions:
    """`reach` pixels on either side of the center `(index + 1/2) * inputs / outputs - 1/2`; one if it hits a pixel."""
    below, rest = divmod((2 * index + 1) * inputs - outputs, 2 * outputs)
    return Positions(below - reach + 1, 1, 2 * reach) if rest else Positions(below)


linear = functools.partial(around, reach=1)
cubic = functools.partial(around, reach=2)
NEIGHBORS = {
    "nearest": nearest,
    "nearest-exact": nearest_exact,
    "linear": linear,
    "bilinear": linear,
    "trilinear": linear,
    "bicubic": cubic,
}
