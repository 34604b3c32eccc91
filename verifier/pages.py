"""Sybil, pages times lanes: one pytest item for each snippet and lane, each in a namespace of its own."""

import doctest
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.sybil import SybilCollection

from verifier import labs
from verifier.lanes import Lane
from verifier.output import Checker
from verifier.snippets import Snippet, docstring_snippets, page_snippets

Finder = Callable[[str, str], Iterator[Snippet]]
CHOSEN = pytest.StashKey[list[Lane]]()  # the lanes of this run; verifier.plugin fills it from --lane


class SnippetsInLane:
    """A Sybil parser: every snippet of a document becomes one region, evaluated in one lane."""

    def __init__(self, find: Finder, lane: Lane, root: Path) -> None:
        self.find, self.lane, self.root = find, lane, root

    def __call__(self, document: Document) -> Iterable[Region]:
        page = Path(document.path).relative_to(self.root).as_posix()
        for snippet in self.find(page, document.text):
            yield Region(snippet.start, snippet.end, snippet, self.evaluate)

    def evaluate(self, example: Example) -> str | None:
        """Run the snippet as if it were alone in a fresh Python; return doctest's report of a difference."""
        with self.lane.running():
            return differences(example.parsed, example.path)


class LabInLane(SnippetsInLane):
    """A Sybil parser: a lab is one region, run as a whole in a process of its own."""

    def evaluate(self, example: Example) -> str | None:
        """Run the lab from its first cell to its last; return what it wrote, if it failed."""
        return labs.failure(example.path, self.lane)


class LaneSybil(Sybil):
    """Sybil that names an item `<lane>:snippet-<n>`, or `<lane>:lab`: stable while lines move."""

    def identify(self, example: Example) -> str:
        number = example.parsed.number
        return f"{self.name}:snippet-{number}" if number else f"{self.name}:lab"


def differences(snippet: Snippet, path: str) -> str | None:
    """Run one snippet and return what doctest reports, with the true file and line; None if all agrees."""
    report: list[str] = []
    namespace = {"__name__": "__main__"}
    test = doctest.DocTest(snippet.examples, namespace, snippet.page, path, snippet.line - 1, snippet.text)
    doctest.DocTestRunner(Checker(), verbose=False, optionflags=doctest.FAIL_FAST).run(test, out=report.append)
    return "".join(report) or None


def collect_page(path: Path, parent: pytest.Collector, root: Path):
    """The snippets of a Markdown page, or the lab that it is, in every chosen lane; None for any other file."""
    chosen = parent.config.stash[CHOSEN]
    if path.suffix == ".md" and labs.is_lab(text := path.read_text(encoding="utf-8")):
        able = [lane for lane in chosen if labs.runs_in(text, lane)]
        return _collector(labs.lab, "*.md", able, root, parser=LabInLane)(path, parent)
    return _collector(page_snippets, "*.md", chosen, root)(path, parent)


def collect_docstrings(path: Path, parent: pytest.Collector, root: Path):
    """The examples of a module, in every chosen lane; None for any other file."""
    return _collector(docstring_snippets, "*.py", parent.config.stash[CHOSEN], root)(path, parent)


def _collector(find: Finder, pattern: str, lanes: Iterable[Lane], root: Path, parser=SnippetsInLane):
    plain_text = {".py": Document}  # our own finder reads the docstrings, so Sybil need not
    return SybilCollection(
        LaneSybil(
            [parser(find, lane, root)],
            patterns=[pattern],
            path=str(root),
            name=lane.name,
            document_types=plain_text,
        )
        for lane in lanes
    ).pytest()
