"""Receptive fields against sets of positions that are followed tap by tap, against torch, and published numbers."""

import json
import random
import re
import subprocess
import sys
from fractions import Fraction

import pytest

from cnnref._network import grown_jump, grown_padding, grown_size
from cnnref.architectures import PRESETS
from cnnref.receptive_field import (
    AdaptivePool,
    Branches,
    Flatten,
    GlobalPool,
    Layer,
    Pad,
    Upsample,
    effective,
    main,
    parsed,
    receptive_field,
    trace,
)
from tests import receptive_field_cases as cases
from tests import receptive_field_oracle as oracle

# 8,500 networks along one axis, 2,000 with two, in portions that two cores can share.
PORTIONS = [(1, 850, portion) for portion in range(10)] + [(2, 200, portion) for portion in range(10)]


def last(*layers, input_size=None):
    return receptive_field(list(layers), input_size)[-1]


def per_axis(value, axes):
    return value if isinstance(value, tuple) else (value,) * axes


def region(places):
    return range(places[0], places[-1] + 1) if places else range(0)


# --- random networks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("axes", "networks", "portion"), PORTIONS)
def test_random_networks_agree_with_sets_of_positions(axes, networks, portion):
    compared = 0
    for seed in range(portion * networks, (portion + 1) * networks):
        draw = random.Random(seed)
        layers, input_size = cases.network(draw, axes)
        arriving = oracle.reached(layers, input_size)
        # With two axes a unit that reads nothing along one reads nothing along the other: one by one does not see that.
        if axes > 1 and not all(all(step.values()) for step in arriving):
            continue
        compared += 1
        table, known = receptive_field(layers, input_size), {}
        for number in range(1, len(table) + 1):
            try:
                if number in (len(table), draw.randint(1, len(table))):
                    check_borders(table, layers, number, arriving[number], draw)
                check_numbers(table, layers, number, known)
            except AssertionError as error:
                error.add_note(f"seed {seed}: step {number} of {layers} on {input_size}")
                raise
    assert compared > 0.9 * networks


def check_numbers(table, layers, number, known):
    """Size, touched, jump, start, padding and alignment, as if the input had no borders."""
    row, axes, (step, below) = table[number - 1], len(table.input_size), oracle.steps(layers)[number]
    if isinstance(step, AdaptivePool | GlobalPool):
        return
    for axis in range(axes):
        wanted = oracle.numbers(layers, number, axis, axes, cases.period(layers))
        known[number, axis] = size, _, _, start = wanted
        found = tuple(
            per_axis(value, axes)[axis] for value in (row.size, row.touched, row.jump, row.start, row.padding)
        )
        if start is None:  # no unit sees anything: nobody can tell where
            assert (*found[:2], *found[3:]) == (0, 0, None, None)
            continue
        assert found == (*wanted, Fraction(size - 1, 2) - start)
        starts = [known[source, axis][3] if source else 0 for source in below]
        told = {path: per_axis(offset, axes)[axis] for path, offset in row.misaligned.items()}
        offsets = {
            path: s - starts[0] for path, s in enumerate(starts) if None not in (s, starts[0]) and s != starts[0]
        }
        assert {path: offset for path, offset in told.items() if offset} == offsets


def check_borders(table, layers, number, arriving, draw):
    """Output size, coverage, clipped, and the way from a unit to its positions and back, on the real input."""
    row, axes, input_size = table[number - 1], len(table.input_size), table.input_size
    middle = tuple(n // 2 for n in per_axis(row.output_size, axes))
    place = draw.choice(sorted(arriving))
    pixel = tuple(draw.randrange(n) for n in input_size)
    assert max(arriving) == tuple(n - 1 for n in per_axis(row.output_size, axes))
    index, wanted = (place, pixel) if axes > 1 else (place[0], pixel[0])
    found = row.input_region(index, clip=True), row.input_region(index), row.positions(index), row.output_index(wanted)
    for axis, (clipped, whole, positions, units) in enumerate(zip(*found, strict=True) if axes > 1 else [found]):
        in_the_middle = oracle.along(arriving[middle], axis)
        assert per_axis(row.coverage, axes)[axis] == oracle.span(in_the_middle) / input_size[axis]
        assert clipped == region(oracle.along(arriving[place], axis))
        seeing = [unit for unit, seen in arriving.items() if pixel[axis] in oracle.along(seen, axis)]
        assert units == region(oracle.along(seeing, axis))
        if per_axis(row.jump, axes)[axis] is None:  # the whole input: the field ends at the borders
            field = per_axis(row.size, axes)[axis], per_axis(row.touched, axes)[axis]
            assert field == (oracle.span(in_the_middle), len(in_the_middle))
            assert not per_axis(row.clipped, axes)[axis]
            continue
        without_borders = oracle.along(oracle.seen(layers, number, middle, input_size), axis)
        assert per_axis(row.clipped, axes)[axis] == (region(in_the_middle) != region(without_borders))
        everywhere = oracle.along(oracle.seen(layers, number, place, input_size), axis)
        assert (whole, list(positions)) == (region(everywhere), everywhere)


# --- what known calculators get wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(("padding", "start"), [(0, 2), (2, 0)])
def test_dilation_moves_the_start(padding, start):
    assert last(Layer(3, dilation=2, padding=padding)).start == start  # reported elsewhere: 1 and -1


def test_dilated_window_spans_five_and_touches_three():
    row = last(Layer(3, dilation=2))

    assert (row.size, row.touched, row.positions(1)) == (5, 3, (1, 3, 5))  # span reported elsewhere as 3


def test_axes_differ():
    row = last(Layer((3, 5), stride=(1, 2)), Layer(2, 2))

    assert (row.size, row.jump, row.start) == ((4, 7), (2, 4), (Fraction(3, 2), 3))  # refused, or read as 3


def test_transposed_convolution_sees_something():
    row = last(Layer(4, stride=2, padding=1, transposed=True), input_size=5)

    assert (row.size, row.jump, row.output_size) == (2, Fraction(1, 2), 10)  # reported elsewhere: 0 and -2
    assert [row.input_region(i) for i in range(3)] == [range(-1, 1), range(2), range(2)]


def test_upsampling_is_followed():
    nearest = receptive_field([Layer(3, padding=1), Upsample(2), Layer(3, padding=1)])

    assert [(row.size, row.jump) for row in nearest] == [(3, 1), (3, Fraction(1, 2)), (4, Fraction(1, 2))]


def test_the_longest_path_counts_in_a_residual_block():
    row = last(Layer(3, 2, 1), Branches([[Layer(3, padding=1), Layer(3, padding=1)], []]))

    assert (row.size, row.jump, row.aligned) == (11, 2, True)


def test_pooling_doubles_the_jump_not_the_field():
    table = receptive_field([Layer(3), Layer(2, 2), Layer(3)])

    assert [(row.size, row.jump) for row in table] == [(3, 1), (4, 2), (8, 2)]


def test_two_3x3_layers_see_5x5_and_the_stride_of_the_last_layer_does_not_matter():
    assert last(Layer(3), Layer(3)).size == last(Layer(3), Layer(3, 7)).size == last(Layer(5)).size == 5


def test_one_backward_pass_through_max_pooling_misses_what_many_find(torch):
    torch.manual_seed(0)
    net = torch.nn.Sequential(*(m for _ in range(2) for m in (torch.nn.Conv2d(1, 1, 3), torch.nn.MaxPool2d(2))))
    size = trace(net)[-1].size

    assert size == 10
    assert max(effective(net, (14, 14), samples=1).support) < size
    assert effective(net, (14, 14), samples=400).support == (size, size)


def test_temporal_network_is_763_long():
    """Seven blocks of two 4-tap layers with dilations 1, 2, ..., 64: one reader measured 2304 with float equality."""
    causal = [Layer(4, dilation=2**i, padding=((3 * 2**i, 0),)) for i in range(7) for _ in range(2)]
    row = last(*causal, input_size=(2000,))

    assert (row.size, row.padding, row.output_size) == (763, 762, 2000)
    assert row.input_region(1000, clip=True) == range(238, 1001)


def test_leftover_pixels_are_not_seen():
    """A strided window leaves the tenth pixel unread; the padded layer above reads a unit that is not there."""
    row = last(Layer(3, 2), Layer(3, padding=1), input_size=10)

    assert (row.input_region(3), row.input_region(3, clip=True)) == (range(4, 11), range(4, 9))
    assert row.output_index(9) == range(0)


# --- the row ---------------------------------------------------------------------------------------------------------


def test_recurrences_are_those_of_the_paper():
    size, jump, padding = 1, 1, 0
    for layer, row in zip(
        layers := [Layer(7, 2, 3), Layer(3, 2, 1), Layer(3, 1, 2, 2)], receptive_field(layers), strict=True
    ):
        size = grown_size(size, jump, layer.dilation * (layer.kernel_size - 1) + 1)
        padding = grown_padding(padding, jump, layer.padding)
        jump = grown_jump(jump, layer.stride)
        assert (row.size, row.jump, row.padding, row.start) == (size, jump, padding, Fraction(size - 1, 2) - padding)


def test_units_of_an_upsampled_map_share_the_start_of_what_was_there():
    row = last(Layer(2, 2), Upsample(2))

    assert (row.size, row.jump, row.start, row.padding) == (2, 1, 0, Fraction(1, 2))


def test_paths_of_different_periods_join():
    """One path repeats after three units, the other after two: together after six."""
    shrink, grow = Upsample((Fraction(2, 3),)), Upsample((Fraction(3, 2),))
    layers = [Branches([[shrink, grow], [grow, shrink]])]
    row = last(*layers)

    assert (row.size, row.touched, row.jump, row.start) == oracle.numbers(layers, 5, 0, 1, 6)
    for unit in range(12):
        assert list(row.positions(unit)) == oracle.along(oracle.seen(layers, 5, (unit,)), 0)


def test_misaligned_paths_are_told():
    wide, right = [Layer(4, padding=((1, 2), (2, 1)))], [Layer(3, padding=1)]
    table = receptive_field([Branches([right, wide, []], name="sum")])
    row = table["sum"]

    assert not table.aligned
    assert (row.aligned, row.misaligned) == (False, {1: (Fraction(1, 2), Fraction(-1, 2))})
    assert row.report == "sum: path 1 starts 1/2 x -1/2 input positions after path 0, so the paths are misaligned"
    assert row.report in str(table)
    assert row.to_dict()["misaligned"] == [{"path": 1, "offset": [0.5, -0.5]}]


def test_branches_nest():
    inner = Branches([[Layer(3, padding=1)], []], join="concat")
    row = last(Branches([[Layer(5, padding=2), inner], []]), input_size=9)

    assert (row.size, row.output_size, row.aligned) == (7, 9, True)


@pytest.mark.parametrize("whole", [GlobalPool(), Flatten(), AdaptivePool(1)])
def test_global_layers_see_what_the_map_sees(whole):
    row = last(Layer(3, 2), whole, Layer(1), input_size=(10, 9))

    assert (row.size, row.touched, row.coverage) == (9, 9, (0.9, 1.0))
    assert (row.jump, row.start, row.padding, row.output_size, row.clipped) == (None, 4, 0, 1, False)
    assert row.input_region((0, 0)) == (range(9), range(9))
    assert row.output_index((9, 8)) == (range(0), range(1))
    known = last(Layer(3, 2), whole)
    assert (known.size, known.touched, known.jump, known.start, known.padding) == (None,) * 5


def test_gate_of_a_whole_map_gives_the_whole_map():
    """Squeeze and excitation: one unit is multiplied with all of a map."""
    row = last(Layer(3, padding=1), Branches([[], [GlobalPool(), Layer(1)]]), Layer(3), input_size=12)

    assert (row.size, row.coverage, row.output_size) == (12, 1.0, 10)
    assert row.output_index(0) == range(10)


def test_way_back_without_input_size():
    row = last(Layer(3, padding=1), Layer(2, 2))

    assert row.input_region(3) == range(5, 9)
    assert row.output_index(5) == range(2, 4)
    assert (row.output_size, row.coverage, row.clipped) == (None, None, None)


def test_deep_chains_keep_exact_numbers():
    row = last(*[Layer(3, 2)] * 200)

    assert row.size == row.touched == 2**201 - 1
    assert row.start == 2**200 - 1


def test_no_layers_no_rows():
    assert (list(receptive_field([])), str(receptive_field([])).split()[0]) == ([], "layer")


# --- the table -------------------------------------------------------------------------------------------------------


def test_table_prints_for_a_terminal():
    table = receptive_field([Layer(3, name="卷积"), Layer(2, 2, name="pool")], input_size=8)

    assert str(table).splitlines() == [
        "layer  size  touched  jump  start  padding  output  coverage  clipped",
        "-----  ----  -------  ----  -----  -------  ------  --------  -------",
        "卷积      3        3     1      1        0       6     37.5%       no",
        "pool      4        4     2    3/2        0       3     50.0%       no",
    ]


def test_table_prints_for_a_page():
    table = receptive_field([Branches([[Layer((3, 1), name="a|b", padding=(1, 0))], []], name="sum")])

    assert table.to_markdown().splitlines() == [
        "| layer | size | touched | jump | start | padding |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        r"| · a\|b | 3 x 1 | 3 x 1 | 1 | 0 | 1 x 0 |",
        "| sum | 3 x 1 | 3 x 1 | 1 | 0 | 1 x 0 |",
    ]


def test_dictionary_is_ready_for_json():
    table = receptive_field([Layer((2, 3), 2, name="a")], input_size=(8, 9))

    assert json.loads(json.dumps(table.to_dict())) == table.to_dict()
    assert table.to_dict() == {
        "input_size": [8, 9],
        "rows": [
            {
                "name": "a",
                "size": [2, 3],
                "touched": [2, 3],
                "jump": 2,
                "start": [0.5, 1],
                "padding": 0,
                "output_size": 4,
                "coverage": [2 / 8, 3 / 9],
                "clipped": False,
                "aligned": True,
                "misaligned": [],
            }
        ],
    }


def test_rows_are_found_by_name_number_and_slice():
    table = receptive_field([Layer(3, name="a"), Layer(3), Layer(3), Layer(2, 2, name="b")])

    assert (table["b"].size, table[0].name, len(table[1:]), table[1:]["b"].size) == (8, "a", 3, 8)
    assert [row.name for row in table.select("b", "a")] == ["b", "a"]
    assert (table.input_region(1), table.output_index(3)) == (range(2, 10), range(2))
    assert repr(table[0]) == "Row(name=a, size=3, touched=3, jump=1, start=1, padding=0)"
    assert repr(table) == "<Table of 4 layers>"
    with pytest.raises(ValueError, match="got 'c', which 0 have"):
        table["c"]
    with pytest.raises(ValueError, match="got '3', which 2 have"):
        table["3"]


# --- wrong input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "kind", "sentence"),
    [
        (lambda: Layer(0), ValueError, "kernel_size must be an int or a tuple of 1 to 3 ints, each at least 1, got 0"),
        (lambda: Layer(3, (1, 0)), ValueError, "stride must be an int or .* each at least 1, got (1, 0)"),
        (lambda: Layer(3.0), TypeError, "kernel_size must be an int .* got 3.0"),
        (lambda: Layer(True), TypeError, "kernel_size must be an int .* got True"),
        (lambda: Layer((3,) * 4), ValueError, "kernel_size must be .* got (3, 3, 3, 3)"),
        (lambda: Layer(3, dilation=0), ValueError, "dilation must be .* got 0"),
        (lambda: Layer(3, padding=-1), ValueError, "padding must be an int .* each at least 0, got -1"),
        (
            lambda: Layer(3, padding=((1, 2, 3),)),
            ValueError,
            "padding must be .* a pair (before, after), got ((1, 2, 3),)",
        ),
        (lambda: Layer(3, padding=((1, -2),)), ValueError, "padding must be .* each at least 0, got (-2,)"),
        (
            lambda: Layer((3, 3), (1, 1, 1)),
            ValueError,
            "the arguments of a layer must have one number of axes, got [2, 3]",
        ),
        (
            lambda: Layer(3, output_padding=1),
            ValueError,
            "output_padding must be 0 unless the layer is transposed, got 1",
        ),
        (
            lambda: Layer(3, transposed=True, ceil_mode=True),
            ValueError,
            "ceil_mode must be False for a transposed .* got True",
        ),
        (lambda: Upsample(0), ValueError, "factor must be positive, for 1 to 3 axes, got 0"),
        (lambda: Upsample(1.5), TypeError, "factor must be an int or a Fraction, .* got 1.5"),
        (lambda: Upsample(2, "area"), ValueError, "mode must be one of nearest, .* got 'area'"),
        (lambda: AdaptivePool(0), ValueError, "size must be .* got 0"),
        (lambda: Branches([[]]), ValueError, "paths must be at least two lists of layers, got 1"),
        (lambda: Branches([Layer(3), []]), TypeError, "paths must be a list of lists of layers, got .*"),
        (lambda: Branches([[], []], "mul"), ValueError, "join must be 'add' or 'concat', got 'mul'"),
        (lambda: receptive_field(Layer(3)), TypeError, "layers must be a list of layers, got .*"),
        (lambda: receptive_field([3]), TypeError, "layers must hold layers such as Layer(3), got 3"),
        (lambda: receptive_field([Layer(3)], 0), ValueError, "input_size must be .* got 0"),
        (lambda: receptive_field([Layer(3)], "8"), TypeError, "input_size must be .* got '8'"),
        (
            lambda: receptive_field([Layer(3, name="c"), Layer(5)], 4),
            ValueError,
            "layer '5' must leave at least one unit, got -2 .*",
        ),
        (
            lambda: receptive_field([Layer((3, 3))], (8,)),
            ValueError,
            "all must have one number of axes, got input_size with 1, layer '3x3' with 2",
        ),
        (
            lambda: receptive_field([Branches([[Layer(1, 2)], []], name="x")]),
            ValueError,
            "the paths that join at 'x' must have equal jumps, got 2 and 1",
        ),
        (
            lambda: receptive_field([Branches([[Layer(3)], []], name="x")], 8),
            ValueError,
            "the paths that join at 'x' must end with maps of equal size, got 6 and 8",
        ),
        (
            lambda: receptive_field([Branches([[GlobalPool()], []], "concat")], 8),
            ValueError,
            "the paths that join at 'concat' must end with maps of equal size, got 1 and 8",
        ),
        (
            lambda: receptive_field([AdaptivePool(2)]),
            ValueError,
            "input_size must be given for an adaptive pooling to 2 units, .*",
        ),
        (lambda: last(Layer(3), input_size=8).input_region(6), ValueError, "index must lie in 0, ..., 5, got 6"),
        (lambda: last(Layer(3)).input_region(-1), ValueError, "index must lie in 0, ..., , got -1"),
        (lambda: last(Layer(3)).input_region(1.0), TypeError, "index must be an int, got 1.0"),
        (lambda: last(Layer((3, 3))).input_region(1), TypeError, "index must be 2 ints, got 1"),
        (lambda: last(Layer(3), input_size=8).output_index(8), ValueError, "pixel must lie in 0, ..., 7, got 8"),
        (
            lambda: last(Layer(3)).input_region(1, clip=True),
            ValueError,
            "input_size must be given for a region .* got None",
        ),
        (lambda: last(GlobalPool()).input_region(0), ValueError, "input_size must be given for a region .* got None"),
        (
            lambda: last(*[Layer(2, 3)] * 20),
            ValueError,
            "a field with holes must span at most 134217728 positions, got .*",
        ),
        (lambda: parsed("3/x"), ValueError, "a layer must be written like 3, 2/2, .* got '3/x'"),
    ],
)
def test_wrong_input_is_explained_in_one_sentence(make, kind, sentence):
    with pytest.raises(kind, match="^" + re.escape(sentence).replace(r"\.\*", ".*") + "$"):
        make()


# --- command line ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "element",
    [
        Layer(3),
        Layer((3, 5), (2, 1), (1, 2), 2),
        Layer(4, 2, 1, transposed=True, output_padding=1),
        Layer(3, 2, ceil_mode=True),
        Layer((2, 2), padding=((0, 1), (1, 0))),
        Pad(((-1, 2), (0, 0))),
        Pad(-2),
        Upsample(2),
        Upsample((2, 3), "nearest-exact"),
        AdaptivePool((6, 7)),
        GlobalPool(),
        Flatten(),
    ],
)
def test_notation_of_the_command_line_is_the_name_of_a_layer(element):
    assert parsed(element.text) == element


def test_command_line_prints_the_table(capsys):
    assert main(["3", "3", "2/2", "3", "--input", "32"]) == 0
    assert capsys.readouterr().out.strip() == str(receptive_field([Layer(3), Layer(3), Layer(2, 2), Layer(3)], 32))


def test_command_line_prints_presets(capsys):
    main(["--preset", "vgg16", "--markdown"])
    printed = capsys.readouterr().out.splitlines()

    assert len(printed) == 7
    assert printed[-1] == "| pool5 | 212 | 212 | 32 | 31/2 | 90 |"
    main(["--preset", "vgg16", "--all", "--input", "224x320"])
    assert "7 x 10" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("3 q", "a layer must be written like 3, 2/2, 3x5/2p1d2, t4/2p1, up2 or global, got 'q'"),
        ("0", "kernel_size must be an int or a tuple of 1 to 3 ints, each at least 1, got 0"),
        ("3 --input 2", "layer '3' must leave at least one unit, got 0 from a map of 2"),
        ("3 --input 2.5", "--input must be written like 224 or 224x320, got '2.5'"),
        ("", "give either layers or --preset"),
        ("3 --preset vgg16", "give either layers or --preset"),
    ],
)
def test_command_line_explains_wrong_entries(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments.split())
    assert stop.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"error: {sentence}")


def test_module_runs_from_the_command_line_without_a_word_on_stderr():
    done = subprocess.run(
        [sys.executable, "-m", "cnnref.receptive_field", "3", "3", "2/2", "3"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stderr == ""
    assert done.stdout.split()[-6:] == ["3", "10", "10", "2", "9/2", "0"]


def test_module_needs_no_torch():
    program = "import sys; import cnnref.receptive_field, cnnref.architectures; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


# --- known networks --------------------------------------------------------------------------------------------------

# Araujo, Norris and Sim 2019 with their table of TF-Slim networks: github.com/google-research/receptive_field,
# RECEPTIVE_FIELD_TABLE.md; (size, jump, padding). Padding is that of their input 321, where `SAME` pads both sides.
# Their ResNets take the stride in the last unit of a stage: sizes and padding are those of the paper's placement,
# but the jump at the end of a stage is already that of the next one, so it is not compared.
PUBLISHED = {
    "alexnet": {
        "conv1": (11, 4, 0),
        "pool1": (19, 8, 0),
        "conv2": (51, 8, 16),
        "conv3": (99, 16, 32),
        "conv4": (131, 16, 48),
        "conv5": (163, 16, 64),
        "pool5": (195, 32, 64),
    },
    "vgg16": {
        "conv1_1": (3, 1, 1),
        "pool1": (6, 2, 2),
        "conv2_1": (10, 2, 4),
        "pool2": (16, 4, 6),
        "conv3_2": (32, 4, 14),
        "pool3": (44, 8, 18),
        "pool4": (100, 16, 42),
        "conv5_2": (164, 16, 74),
        "pool5": (212, 32, 90),
    },
    "mobilenet_v1": {
        "conv0": (3, 2, 1),
        "conv1_pointwise": (7, 2, 3),
        "conv2_pointwise": (11, 4, 5),
        "conv4_pointwise": (27, 8, 13),
        "conv6_pointwise": (59, 16, 29),
        "conv11_pointwise": (219, 16, 109),
        "conv12_pointwise": (251, 32, 125),
        "conv13_pointwise": (315, 32, 157),
    },
    "resnet50": {"layer1.2": (35, 17), "layer2.3": (99, 49), "layer3.5": (291, 145), "layer4.2": (483, 241)},
    "resnet101": {"layer1.2": (35, 17), "layer2.3": (99, 49), "layer3.22": (835, 417), "layer4.2": (1027, 513)},
    "resnet152": {"layer1.2": (35, 17), "layer2.7": (163, 81), "layer3.35": (1315, 657), "layer4.2": (1507, 753)},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_receptive_fields(name):
    table = receptive_field(PRESETS[name].layers)

    for end_point, (size, *jump, padding) in PUBLISHED[name].items():
        row = table[end_point]
        assert (row.size, row.touched, row.padding) == (size, size, padding), end_point
        assert not jump or row.jump == jump[0], end_point
    assert table[-1 if table[-1].jump else -2].jump == 32


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("lenet5", [28, 14, 10, 5, 1]),  # LeCun et al. 1998, figure 2
        ("alexnet", [55, 27, 27, 13, 13, 13, 6]),  # Krizhevsky et al. 2012
        ("vgg16", [112, 56, 28, 14, 7]),
        ("googlenet", [112, 56, 56, 28, 28, 28, 14, 14, 14, 14, 14, 7, 7]),  # Szegedy et al. 2015, table 1
        ("resnet18", [112, 56, 56, 28, 14, 7]),  # He et al. 2016, table 1
        ("resnet152_v1_5", [112, 56, 56, 28, 14, 7]),
        ("densenet121", [112, 56, 56, 28, 14, 7]),  # Huang et al. 2017, table 1
        ("unet", [568, 280, 136, 64, 28, 52, 100, 196, 388]),  # Ronneberger et al. 2015, figure 1
    ],
)
def test_published_map_sizes(name, sizes):
    preset = PRESETS[name]

    assert [
        row.output_size for row in receptive_field(preset.layers, preset.input_size).select(*preset.end_points)
    ] == sizes


@pytest.mark.parametrize("name", PRESETS)
def test_known_networks_are_aligned_and_have_their_end_points(name):
    preset = PRESETS[name]
    table = receptive_field(preset.layers, preset.input_size)

    assert table.aligned
    assert [row.name for row in table.select(*preset.end_points)] == list(preset.end_points)
    assert preset.source


@pytest.mark.parametrize("name", ["unet", "googlenet", "resnet18", "densenet121"])
def test_known_networks_agree_with_sets_of_positions(name):
    """Unit 0 and its neighbor at the last map, followed tap by tap."""
    layers = [layer for layer in PRESETS[name].layers if not isinstance(layer, GlobalPool)]
    table = receptive_field(layers)

    for unit in (0, 1):
        seen = oracle.along(oracle.seen(layers, len(table), (unit,)), 0)
        assert table.input_region(unit) == region(seen)
    assert table[-1].touched >= len(seen)


def test_known_networks_without_published_numbers_stay_as_they_are_counted():
    """By hand: 11 at jump 4 after the pooling, then 2 jumps for a 3x3 layer, 4 for a 5x5 one, 1 for a 2x2 pooling."""
    dense = 11 + 6 * 2 * 4 + 4 + 12 * 2 * 8 + 8 + 24 * 2 * 16 + 16 + 16 * 2 * 32
    google = 27 + 2 * 32 + 16 + 5 * 64 + 32 + 2 * 128

    assert receptive_field(PRESETS["densenet121"].layers)["denseblock4.16"].size == dense == 2071
    assert receptive_field(PRESETS["googlenet"].layers)["inception_5b"].size == google == 715
    assert receptive_field(PRESETS["resnet18"].layers)["layer4.1"].size == 11 + 4 * 8 + (8 + 3 * 16) + (16 + 3 * 32) + (
        32 + 3 * 64
    )


# --- torch -----------------------------------------------------------------------------------------------------------


def module(torch, draw, axes):
    """A random chain of torch layers with positive weights: no two influences cancel."""
    nn, layers = torch.nn, []
    for _ in range(draw.randint(1, 3)):
        k, s, d = (tuple(draw.choice(c) for _ in range(axes)) for c in ((1, 2, 3), (1, 1, 2), (1, 1, 2)))
        p = tuple(draw.randint(0, n // 2) for n in k)
        layers.append(
            draw.choice(
                [
                    lambda k=k, s=s, d=d, p=p: kind(nn, "Conv", axes)(1, 1, k, s, p, d),
                    lambda k=k, s=s, d=d, p=p: kind(nn, "ConvTranspose", axes)(1, 1, k, s, p, dilation=d),
                    lambda k=k, s=s, d=d, p=p: kind(nn, "MaxPool", axes)(k, s, p, d, ceil_mode=draw.random() < 0.5),
                    lambda k=k, s=s, d=d, p=p: kind(nn, "AvgPool", axes)(k, s, p, ceil_mode=draw.random() < 0.5),
                    lambda k=k, s=s, d=d, p=p: nn.Upsample(scale_factor=draw.choice([2.0, 3.0, 1.5])),
                    lambda k=k, s=s, d=d, p=p: kind(nn, "AdaptiveAvgPool", axes)(draw.randint(1, 4)),
                ]
            )()
        )
    net = nn.Sequential(*layers, nn.ReLU()).double()
    for weight in net.parameters():
        nn.init.ones_(weight)
    return net


def kind(nn, name, axes):
    return getattr(nn, f"{name}{axes}d")


@pytest.mark.parametrize("axes", [1, 2])
def test_modules_agree_with_the_spread_of_nan(torch, axes):
    """A pixel that is not a number makes those units not a number that see it, through max pooling too."""
    compared = 0
    for seed in range(150):
        draw = random.Random(seed)
        net, size = module(torch, draw, axes), tuple(draw.randint(5, 9) for _ in range(axes))
        x = torch.ones(1, 1, *size, dtype=torch.float64)
        try:
            shape = net(x).shape[2:]
        except RuntimeError:  # no window fits
            continue
        table = trace(net, size)
        pixel, place = tuple(map(draw.randrange, size)), tuple(map(draw.randrange, shape))
        x[(0, 0, *pixel)] = torch.nan
        spread = net(x)[0, 0].isnan()
        index, wanted = (place, pixel) if axes > 1 else (place[0], pixel[0])
        seen, units = table[-1].positions(index, clip=True), table.output_index(wanted)
        seen, units = (seen, units) if axes > 1 else ((seen,), (units,))
        assert per_axis(table[-1].output_size, axes) == tuple(shape), (seed, net)
        assert bool(spread[place]) == all(p in s for p, s in zip(pixel, seen, strict=True)), (seed, net)
        found = [region(sorted(set(f))) for f in spread.nonzero().T.tolist()]
        assert found == list(units) if all(units) else not spread.any(), (seed, net)
        compared += 1
    assert compared > 100


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_interpolation_agrees_with_gradients(torch, mode):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Upsample(scale_factor=3, mode=mode), torch.nn.AvgPool2d(2)).double()
    table = trace(net, (5, 6))
    x = torch.rand(1, 1, 5, 6, dtype=torch.float64, requires_grad=True)

    for place in ((0, 0), (3, 4), (6, 8)):
        (gradient,) = torch.autograd.grad(net(x)[(0, 0, *place)], x)
        touched = (gradient[0, 0].abs() > 1e-12).nonzero().T.tolist()
        assert tuple(tuple(sorted(set(t))) for t in touched) == table[-1].positions(place, clip=True)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize(("kernel_size", "dilation"), [(4, 1), (2, 3), (3, 2)])
def test_same_padding_agrees_with_gradients(torch, kernel_size, dilation):
    net = torch.nn.Conv1d(1, 1, kernel_size, padding="same", dilation=dilation)
    x = torch.ones(1, 1, 9, requires_grad=True)

    for place in (0, 4, 8):
        (gradient,) = torch.autograd.grad(net(x)[0, 0, place], x)
        assert tuple(gradient[0, 0].nonzero()[:, 0].tolist()) == trace(net, 9)[-1].positions(place, clip=True)


def residual(torch):
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 4, 7, 2, 3), nn.BatchNorm2d(4), nn.ReLU())
            self.left, self.right = nn.Conv2d(4, 4, 3, padding="same"), nn.Conv2d(4, 4, (1, 5), padding=(0, 2))
            self.up = nn.ConvTranspose2d(8, 4, 2, 2)
            self.head = nn.Linear(4, 2)

        def forward(self, x):
            f = torch.nn.functional
            x = f.max_pool2d(self.stem(x), 3, stride=2, padding=1)
            x = x + f.relu(self.left(x))
            x = torch.cat([x, f.dropout(self.right(x), 0.5, self.training)], dim=1)
            x = f.interpolate(self.up(x), scale_factor=2, mode="bilinear")
            x = f.avg_pool2d(f.pad(x, (1, 0, 0, 0)), (2, 1)) * 0.5
            return self.head(x.mean((2, 3)))

    return Net()


def test_forward_pass_is_followed(torch):
    table = trace(residual(torch), 64)

    assert [row.name for row in table] == [
        *("stem.0", "max_pool2d", "left", "add", "right", "cat", "up", "interpolate", "pad", "avg_pool2d", "mean"),
    ]
    assert (table["max_pool2d"].size, table["add"].size, table["cat"].size) == (11, 19, (19, 35))
    assert (table["interpolate"].jump, table["avg_pool2d"].output_size) == (1, (32, 65))
    assert (table["mean"].size, table["mean"].jump, table.aligned) == (64, None, True)


@pytest.mark.parametrize(("preset", "block"), [("resnet18", "basic"), ("resnet50", "bottleneck")])
def test_traced_residual_networks_have_the_rows_of_the_preset(torch, preset, block):
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, stride, project):
            super().__init__()
            self.path = nn.Sequential(*(nn.Conv2d(1, 1, k, s, k // 2) for k, s in ((3, stride), (3, 1))))
            if block == "bottleneck":
                self.path = nn.Sequential(*(nn.Conv2d(1, 1, k, s, k // 2) for k, s in ((1, stride), (3, 1), (1, 1))))
            self.shortcut = nn.Conv2d(1, 1, 1, stride) if project else nn.Identity()

        def forward(self, x):
            return torch.relu(self.path(x) + self.shortcut(x))

    depths = {"resnet18": (2, 2, 2, 2), "resnet50": (3, 4, 6, 3)}[preset]
    strides = [(2 if i == 0 and stage else 1, i == 0) for stage, n in enumerate(depths) for i in range(n)]
    blocks = [Block(*stride) for stride in strides]
    net = nn.Sequential(nn.Conv2d(3, 1, 7, 2, 3), nn.MaxPool2d(3, 2, 1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    known, traced = receptive_field(PRESETS[preset].layers, 224), trace(net, 224)

    ends = [
        [(r.size, r.jump, r.start, r.output_size) for r in t if "add" in (r.layer.text, r.name)]
        for t in (known, traced)
    ]
    assert ends[0] == ends[1]
    assert known[-1].size == traced[-1].size


def functions(torch, forward, **modules):
    """A module whose forward pass is this function."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, part in modules.items():
                setattr(self, name, part)

        def forward(self, x):
            return forward(self, x)

    return Net()


def test_ways_to_see_everything(torch):
    for forward in (
        lambda net, x: x.flatten(1),
        lambda net, x: torch.flatten(x, 1),
        lambda net, x: x.view(x.size(0), -1),
        lambda net, x: x.reshape(x.shape[0], -1),
        lambda net, x: x.mean(dim=(-2, -1), keepdim=True),
        lambda net, x: torch.amax(x, (2, 3)),
        lambda net, x: torch.nn.functional.adaptive_avg_pool2d(x, 1),
        lambda net, x: torch.nn.functional.adaptive_max_pool2d(x, (1, 1)),
    ):
        row = trace(functions(torch, forward, conv=torch.nn.Conv2d(1, 1, 3)), (6, 7))[-1]
        assert (row.size, row.jump) == ((6, 7), None)


def test_squeeze_and_excitation_is_followed(torch):
    nn = torch.nn
    gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(2, 2, 1), nn.Sigmoid())
    row = trace(functions(torch, lambda net, x: x * net.gate(x), gate=gate), 9)[-1]

    assert (row.name, row.size, row.output_size) == ("mul", 9, 9)


def test_gate_written_with_views_is_followed(torch):
    nn = torch.nn

    def forward(net, x):
        gate = torch.sigmoid(net.fc(nn.functional.adaptive_avg_pool2d(x, 1).view(x.size(0), -1)))
        return net.conv(x * gate.view(x.size(0), 4, 1, 1).expand_as(x))

    row = trace(functions(torch, forward, fc=nn.Linear(4, 4), conv=nn.Conv2d(4, 4, 3)), 9)[-1]

    assert (row.name, row.size, row.output_size) == ("conv", 9, 7)


def test_split_channels_are_followed(torch):
    nn = torch.nn

    def forward(net, x):
        left, right = torch.chunk(x, 2, dim=1)
        return torch.cat((left, net.conv(nn.functional.group_norm(right, 1))), 1)

    row = trace(functions(torch, forward, conv=nn.Conv2d(2, 2, 5, padding=2)), 9)[-1]

    assert (row.name, row.size, row.output_size, row.aligned) == ("cat", 5, 9, True)


def test_one_two_and_three_axes_are_told_by_the_layers(torch):
    nn = torch.nn
    pools = ((1, nn.AvgPool1d(2), 3), (2, nn.LPPool2d(2, 2), 3), (3, nn.MaxPool3d(2), (3, 3, 4)))
    for axes, pool, units in pools:
        row = trace(nn.Sequential(kind(nn, "Conv", axes)(1, 1, 3), pool, nn.PReLU()), (8, 9, 10)[:axes])[-1]
        assert (row.size, row.jump, row.output_size) == (4, 2, units)
    shuffle = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4, 4, 3, padding=1), nn.PixelShuffle(2))
    assert trace(shuffle, 8)[-1].size == 6


def test_everything_that_cannot_be_followed_is_named(torch):
    nn = torch.nn
    net = nn.Sequential(
        nn.Conv2d(3, 3, 3),
        nn.Fold(4, 2),
        nn.Softmax(2),
        nn.Linear(3, 3),
        nn.CircularPad2d(1),
        nn.Fold(4, 2),
        nn.Flatten(2),
    )
    sentence = (
        "module must hold layers that can be followed, got Fold (1), Softmax over axis 2, "
        "Linear upon a map that is not flattened (3), CircularPad2d (4), Fold (5), Flatten from axis 2 to -1 (6)"
    )

    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        trace(net, 9)


@pytest.mark.parametrize(
    ("forward", "named"),
    [
        (lambda net, x: x.roll(1, 2), "roll"),
        (lambda net, x: x.transpose(2, 3), "transpose"),
        (lambda net, x: x[:, :, 1:], "indexing of a map"),
        (lambda net, x: x @ x, "matmul"),
        (lambda net, x: x.view(x.size(0), 2, -1), "view to a shape other than one vector for each example"),
        (lambda net, x: x.flatten(2), "flatten to a shape other than one vector for each example"),
        (lambda net, x: x.mean(2), "mean over axes (2,)"),
        (lambda net, x: x.cumsum(3), "cumsum"),
    ],
)
def test_functions_that_cannot_be_followed_are_named(torch, forward, named):
    sentence = f"module must hold layers that can be followed, got {named}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        trace(functions(torch, forward, conv=torch.nn.Conv2d(1, 1, 3)), 6)


def test_code_that_fx_cannot_trace_is_told(torch):
    net = functions(torch, lambda net, x: x if x.sum() > 0 else -x)

    with pytest.raises(ValueError, match=r"^module must be followed by torch\.fx, which says: "):
        trace(net, 6)
    with pytest.raises(TypeError, match=r"^module must be a torch\.nn\.Module, got list$"):
        trace([])


# --- the effective receptive field -----------------------------------------------------------------------------------


def uniform(torch, depth):
    net = torch.nn.Sequential(*(torch.nn.Conv2d(1, 1, 3, padding=1, bias=False) for _ in range(depth)))
    for weight in net.parameters():
        torch.nn.init.constant_(weight, 1 / 9)
    return net


@pytest.mark.parametrize("depth", [2, 5, 10])
def test_influence_of_uniform_layers_is_a_repeated_box(torch, depth):
    """The gradient is a 3x3 box convolved with itself, known exactly; the map holds its squares."""
    import numpy as np

    size = 2 * depth + 5
    row = np.ones(1)
    for _ in range(depth):
        row = np.convolve(row, np.ones(3) / 3)
    exact = np.outer(row, row) ** 2
    field = effective(uniform(torch, depth), (size, size), samples=1)
    inner = slice(2, 2 + len(row))

    assert np.allclose(field.map[inner, inner].numpy(), exact / exact.sum(), atol=1e-6)
    assert float(field.map.sum()) == pytest.approx(1)
    assert field.support == (2 * depth + 1,) * 2


def test_radius_and_size_are_those_of_the_map(torch):
    import math

    from cnnref._effective import EffectiveField

    square = torch.zeros(9, 9, dtype=torch.float64)
    square[3:6, 3:6] = 1 / 9

    assert EffectiveField(square, 0.5).radius == pytest.approx(1)
    assert EffectiveField(square, 0.99).radius == pytest.approx(math.sqrt(2))
    assert EffectiveField(square, 0.9545).size == 3
    square[4, 4] = 1e4
    assert EffectiveField(square, 0.9545).size == 1


def test_effective_field_grows_like_the_root_of_depth(torch):
    radius = {depth: effective(uniform(torch, depth), (101, 101), samples=1).radius for depth in (5, 20, 45)}

    assert radius[20] / radius[5] == pytest.approx(2, rel=0.1)
    assert radius[45] / radius[5] == pytest.approx(3, rel=0.1)


def test_seeds_make_new_networks_and_leave_the_random_state_alone(torch):
    def make():
        return torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.ReLU(), torch.nn.Conv2d(3, 2, 3))

    state = torch.get_rng_state()
    one, other, both = (effective(make, (9, 9), samples=4, seeds=s) for s in ((0,), (1,), (0, 1)))

    assert torch.equal(state, torch.get_rng_state())
    assert not torch.allclose(one.map, other.map)
    assert torch.allclose(effective(make, (9, 9), samples=4).map, one.map)
    assert both.support == (5, 5)
    assert effective(make, (9, 9), samples=4, unit=(0, 0)).map[5:, 5:].sum() == 0


def test_module_is_left_as_it_is(torch):
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3), torch.nn.BatchNorm2d(1)).train()
    effective(net, (7, 7), samples=2)

    assert net.training
    assert net[0].weight.grad is None
    assert int(net[1].num_batches_tracked) == 0


@pytest.mark.parametrize(
    ("module", "options", "kind", "sentence"),
    [
        ("conv", {"samples": 0}, ValueError, "samples must be an int of at least 1, got 0"),
        ("conv", {"mass": 1}, ValueError, "mass must lie between 0 and 1, got 1"),
        ("conv", {"seeds": ()}, ValueError, "seeds must hold at least one seed, got ()"),
        ("none", {}, TypeError, "module must be a torch.nn.Module or a function that makes one, got str"),
        ("zero", {}, ValueError, "module must pass a gradient to its input, got none"),
    ],
)
def test_wrong_options_are_explained(torch, module, options, kind, sentence):
    conv = torch.nn.Conv2d(1, 1, 3)
    made = {"conv": conv, "none": "net", "zero": functions(torch, lambda net, x: x * 0.0)}[module]

    with pytest.raises(kind, match=f"^{re.escape(sentence)}$"):
        effective(made, (5, 5), **options)
