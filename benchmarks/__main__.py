"""`python -m benchmarks`: measure, print the tables, and save them beside this file as `results.md`.

Each table is measured in a process of its own, whose libraries start with the number of threads it says.
"""

import argparse
import importlib
import json
import os
import pkgutil
import platform
import statistics
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import benchmarks
from benchmarks import absent, convolution, side_by_side

RESULTS = Path(__file__).with_name("results.md")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
FAMILIES = [
    module.name
    for module in pkgutil.iter_modules(benchmarks.__path__)
    if module.name != "__main__" and hasattr(importlib.import_module(f"benchmarks.{module.name}"), "cases")
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", help=f"which tables: {', '.join(FAMILIES)}; all if none is named")
    parser.add_argument("--rounds", type=int, default=15, help="how often each peer is timed")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2], help="how many threads the libraries get")
    parser.add_argument("--table", nargs=2, metavar=("FAMILY", "DTYPE"), help=argparse.SUPPRESS)
    parser.add_argument("--memory", nargs=2, metavar=("SHAPE", "PEER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if unknown := set(asked.families) - set(FAMILIES):
        parser.error(f"no such table: {', '.join(sorted(unknown))}; there are {', '.join(FAMILIES)}")
    if asked.table:
        print(json.dumps(measured(*asked.table, asked.rounds)))
    elif asked.memory:
        print(json.dumps(peak(*asked.memory)))
    else:
        report(asked.families or FAMILIES, asked.threads, asked.rounds)


def report(families: list[str], threads: list[int], rounds: int) -> None:
    """Print each part as soon as it is there, and save all of them."""
    parts = [head(rounds)]
    print(parts[0])
    for family in families:
        for count in threads:
            for dtype in ("float32", "float64"):
                rows = fresh(count, "--table", family, dtype, "--rounds", str(rounds))
                parts.append(table(family, dtype, count, rows))
                print(parts[-1], flush=True)
    if "convolution" in families and "torch" not in absent() and sys.platform == "linux":
        parts.append(memory_table())
        print(parts[-1])
    RESULTS.write_text("\n".join(parts), encoding="utf-8")


# Measuring, each in a process of its own ----------------------------------------------------------------------------


def fresh(threads: int, *arguments: str) -> dict:
    """What a process of its own prints, started with this number of threads."""
    environment = os.environ | dict.fromkeys(THREADS, str(threads))
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks", *arguments]
    done = subprocess.run(
        command, env=environment, cwd=RESULTS.parents[1], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def measured(family: str, dtype: str, rounds: int) -> dict[str, dict[str, float]]:
    cases = importlib.import_module(f"benchmarks.{family}").cases(dtype)
    return {name: side_by_side(runs, rounds) for name, runs in cases}


def peak(shape: str, peer: str) -> float:
    """Megabytes that one convolution needs at most beyond what was there before, its result included."""
    asked = convolution.SHAPES[shape]
    x, w = convolution.operands(asked, "float32")
    call = {"torch": convolution.torch_conv, "cnnref": convolution.cnnref_conv}[peer]
    tiny = convolution.Shape((1, 1, 8, 8), (1, 1, 3, 3))  # what libraries set up once is no cost of the call
    call(*convolution.operands(tiny, "float32"), tiny)()
    run = call(x, w, asked)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before = resident("VmRSS")
    run()
    return resident("VmHWM") - before


def resident(name: str) -> float:
    """Megabytes of this process, from Linux."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


# Writing ------------------------------------------------------------------------------------------------------------


def head(rounds: int) -> str:
    versions = [f"{name} {metadata.version(name)}" for name in ("numpy", *benchmarks.PEERS) if name not in absent()]
    missing = f"Not installed here, and so not measured: {', '.join(absent())}.\n\n" if absent() else ""
    return (
        "# Benchmarks\n\n"
        f"Made by `python -m benchmarks` on {processor()}, Python {platform.python_version()}, {', '.join(versions)}.\n"
        f"\n{missing}"
        "Times are divided by the time of the first column, which is in milliseconds; each is the median of the\n"
        f"ratios of {rounds} rounds, taken side by side (slow peers: fewer). Smaller is faster.\n"
    )


def processor() -> str:
    """The processor by its name, if the system tells, and how many there are."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name} ({os.cpu_count()} processors)"


def table(family: str, dtype: str, threads: int, rows: dict[str, dict[str, float]]) -> str:
    peers = list(dict.fromkeys(peer for row in rows.values() for peer in row))
    titles = [f"{peers[0]}, ms", *peers[1:]]
    lines = [f"\n## {family}, {dtype}, {threads} thread{'s' * (threads > 1)}\n"]
    if goal := importlib.import_module(f"benchmarks.{family}").GOALS.get((dtype, threads)):
        lines.append(f"Goal: {goal}.\n")
    lines += [f"| | {' | '.join(titles)} |", f"|---|{'---:|' * len(peers)}"]
    lines += [f"| {name} | {' | '.join(number(row.get(peer)) for peer in peers)} |" for name, row in rows.items()]
    middle = [statistics.median(row[peer] for row in rows.values() if peer in row) for peer in peers[1:]]
    lines.append(f"| median | | {' | '.join(number(each) for each in middle)} |")
    if "gemm" in peers:
        ratio = statistics.median(row["cnnref"] / row["gemm"] for row in rows.values())
        lines.append(f"\n`cnnref` takes {ratio:.2f} of the time of `gemm` in the median.")
    return "\n".join(lines) + "\n"


def number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def memory_table() -> str:
    lines = [
        "\n## Peak memory of one convolution, float32, 1 thread, MB\n",
        "Goal: `cnnref` at most that of torch and one more output.\n",
        "| | output | torch | cnnref |",
        "|---|---:|---:|---:|",
    ]
    for name, shape in convolution.SHAPES.items():
        output = shape.images[0] * shape.kernels[0] * shape.out[0] * shape.out[1] * 4 / 2**20
        peaks = [fresh(1, "--memory", name, peer) for peer in ("torch", "cnnref")]
        lines.append(f"| {name} | {output:.1f} | {' | '.join(f'{each:.1f}' for each in peaks)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
