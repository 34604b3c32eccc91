"""Receptive fields against a plain loop over the recurrence, side by side in one run.

The loop knows size, jump and padding of a chain; the table also knows touched positions, graphs, phases and names.
`python -m benchmarks.receptive_field` prints the ratios and fails if an answer takes longer than promised.
"""

import sys
import time

from cnnref.architectures import PRESETS
from cnnref.receptive_field import Layer, receptive_field

CHAIN = [Layer(3, padding=1) for _ in range(10_000)]
HOLES = [Layer(3, padding=2, dilation=2 + i % 2) for i in range(10_000)]
RESNET = PRESETS["resnet152"].layers
RESNET_PATH = [Layer(7, 2, 3), Layer(3, 2, 1)] + [
    layer
    for stage, depth in enumerate((3, 8, 36, 3))
    for block in range(depth)
    for layer in (Layer(1, 2 if stage and block == 0 else 1), Layer(3, padding=1), Layer(1))
]


def recurrence(layers):
    """Size, jump and padding after each layer: three numbers, nothing else."""
    size, jump, padding, rows = 1, 1, 0, []
    for layer in layers:
        size += layer.dilation * (layer.kernel_size - 1) * jump
        padding += layer.padding * jump
        jump *= layer.stride
        rows.append((size, jump, padding))
    return rows


def answer(layers, input_size):
    """The table and every number of its last row, coverage and clipping included."""
    return receptive_field(layers, input_size)[-2].to_dict()


# name, what is asked, what the loop answers, promised seconds
CASES = (
    ("ResNet-152", lambda: answer(RESNET, None), lambda: recurrence(RESNET_PATH), 0.010),
    ("ResNet-152 on 224 pixels", lambda: answer(RESNET, 224), lambda: recurrence(RESNET_PATH), 0.010),
    ("10,000 layers", lambda: answer(CHAIN, None), lambda: recurrence(CHAIN), 0.2),
    ("10,000 layers on 224 pixels", lambda: answer(CHAIN, 224), lambda: recurrence(CHAIN), None),
    ("10,000 layers with holes", lambda: answer(HOLES, None), lambda: recurrence(HOLES), None),
)


def seconds(task, repeats=7):
    """The shortest of several runs, in processor time: neighbors on the machine do not count."""
    runs = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        runs.append(time.process_time() - start)
    return min(runs)


def main():
    """Print a line for each case; 1 if a promise is broken."""
    broken = False
    print(f"{'case':30} {'table':>10} {'loop':>10} {'ratio':>7} {'promised':>9}")
    for name, ask, loop, promised in CASES:
        table, plain = seconds(ask), seconds(loop)
        broken |= promised is not None and table > promised
        limit = f"{promised * 1e3:.0f} ms" if promised else "-"
        print(f"{name:30} {table * 1e3:7.2f} ms {plain * 1e3:7.2f} ms {table / plain:7.1f} {limit:>9}")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
