"""How long cnnref takes beside others: every time is a ratio, taken side by side in one process.

A module of this package with a function `cases(dtype)` is one table. It yields the name of each case and, for each
peer, a function that does the work once; the first peer is the one that the others are divided by.
"""

import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec

Runs = dict[str, Callable[[], object]]

PEERS = {"torch": "torch", "onnx": "onnx", "scipy": "scipy"}  # what a peer is called, and what it imports
SLOW = 0.5  # seconds: whatever takes longer is timed three times at most
PATIENCE = 5.0  # seconds: whatever takes longer is timed once


def absent() -> list[str]:
    """The peers that are not installed here; tables name them."""
    return [peer for peer, module in PEERS.items() if find_spec(module) is None]


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def side_by_side(runs: Runs, rounds: int) -> dict[str, float]:
    """For each peer the median over the rounds of its time, divided by the first peer's time of the same round.

    What disturbs a round disturbs all of its times, and mostly falls out of the ratio.
    """
    first, *_ = runs
    ratios: dict[str, list[float]] = {peer: [] for peer in runs}
    cost = {peer: seconds(run) for peer, run in runs.items()}  # warms up as well
    limits = {peer: 1 if c > PATIENCE else 3 if c > SLOW else rounds for peer, c in cost.items()}
    for turn in range(rounds):
        reference = seconds(runs[first])
        for peer, run in runs.items():
            if peer == first:
                ratios[peer].append(reference * 1e3)
            elif turn < limits[peer]:
                ratios[peer].append(seconds(run) / reference)
    return {peer: statistics.median(each) for peer, each in ratios.items()}
