"""Write the locks of this folder: every version exact, every file by its hash, no host named.

    python requirements/lock.py        (needs `uv` on the path; `make lock` calls it)

dev.txt         everything but torch: the NumPy lane, the site, the tests
bench.txt       the peers that `make bench` measures besides
oldest.txt      the oldest versions of what the package itself needs
torch.txt       torch alone
torch-needs.txt the plain Python packages that every build of torch needs
torch-cuda.txt  the CUDA libraries that the public Linux build of torch needs besides

torch comes in two builds of one version: the public one (on Linux: CUDA) and a CPU-only one.
torch.txt lists the hashes of both, so that either is accepted and checked.
pip prefers the public one (an index shows its hash), so the Makefile first asks for a wheel that lies ready here,
and installs torch-cuda.txt only where the build at hand cannot start without it.
"""

import re
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
TORCH = "torch==2.13.0"
CPU_BUILD = "sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"  # cp311, Linux x86-64
CUDA_LIBRARY = re.compile(r"^(nvidia-|cuda-|triton)")
RESOLVE = [
    "uv",
    "pip",
    "compile",
    "--generate-hashes",
    "--universal",
    "--python-version",
    "3.11",
    "--no-header",
    "--quiet",
]


def resolve(*sources, stdin=None):
    """The lock of `sources` as text, one entry (name, hashes, reasons) after another."""
    done = subprocess.run(
        [*RESOLVE, *sources], input=stdin, cwd=HERE.parent, check=True, capture_output=True, text=True
    )
    return done.stdout


def entries(lock):
    """Split a lock before each line that starts with a name."""
    return re.split(r"\n(?=[a-z])", lock.strip())


def main():
    groups = [flag for group in ("browser", "workflows", "lint", "build") for flag in ("--group", group)]
    dev = resolve("pyproject.toml", "--extra", "docs", "--extra", "test", *groups)
    (HERE / "dev.txt").write_text(dev, encoding="utf-8")

    bench = resolve("pyproject.toml", "--group", "bench", "--constraint", "requirements/dev.txt")
    (HERE / "bench.txt").write_text(bench, encoding="utf-8")

    oldest = resolve("pyproject.toml", "--resolution", "lowest-direct")
    (HERE / "oldest.txt").write_text(oldest, encoding="utf-8")

    torch = entries(resolve("-", "--constraint", "requirements/dev.txt", stdin=TORCH))
    torch = [re.sub(r"^(torch==\S+ \\\n)", rf"\1    --hash={CPU_BUILD} \\\n", entry) for entry in torch]
    parts = {"torch.txt": [], "torch-needs.txt": [], "torch-cuda.txt": []}
    for entry in torch:
        name = "torch.txt" if entry.startswith("torch==") else "torch-needs.txt"
        parts["torch-cuda.txt" if CUDA_LIBRARY.match(entry) else name].append(entry)
    for name, chosen in parts.items():
        (HERE / name).write_text("\n".join(chosen) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
