"""Every Python block that a reader sees is run, and a wrong digit in any of them would be noticed."""

import re
from pathlib import Path

import pytest
import yaml

from verifier import lanes
from verifier.labs import is_lab
from verifier.pages import differences
from verifier.snippets import Snippet, page_snippets

ROOT = Path(__file__).parents[1]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*/**/*.md"))
PAGES_OF_SNIPPETS = [page for page in PAGES if not is_lab((ROOT / page).read_text(encoding="utf-8"))]
CPU_LANES = [lanes.LANES[name] for name in ("numpy", "torch-cpu")]
LEAST = {  # the snippets that a chapter promises
    "batch-normalization": 12,
    "feature-maps": 12,
    "receptive-field": 8,
    "cnn-anatomy": 6,
    "max-pooling": 10,
    "pooling-information-loss": 8,
    "non-linearity": 14,
    "softmax": 8,
}


def snippets(page: str) -> list[Snippet]:
    """The snippets that Sybil would run on this page."""
    return list(page_snippets(page, (ROOT / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("chapter", "least"), LEAST.items())
def test_a_chapter_has_the_snippets_it_promises(language, chapter, least):
    assert len(snippets(f"docs/{language}/{chapter}.md")) >= least


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_title_and_a_description(page):
    front = re.match(r"---\n(.*?)\n---\n", (ROOT / page).read_text(encoding="utf-8"), re.S)
    given = yaml.safe_load(front[1])

    assert set(given) >= {"title", "description"}
    assert all(isinstance(each, str) for each in (given["title"], given["description"]))
    assert 20 <= len(given["description"]) <= 160


@pytest.mark.parametrize("page", [page for page in PAGES_OF_SNIPPETS if page.startswith("docs/en/")])
def test_twins_show_the_same_snippets_to_the_letter(page):
    chinese, english = ([each.text for each in snippets(p)] for p in (page.replace("docs/en/", "docs/zh/"), page))

    assert english == chinese


@pytest.mark.parametrize("place", CPU_LANES, ids=lambda lane: lane.name)
@pytest.mark.parametrize("page", [page for page in PAGES_OF_SNIPPETS if page.startswith("docs/zh/")])
def test_a_changed_digit_fails_every_snippet(page, place):
    """Of the Chinese pages: the English ones show the same."""
    if why := place.why_absent():
        pytest.skip(why)
    survivors = []
    for snippet in snippets(page):
        with place.running():
            if differences(sabotaged(snippet), page) is None:
                survivors.append(snippet.number)

    assert survivors == []


def sabotaged(snippet: Snippet) -> Snippet:
    """The snippet with the first digit of its shown output changed; the first letter, where it shows no digit."""
    outputs = [example for example in snippet.examples if example.want]
    example = next((e for e in outputs if re.search(r"\d", e.want)), outputs[0])
    mark = re.search(r"\d", example.want) or re.search(r"\w", example.want)
    wrong = str((int(mark[0]) + 1) % 10) if mark[0].isdigit() else "X"
    lines = snippet.text.splitlines(keepends=True)
    place = sum(map(len, lines[: example.lineno + example.source.count("\n")])) + mark.start()
    text = snippet.text[:place] + wrong + snippet.text[place + 1 :]
    (changed,) = page_snippets(snippet.page, f"```python\n{text}```\n")
    return changed


def test_the_sabotage_changes_one_character_of_the_output():
    page = "```python\n>>> from cnnref import relu\n>>> x = 25\n>>> x, relu(x)\n(25, 1)\n```\n"
    (snippet,) = page_snippets("docs/page.md", page)

    assert sabotaged(snippet).text == snippet.text.replace("(25, 1)", "(35, 1)")
