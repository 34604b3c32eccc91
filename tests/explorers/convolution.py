"""The convolution stepper: `conv2d` decides the size, the map and the cell below the window."""

import numpy as np

from cnnref import conv2d
from tests.explorers.pictures import pictures

PAGE = "feature-maps/"
MOVES = [
    "",
    "image:corner;size:2;stride:2",
    "image:digit;padding:2;dilation:2;row:3;column:5",
    "image:photo;stride:3;padding:4;row:7;column:9",
    "size:5;dilation:3",
    "size:1;kernel:-2.5;row:6;column:6",
    "image:digit;size:4;stride:4;padding:3",
]


def state(draw):
    return {
        "kernel": [draw.choice([-2, -1, -0.5, 0, 0.25, 1, 3]) for _ in range(25)],
        "image": draw.choice(["edge", "corner", "digit"] if draw.random() < 0.97 else ["photo"]),
        "size": draw.randint(1, 5),
        "stride": draw.randint(1, 4),
        "padding": draw.randint(0, 4),
        "dilation": draw.randint(1, 3),
        "row": draw.randint(0, 9),
        "column": draw.randint(0, 9),
    }


def numbers(state):
    image, size = np.array(pictures()[state["image"]], float), state["size"]
    kernel = np.array(state["kernel"], float).reshape(5, 5)[:size, :size]
    stride, padding, dilation = state["stride"], state["padding"], state["dilation"]
    padded = np.pad(image, padding)
    seen = np.arange(size) * dilation
    fixed = {"reach": int(seen[-1]) + 1, "padded": len(padded)}
    try:
        output = conv2d(image[None, None], kernel[None, None], None, stride, padding, dilation)[0, 0]
    except ValueError:
        return {**fixed, "side": 0}
    row, column = min(state["row"], len(output) - 1), min(state["column"], len(output) - 1)
    patch = padded[np.ix_(row * stride + seen, column * stride + seen)]
    return {
        **fixed,
        "side": len(output),
        "row": row,
        "column": column,
        "patch": patch.tolist(),
        "value": float(output[row, column]),
        "output": output.tolist(),
    }
