"""Softmax and min-max: shares, places, loss and gradient come from cnnref; only the naive formula is NumPy's."""

import math

import numpy as np

from cnnref import cross_entropy, gradients, log_softmax, min_max, softmax

PAGE = "softmax/"
MOVES = [
    "",
    "temperature:0.1",
    "count:4;score:1,2,3,0;outlier:100",
    "naive:true;shift:1000",
    "naive:true;temperature:0.5;count:2;target:1",
    "naive:true;shift:-1000;low:-1",
    "scale:0;count:6;low:-5;high:2.5",
    "scale:-1.7;score:-3.3,0.2,7.9,4.4,-10;count:5;target:5;shift:-40;temperature:3.3",
    "count:2;score:-9,10;temperature:0.05;target:1",
    "score:0,0,0;naive:true;shift:710;outlier:-1000",
]


def state(draw):
    """One of the states that the form admits; of the naive ones only those where libraries round alike."""
    found = {
        "temperature": draw.choice([0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1, 1, 1.5, 2, 3.3, 5, 10, 20]),
        "score": [draw.randint(-100, 100) / 10 for _ in range(6)],
        "outlier": draw.choice([0, 0, 10, -10, 10 * draw.randint(-100, 100)]),
        "shift": draw.choice([0, 0, 10 * draw.randint(-100, 100)]),
        "scale": draw.choice([1, 1, 0, -1, draw.randint(-30, 30) / 10]),
        "target": draw.randint(1, 6),
        "count": draw.randint(2, 6),
        "low": draw.choice([0, draw.randint(-20, 0) / 2]),
        "high": draw.choice([1, draw.randint(1, 20) / 2]),
        "naive": draw.random() < 0.3,
    }
    return found if not found["naive"] or far_from_the_edge(found) else state(draw)


def far_from_the_edge(state):
    """Whether no exponential, and no share, is so small or large that libraries round it differently."""
    z = inputs(state) / state["temperature"]
    return all(not 690 < abs(v) < 760 for v in (*z, *(z - z.max())))


def inputs(state):
    x = state["scale"] * np.array(state["score"][: state["count"]], float) + state["shift"]
    x[-1] += state["outlier"]
    return x


def numbers(state):
    x, t = inputs(state), state["temperature"]
    target, stable = min(state["target"], len(x)) - 1, softmax(x, dim=0, temperature=t)
    with np.errstate(all="ignore"):
        e = np.exp(x / t)
        if state["naive"]:
            p = e / e.sum()
            log_p, gradient = np.log(p), p - np.eye(len(x))[target]
            loss = -log_p[target]
        else:
            p, log_p, one = stable, log_softmax(x / t, dim=0), np.array(1.0)
            loss, gradient = (
                cross_entropy(x / t, np.array(target)),
                gradients.cross_entropy(one, x / t, np.array(target)),
            )
        found = {
            "x": x,
            "places": min_max(x, feature_range=(state["low"], state["high"])),
            "stable": stable,
            "p": p,
            "log": log_p,
            "gradient": gradient,
            "entropy": (p * -log_p).sum(),
            "ratio": np.exp(log_p[1] - log_p[0]),
            "loss": loss,
            "total": e.sum(),
        }
    return {"target": target, **{key: named(value.tolist()) for key, value in found.items()}}


def named(value):
    """JSON has no infinity and no nan: their names stand for them."""
    if isinstance(value, list):
        return [named(each) for each in value]
    return value if math.isfinite(value) else str(value)
