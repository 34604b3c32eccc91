"""Which input positions reach a unit: followed tap by tap, in sets of positions, from what each layer does.

Nothing here knows size, jump or start. A network is a list of steps; each step says which positions below it a
position reads along one axis. Two ways are gone: `seen` asks downwards, for maps without borders; `reached` pushes
every input position of a real input upwards, layer by layer, and forgets what falls outside a map.
"""

from fractions import Fraction
from itertools import count, product
from math import floor

from cnnref.receptive_field import AdaptivePool, Branches, GlobalPool, Pad, Upsample


def per_axis(value, axis):
    return value[axis] if isinstance(value, tuple) else value


def sides(padding, axis):
    padding = per_axis(padding, axis)
    return padding if isinstance(padding, tuple) else (padding, padding)


def steps(layers, below=0, found=None):
    """The network as a list of (layer or "join", numbers of the steps below it); step 0 is the input."""
    found = [(None, [])] if found is None else found
    for layer in layers:
        if isinstance(layer, Branches):
            ends = []
            for path in layer.paths:
                steps(path, below, found)
                ends.append(len(found) - 1 if path else below)
            found.append(("join", ends))
        else:
            found.append((layer, [below]))
        below = len(found) - 1
    return found


def taps(layer, axis, place, size=None):
    """The positions that `place` reads along one axis; `size` is that of the map below, None if it has no borders."""
    if layer == "join":
        return [place]
    if isinstance(layer, Pad):
        return [place - sides(layer.padding, axis)[0]]
    if isinstance(layer, Upsample):
        return pixels_around(place, Fraction(per_axis(layer.factor, axis)), layer.mode, size)
    if isinstance(layer, AdaptivePool) and per_axis(layer.size, axis) > 1:
        units = per_axis(layer.size, axis)
        return [q for q in range(size) if q * units < (place + 1) * size and (q + 1) * units > place * size]
    if isinstance(layer, AdaptivePool | GlobalPool):
        return list(range(size))
    k, s, d = (per_axis(v, axis) for v in (layer.kernel_size, layer.stride, layer.dilation))
    before = sides(layer.padding, axis)[0]
    if not layer.transposed:
        return [place * s - before + t * d for t in range(k)]
    near = range((place + before - k * d) // s - 1, (place + before + k * d) // s + 2)
    return [q for q in near if any(q * s - before + t * d == place for t in range(k))]


def pixels_around(place, factor, mode, size):
    """Where interpolation looks: pixels of weight zero are not read; over the border the last pixel is repeated."""
    center = (place + Fraction(1, 2)) / factor - Fraction(1, 2)
    if mode == "nearest":
        found = [floor(place / factor)]
    elif mode == "nearest-exact":
        found = [floor((place + Fraction(1, 2)) / factor)]
    elif center.denominator == 1:
        found = [int(center)]
    else:
        reach = 2 if mode == "bicubic" else 1
        found = [floor(center) + i for i in range(1 - reach, reach + 1)]
    return found if size is None else [min(max(q, 0), size - 1) for q in found]


def units(layer, axis, size):
    """How many units there are: windows are counted."""
    if isinstance(layer, Pad):
        return size + sum(sides(layer.padding, axis))
    if isinstance(layer, Upsample):
        return floor(size * per_axis(layer.factor, axis))
    if isinstance(layer, AdaptivePool):
        return per_axis(layer.size, axis)
    if isinstance(layer, GlobalPool):
        return 1
    k, s, d = (per_axis(v, axis) for v in (layer.kernel_size, layer.stride, layer.dilation))
    before, after = sides(layer.padding, axis)
    if layer.transposed:
        written = [q * s + t * d for q in range(size) for t in range(k)]
        return max(written) + 1 - before - after + per_axis(layer.output_padding, axis)
    # With ceil_mode a window may hang over the end by less than a stride, unless it would start behind the input.
    over = s - 1 if layer.ceil_mode else 0

    def counts(i):
        fits = i * s + d * (k - 1) < size + before + after + over
        return fits and (i * s < size + before or not layer.ceil_mode)

    return next(i for i in count() if not counts(i))


def sizes(layers, input_size):
    """The size of every step's map; a map of one unit is stretched where it is added to larger ones."""
    found = [tuple(input_size)]
    for layer, below in steps(layers)[1:]:
        if layer == "join":
            found.append(tuple(map(max, zip(*(found[b] for b in below), strict=True))))
        else:
            found.append(tuple(units(layer, axis, n) for axis, n in enumerate(found[below[0]])))
    return found


def seen(layers, number, place, input_size=None):
    """Input positions that a unit sees, without borders; only adaptive pooling asks how large its map is."""
    network, maps = steps(layers), input_size and sizes(layers, input_size)
    wanted = {number: {place}}
    for step in range(number, 0, -1):
        layer, below = network[step]
        for place in wanted.pop(step, ()):
            for source in below:
                size = maps[source] if maps and isinstance(layer, AdaptivePool | GlobalPool) else (None,) * len(place)
                read = (taps(layer, axis, x, size[axis]) for axis, x in enumerate(place))
                wanted.setdefault(source, set()).update(product(*read))
    return wanted.get(0, set())


def reached(layers, input_size):
    """For every step and unit, the positions of a real input that reach it."""
    maps = sizes(layers, input_size)
    found = [{place: {place} for place in product(*map(range, input_size))}]
    for (layer, below), size in zip(steps(layers)[1:], maps[1:], strict=True):
        found.append({place: arriving(layer, place, below, found, maps) for place in product(*map(range, size))})
    return found


def arriving(layer, place, below, found, maps):
    """The union of what arrives from below; positions outside a map bring nothing."""
    here = set()
    for source in below:
        read = (taps(layer, axis, x, maps[source][axis]) for axis, x in enumerate(place))
        for q in product(*read):
            stretched = tuple(0 if layer == "join" and n == 1 else x for x, n in zip(q, maps[source], strict=True))
            here |= found[source].get(stretched, set())
    return here


def along(positions, axis):
    """What a set of positions takes up along one axis."""
    return sorted({place[axis] for place in positions})


def span(places):
    return places[-1] - places[0] + 1 if places else 0


def numbers(layers, number, axis, axes, period):
    """Size, touched, jump and start of one step along one axis, measured on two periods of units."""
    diagonal = [(i,) * axes for i in range(2 * period)]
    fields = [along(seen(layers, number, place), axis) for place in diagonal]
    if not any(fields):
        return 0, 0, None, None
    shifts = {b[0] - a[0] for a, b in zip(fields, fields[period:], strict=False) if a}
    assert len(shifts) == 1, "the units do not repeat after one period"
    jump = Fraction(shifts.pop(), period)
    centers = [Fraction(f[0] + f[-1], 2) - i * jump for i, f in enumerate(fields[:period]) if f]
    return max(map(span, fields)), max(map(len, fields)), jump, sum(centers) / len(centers)
