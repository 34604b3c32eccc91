"""Every Python block that a reader sees is run, and a wrong digit in any of them would be noticed."""

import re
from pathlib import Path

import pytest

from verifier import lanes
from verifier.pages import differences
from verifier.snippets import Snippet, page_snippets

ROOT = Path(__file__).parents[1]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*/**/*.md"))
CPU_LANES = [lanes.LANES[name] for name in ("numpy", "torch-cpu")]
LEAST = {"softmax": 8}  # snippets that a chapter promises


def snippets(page: str) -> list[Snippet]:
    """The snippets that Sybil would run on this page."""
    return list(page_snippets(page, (ROOT / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("chapter", "least"), LEAST.items())
def test_a_chapter_has_the_snippets_it_promises(language, chapter, least):
    assert len(snippets(f"docs/{language}/{chapter}.md")) >= least


@pytest.mark.parametrize("lane", CPU_LANES, ids=lambda lane: lane.name)
@pytest.mark.parametrize("page", PAGES)
def test_a_changed_digit_fails_every_snippet(page, lane):
    if why := lane.why_absent():
        pytest.skip(why)
    survivors = []
    for snippet in snippets(page):
        with lane.running():
            if differences(sabotaged(snippet), page) is None:
                survivors.append(snippet.number)

    assert survivors == []


def sabotaged(snippet: Snippet) -> Snippet:
    """The snippet with the first digit of its shown output changed."""
    for example in snippet.examples:
        if digit := re.search(r"\d", example.want):
            lines = snippet.text.splitlines(keepends=True)
            shown = snippet.text.index(example.want, sum(map(len, lines[: example.lineno])) + len(example.source))
            place = shown + digit.start()
            text = snippet.text[:place] + str((int(digit[0]) + 1) % 10) + snippet.text[place + 1 :]
            (changed,) = page_snippets(snippet.page, f"```python\n{text}```\n")
            return changed
    raise AssertionError(f"{snippet.page}: snippet {snippet.number} shows no digit")
