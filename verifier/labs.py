"""Labs: notebooks in Markdown that train or measure, and assert what they found. A lab is verified as a whole.

Its words (the texts in plots and tables, one dictionary) differ between languages and nothing else of its code does:
so one run in a lane holds for both languages, and the fingerprint of a lab leaves its words out.
"""

import ast
import functools
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator

from verifier.fences import Fence, fences
from verifier.lanes import Lane
from verifier.snippets import PageError, Snippet

FRONT_MATTER = re.compile(r"---\n(?P<yaml>.*?)\n---\n", re.DOTALL)
RUN = """\
import pathlib, sys
from verifier.labs import program
page = sys.argv[1]
code = compile(program(pathlib.Path(page).read_text(encoding="utf-8")), page, "exec")
exec(code, {"__name__": "__main__"})
"""
PATIENCE = 180  # seconds; a quiet machine needs a tenth of that
TAIL = 4000  # characters of what a failed lab wrote


def is_lab(page: str) -> bool:
    """Whether a page is a notebook: its front matter says so, in jupytext's words."""
    found = FRONT_MATTER.match(page)
    return bool(found and re.search(r"^jupyter:", found["yaml"], re.MULTILINE))


def cells(name: str, page: str) -> list[Fence]:
    """The code cells of a lab: fences tagged exactly python, and no fence may be tagged otherwise."""
    found = list(fences(page))
    for fence in found:
        if fence.info != "python":
            raise PageError(f"{name}:{fence.line}: a fence of a lab must be tagged exactly python, got {fence.info!r}")
    return found


def program(page: str) -> str:
    """The code of a lab as one program, each line at its place in the page, so that errors name the true line."""
    lines = [""] * (page.count("\n") + 1)
    for cell in cells("a lab", page):
        for offset, line in enumerate(cell.text.splitlines()):
            lines[cell.line + offset] = line
    return "\n".join(lines) + "\n"


@functools.cache
def needs(page: str) -> frozenset[str]:
    """The libraries that a lab imports, by their first name."""
    names = set()
    for node in ast.walk(ast.parse(program(page))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return frozenset(names)


def runs_in(page: str, lane: Lane) -> bool:
    """Whether a lane can say something about a lab: one that brings its own tensors says nothing about NumPy."""
    return lane.library == "torch" or "torch" not in needs(page)


def without_words(page: str) -> str:
    """The code of a lab with the texts of its `words` taken out: what both languages share to the letter."""
    return "".join(shared(cell.text) for cell in cells("a lab", page))


def shared(cell: str) -> str:
    """The code of a cell; of one that says `words = {...}`, with every text but the keys taken out."""
    tree = ast.parse(cell)
    dictionaries = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["words"]
    ]
    for words in dictionaries:
        _blank(words)
    return ast.unparse(tree) if dictionaries else cell


def _blank(words: ast.expr) -> None:
    """Empty the values of a dictionary of texts, and keep its keys."""
    keys = {id(key) for node in ast.walk(words) if isinstance(node, ast.Dict) for key in node.keys}
    for node in ast.walk(words):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in keys:
            node.value = ""


def lab(name: str, page: str) -> Iterator[Snippet]:
    """A lab as the one snippet that it is: number 0, with the fingerprint that both languages share."""
    found = cells(name, page)
    if not found:
        raise PageError(f"{name}:1: a lab must have code")
    yield Lab(name, 0, found[0].line + 1, found[0].start, found[-1].end, page, [])


class Lab(Snippet):
    """A snippet whose text is a whole page."""

    @property
    def sha256(self) -> str:
        """The fingerprint of the code without its words."""
        return hashlib.sha256(without_words(self.text).encode()).hexdigest()


def failure(path: str, lane: Lane) -> str | None:
    """Run a lab from beginning to end in a Python of its own; return what it wrote, if it failed."""
    try:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", RUN, path],
            env=environment(lane),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{path} did not end within {PATIENCE} s in lane {lane.name}"
    if done.returncode == 0 and not done.stderr:
        return None
    return f"in lane {lane.name}:\n{done.stdout[-TAIL:]}{done.stderr[-TAIL:]}"


def environment(lane: Lane) -> dict[str, str]:
    """The lane in words that a process inherits: the reader's own switch, no window, one thread, full float32."""
    chosen = {} if lane.name == "numpy" else {"CNNREF_DEVICE": lane.device_name}
    inherited = {name: value for name, value in os.environ.items() if name != "CNNREF_DEVICE"}
    fixed = {"MPLBACKEND": "template", "OMP_NUM_THREADS": "1", "NVIDIA_TF32_OVERRIDE": "0"}
    return inherited | fixed | chosen
