"""Batch normalization: `batch_norm` standardizes, scales, remembers, and refuses a batch of one value."""

import numpy as np

from cnnref import batch_norm

PAGE = "batch-normalization/"
ORIGINAL = [2, 4, 4, 4, 5, 5, 7, 9]
MOVES = [
    "",
    "x:2,4,4,4,5,5,7,15",
    "x:2,4,4,4,5,5,7,15;mode:inference;mean:4.3921;variance:4.1373",
    "size:1",
    "size:1;mode:inference;variance:0;eps:0.1",
    "x:-5,-0.5,6;size:3;gamma:-1.5;beta:0;eps:1.0",
    "mode:inference",
    "x:4,4,4,4,4,4,4,4;beta:-2;steps:50;momentum:0.35",
    "size:2;x:3,3.5;eps:1e-3;mean:-2.5;variance:9;steps:3;momentum:0.5",
]


def state(draw):
    alike = draw.random() < 0.1
    x = [draw.randint(-10, 30) / 2 for _ in range(8)]
    return {
        "mode": draw.choice(["training", "inference"]),
        "x": [x[0]] * 8 if alike else x,
        "size": draw.randint(1, 8),
        "gamma": draw.randint(-8, 8) / 2,
        "beta": draw.randint(-10, 30) / 2,
        "eps": draw.choice(["1e-5", "1e-3", "0.1", "1.0"]),
        "steps": draw.randint(0, 50),
        "momentum": draw.randint(0, 20) / 20,
        "mean": draw.choice([0, 4.3921, -20, round(draw.uniform(-20, 20), 3)]),
        "variance": draw.choice([0, 1, 4.1373, round(draw.uniform(0, 200), 3)]),
    }


def numbers(state):
    size, training = state["size"], state["mode"] == "training"
    x, original = (np.array(batch[:size], float)[:, None] for batch in (state["x"], ORIGINAL))
    options = {"training": training, "eps": float(state["eps"])}
    running = np.array([float(state["mean"])]), np.array([float(state["variance"])])
    used = (None, None) if training else running
    affine = np.array([float(state["gamma"])]), np.array([float(state["beta"])])
    try:
        for _ in range(state["steps"] if training else 0):
            batch_norm(x, *running, **options, momentum=state["momentum"])
        lines, rings = (
            [batch, batch_norm(batch, *used, **options), batch_norm(batch, *used, *affine, **options)]
            for batch in (x, original)
        )
        refused = False
    except ValueError:
        lines, rings, refused = [x], [original], True
    assert refused == (training and size == 1)
    return {
        "mean": float(x.mean()),
        "variance": float(x.var()),
        "unbiased": _unbiased(x),
        "running": [float(each[0]) for each in running],
        "lines": [line[:, 0].tolist() for line in lines],
        "rings": [ring[:, 0].tolist() for ring in rings],
        "marks": [[float(line.mean()), float(line.std())] for line in lines],
    }


def _unbiased(x):
    """What a single step with a momentum of 1 leaves in the running variance."""
    variance = np.zeros(1)
    if len(x) > 1:
        batch_norm(x, np.zeros(1), variance, training=True, momentum=1.0)
    return float(variance[0])
