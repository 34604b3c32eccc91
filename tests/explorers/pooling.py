"""Pooling: the maps and who has a say in them come from cnnref; global pooling from its adaptive operators."""

import numpy as np

from cnnref import adaptive_avg_pool2d, adaptive_max_pool2d, avg_pool2d, gradients, max_pool2d
from tests.explorers.pictures import pictures

PAGE = "max-pooling/"
MOVES = [
    "",
    "pool:avg;image:digit;noise:gauss;strength:20;seed:7",
    "image:corner;noise:salt;strength:10;size:3;stride:2;padding:1;ceil:true;row:1",
    "image:edge;noise:pepper;strength:30;pool:avg;size:4;stride:3;padding:2;ceil:true;row:2;column:2",
    "image:digit;whole:true;right:-3;down:2;pool:avg",
    "image:digit;whole:true;noise:both;strength:50",
    "image:photo;size:4;stride:4;strength:20;row:5;column:5",
    "image:photo;size:3;stride:1;padding:1;pool:avg;strength:25;row:0;column:39",
    "image:photo;whole:true;noise:pepper;strength:15",
    "image:photo;whole:true;pool:avg;strength:35;seed:99",
]
POOLS = {"max": (max_pool2d, adaptive_max_pool2d), "avg": (avg_pool2d, adaptive_avg_pool2d)}


def state(draw):
    """One of the states that the form admits."""
    size = draw.randint(1, 4)
    return {
        "image": draw.choice(["stripes", "edge", "corner", "digit"] if draw.random() < 0.97 else ["photo"]),
        "pool": draw.choice(["max", "avg"]),
        "right": draw.randint(-3, 3),
        "down": draw.randint(-3, 3),
        "noise": draw.choice(["gauss", "salt", "pepper", "both"]),
        "strength": draw.choice([0, 5 * draw.randint(1, 10)]),
        "size": size,
        "stride": draw.randint(1, 4),
        "padding": draw.randint(0, 2),
        "row": draw.randint(0, 9),
        "column": draw.randint(0, 9),
        "seed": draw.randint(1, 99),
        "whole": draw.random() < 0.2,
        "ceil": draw.random() < 0.5,
    }


def numbers(state):
    image = original(state["image"])
    seen = grainy(moved(image, state["right"], state["down"]), state)
    before, after = pooled(image, state), pooled(seen, state)
    side, pad = len(after), padding(state)
    row, column = min(state["row"], side - 1), min(state["column"], side - 1)
    says = voices(seen, after, state)
    high, wide = (window(at, len(image), state) for at in (row, column))
    below = [(i, j) for i in pixels(high, image) for j in pixels(wide, image)]
    only = state["pool"] == "max"
    change = after - before
    return {
        "heard": [list(max(below, key=lambda at: seen[at]))] if only else [list(at) for at in below],
        "share": 1 if only else high["span"] * wide["span"],
        "high": high,
        "wide": wide,
        "values": [float(seen[at]) for at in below],
        "value": float(after[row, column]),
        "side": side,
        "row": row,
        "column": column,
        "seen": seen.tolist(),
        "before": before.tolist(),
        "after": after.tolist(),
        "says": says.tolist(),
        "pad": pad,
        "told": [int((change > 0).sum()), int((change < 0).sum()), float(abs(change).max()), int((says > 0).sum())],
    }


def original(name):
    """A picture in percent of its brightest pixel."""
    rows = np.array([[1, 1, 0, 0] * 2] * 8 if name == "stripes" else pictures()[name])
    return np.rint(100 * rows / rows.max())


def moved(image, right, down):
    frame = np.pad(image, 3, mode="edge")
    return frame[3 - down : 3 - down + len(image), 3 - right : 3 - right + len(image)]


def grainy(image, state):
    """Noise by the generator x ← 48271 x mod 2³¹ − 1, twelve numbers for a pixel."""
    x, most, level = 48271 * state["seed"], 2**31 - 1, state["strength"]
    drawn = []
    for _ in range(12 * image.size):
        x = 48271 * x % most
        drawn.append(x)
    drawn = np.array(drawn).reshape(*image.shape, 12)
    if state["noise"] == "gauss":
        return image + np.rint(level * (drawn.sum(axis=2) / most - 6))
    specks = {"salt": 100, "pepper": 0, "both": np.where(drawn[..., 1] / most < 0.5, 100, 0)}[state["noise"]]
    return np.where(drawn[..., 0] / most < level / 100, specks, image)


def padding(state):
    return 0 if state["whole"] else min(state["padding"], state["size"] // 2)


def settings(state):
    return {"stride": state["stride"], "padding": padding(state), "ceil_mode": state["ceil"]}


def pooled(image, state):
    over_windows, over_all = POOLS[state["pool"]]
    if state["whole"]:
        return over_all(image[None], 1)[0]
    return over_windows(image[None], state["size"], **settings(state))[0]


def voices(seen, after, state):
    """How much of each pixel arrives in the outputs together: the gradient of their sum."""
    back = getattr(gradients, f"{state['pool']}_pool2d")
    window = (len(seen), {}) if state["whole"] else (state["size"], settings(state))
    return back(np.ones_like(after)[None], seen[None], window[0], **window[1])[0]


def window(at, length, state):
    """Where a window starts, and how many cells of the picture and its padding it covers."""
    if state["whole"]:
        return {"start": 0, "span": length}
    cells = range(-padding(state), length + padding(state))[at * state["stride"] :][: state["size"]]
    return {"start": cells[0], "span": len(cells)}


def pixels(window, image):
    return [i for i in range(window["start"], window["start"] + window["span"]) if 0 <= i < len(image)]
