r"""Receptive fields: which part of the input a unit sees.

The terms are those of Araujo, Norris and Sim, *Computing Receptive Fields of Convolutional Neural
Networks*, Distill 2019, [10.23915/distill.00021](https://doi.org/10.23915/distill.00021). A layer with kernel
size $k$, stride $s$, padding $p$ (before the map) and dilation $d$ turns the size $r$, the jump $j$ and the
effective padding $P$ of the layer below it into its own, along each axis by itself:

$$r' = r + d\,(k - 1)\,j \qquad j' = j\,s \qquad P' = P + p\,j \qquad r_0 = j_0 = 1,\ P_0 = 0$$

The field of unit $i$ reaches from input position $i\,j - P$ to $i\,j - P + r - 1$. Its center is
$a + i\,j$ with the start $a = (r - 1) / 2 - P$.

Padding is not input: a unit near the border reads what lies in the input and nothing else. That holds for
padding by zeros; reflected, replicated and wrapped pixels are not followed.

After upsampling, units differ: neighbors may see the same pixels, so jump and start can be fractions. Then
`size` and `touched` are those of the unit that sees most, and `start` is the mean of (center of the field -
$i\,j$) over one period of units, which is the first unit's center where all units are alike.

Axes are followed one by one: in a network with several axes, size and touched tell what a field takes up
along each axis, not the number of pixels of the area.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnnref._field_table import Table
from cnnref._layers import AdaptivePool, Branches, Element, Flatten, GlobalPool, Layer, Pad, Upsample, checked
from cnnref._network import Network

if TYPE_CHECKING:
    from cnnref._effective import EffectiveField


def receptive_field(layers: Sequence[Element | Branches], input_size: int | tuple[int, ...] | None = None) -> Table:
    r"""Follow a network layer by layer and tell what the units of each layer see of the input.

    $$r' = r + d\,(k - 1)\,j \qquad j' = j\,s \qquad P' = P + p\,j \qquad a = (r - 1) / 2 - P$$

    Args:
        layers: What the network is made of, from the input upwards: `Layer`, `Pad`, `Upsample`,
            `AdaptivePool`, `GlobalPool`, `Flatten`, and `Branches` of lists of these.
        input_size: Size of the input, an int for all axes or a tuple. Without it, whatever depends on borders
            is None: `output_size`, `coverage`, `clipped`, and the field after global pooling.

    Returns:
        A table with one row per layer; see `Row` for its columns.

    Raises:
        TypeError: If `layers` holds anything else, or `input_size` is not an int or a tuple of ints.
        ValueError: If the layers disagree about the number of axes, a layer leaves no unit, or paths join whose
            sizes or jumps differ.

    Araujo, Norris and Sim, [10.23915/distill.00021](https://doi.org/10.23915/distill.00021).

    Examples:
        >>> from cnnref.receptive_field import Layer, receptive_field
        >>> table = receptive_field([Layer(3), Layer(3), Layer(2, stride=2), Layer(3, dilation=2)])
        >>> [(row.size, row.touched, row.jump, row.start) for row in table]
        [(3, 3, 1, 1), (5, 5, 1, 2), (6, 6, 2, Fraction(5, 2)), (14, 14, 2, Fraction(13, 2))]
        >>> table.input_region(0)
        range(0, 14)
    """
    elements = list(all_elements(layers))
    if input_size is not None:
        input_size = checked("input_size", input_size, 1)
    network = Network(number_of_axes(elements, input_size), input_size)
    network.path(layers, 0)
    return network.table()


def all_elements(layers: Sequence[Element | Branches]):
    """Every layer, on every path."""
    if not isinstance(layers, list | tuple):
        raise TypeError(f"layers must be a list of layers, got {layers!r}")
    for layer in layers:
        if isinstance(layer, Branches):
            for path in layer.paths:
                yield from all_elements(path)
        elif isinstance(layer, Element):
            yield layer
        else:
            raise TypeError(f"layers must hold layers such as Layer(3), got {layer!r}")


def number_of_axes(elements: Sequence[Element], input_size: int | tuple[int, ...] | None) -> int:
    """The one number of axes that layers and input speak of; 1 stands for any number of equal axes."""
    axes = {} if not isinstance(input_size, tuple) else {len(input_size): "input_size"}
    for element in elements:
        if element.axes is not None:
            axes.setdefault(element.axes, f"layer {element.name or element.text!r}")
    if len(axes) > 1:
        raise ValueError(f"all must have one number of axes, got {', '.join(f'{v} with {k}' for k, v in axes.items())}")
    return next(iter(axes), 1)


def trace(module: Any, input_size: int | tuple[int, ...] | None = None) -> Table:
    """The table of a `torch.nn.Module`: its forward pass is followed through `torch.fx`.

    Convolutions, transposed convolutions, pooling, padding, interpolation, pixel shuffling, sums and
    concatenations are followed, as modules and as functions; normalization, activations and dropout change no
    field (the statistics of group, instance and layer normalization are not counted as reading). `Flatten` and a
    mean over all spatial axes give the whole input. A row has the name of its module.

    Args:
        module: The network; none of its weights is read.
        input_size: Spatial size of the input, an int or a tuple.

    Returns:
        The table, as from `receptive_field`. Layers that change no field have no row.

    Raises:
        TypeError: If `module` is not a `torch.nn.Module`.
        ValueError: If the network holds layers or functions that cannot be followed: all of them are named.
    """
    from cnnref._tracing import traced

    return traced(module, input_size)


def effective(module: Any, input_size: int | tuple[int, ...], **options: Any) -> EffectiveField:
    r"""The effective receptive field: how strongly each input position moves the unit in the middle.

    $$E_p = \frac{1}{N} \sum_{n=1}^{N} \sum_c \left( \frac{\partial\, g_n^\top y_m(x_n)}{\partial x_{n c p}} \right)^2$$

    where $y_m$ are the channels of the unit in the middle, $g_n$ is a random direction among them and $n$ counts
    random inputs and seeds. One backward pass is not enough: a max pooling passes the gradient to its winner
    only, so that a single input under-reports the field. Squares do not cancel.

    Args:
        module: A `torch.nn.Module`, used in evaluation mode and left as it is; or a function without arguments
            that makes one, called once for each seed to average over initial weights as well.
        input_size: Spatial size of the input, a tuple with one entry for each spatial axis.
        **options: `channels` of the input (default: those that the first convolution expects), `samples`
            (random normal inputs for each seed, 32), `seeds` ((0,)), `mass` (0.9545, within two standard
            deviations), `unit` (the position whose field is measured; the one in the middle).

    Returns:
        An object with `map` (a tensor of the input's spatial shape that sums to 1), `radius` (of the smallest disc
            around the center of mass that holds `mass` of the map, in input positions), `size` (as Luo et al.
            define it: the d-th root, for d axes, of the number of positions whose influence, the root of the map,
            is above `1 - mass` of the greatest) and `support` (positions from the first to the last that moved the
            unit at all, along each axis: with enough samples, the receptive field).

    Raises:
        TypeError: If `module` is neither a module nor a function that makes one.
        ValueError: If an option is out of range.

    Luo, Li, Urtasun and Zemel, *Understanding the Effective Receptive Field in Deep Convolutional Neural
    Networks*, NeurIPS 2016, [arXiv:1701.04128](https://arxiv.org/abs/1701.04128).
    """
    from cnnref._effective import measured

    return measured(module, input_size, **options)


ENTRY = re.compile(
    r"(?P<transposed>t?)(?P<kernel_size>\d+(?:x\d+)*)(?:/(?P<stride>\d+(?:x\d+)*))?"
    r"(?:p(?P<padding>\d+(?::\d+)?(?:x\d+(?::\d+)?)*))?(?:d(?P<dilation>\d+(?:x\d+)*))?"
    r"(?:o(?P<output_padding>\d+(?:x\d+)*))?(?P<ceil_mode>c?)"
)
OTHER_ENTRIES = (
    (re.compile(r"up(\d+(?:x\d+)*)(?:-([a-z-]+))?"), lambda f, mode: Upsample(numbers(f), mode or "nearest")),
    (re.compile(r"pad(-?\d+(?::-?\d+)?(?:x-?\d+(?::-?\d+)?)*)"), lambda padding: Pad(numbers(padding))),
    (re.compile(r"adaptive(\d+(?:x\d+)*)"), lambda size: AdaptivePool(numbers(size))),
    (re.compile(r"global"), GlobalPool),
    (re.compile(r"flatten"), Flatten),
)


def numbers(text: str):
    """`3` is 3, `3x5` is (3, 5), `0:1x2` is ((0, 1), 2)."""
    entries = tuple(tuple(map(int, e.split(":"))) if ":" in e else int(e) for e in text.split("x"))
    return entries if "x" in text or ":" in text else entries[0]


def parsed(entry: str) -> Element:
    """A layer in the notation of the command line: `3`, `2/2`, `3x5p1x2d2`, `t4/2p1`, `up2-bilinear`, `global`."""
    for pattern, make in OTHER_ENTRIES:
        if match := pattern.fullmatch(entry):
            return make(*match.groups())
    match = ENTRY.fullmatch(entry)
    if not match:
        raise ValueError(f"a layer must be written like 3, 2/2, 3x5/2p1d2, t4/2p1, up2 or global, got {entry!r}")
    flags = {flag: bool(match[flag]) for flag in ("transposed", "ceil_mode")}
    given = {name: numbers(text) for name, text in match.groupdict().items() if text and name not in flags}
    return Layer(**given, **flags)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: `python -m cnnref.receptive_field 3 3 2/2 3`."""
    from cnnref.architectures import PRESETS

    parser = argparse.ArgumentParser("python -m cnnref.receptive_field", description="Receptive fields of a chain.")
    parser.add_argument("layers", nargs="*", help="kernel[/stride][pPADDING][dDILATION], as in 3, 2/2 or 3x5/2p1d2; "
                        "t... is transposed, also up2[-bilinear], pad1, adaptive7, global, flatten")  # fmt: skip
    parser.add_argument("--input", help="size of the input: 224 or 224x320")
    parser.add_argument("--preset", choices=PRESETS, help="a known network in place of layers: its end points")
    parser.add_argument("--all", action="store_true", help="all layers of the preset")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    options = parser.parse_args(arguments)
    if bool(options.layers) == bool(options.preset):
        parser.error("give either layers or --preset")
    try:
        table = table_for(options, PRESETS.get(options.preset))
    except ValueError as error:
        parser.error(str(error))
    print(table.to_markdown() if options.markdown else table)
    return 0


def table_for(options: argparse.Namespace, preset) -> Table:
    """The table that these options ask for."""
    if options.input and not re.fullmatch(r"\d+(x\d+)*", options.input):
        raise ValueError(f"--input must be written like 224 or 224x320, got {options.input!r}")
    layers = preset.layers if preset else [parsed(entry) for entry in options.layers]
    table = receptive_field(layers, numbers(options.input) if options.input else None)
    return table.select(*preset.end_points) if preset and not options.all else table


if __name__ == "__main__":
    # Imported anew: the presets are made of the layers of that module, not of this one.
    from cnnref.receptive_field import main as imported_main

    sys.exit(imported_main())
