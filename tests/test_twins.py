"""The two languages cannot drift apart: same pages, same blocks, same code, formulas, figures, numbers."""

import re
from pathlib import Path

import pytest

from verifier.twins import differences

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(path.relative_to(DOCS / "zh").as_posix() for path in (DOCS / "zh").rglob("*.md"))

PAGE = """---
title: T
description: D
hide: [toc]
---

# Softmax { #softmax }

Two numbers, 3 and 0.67, and $e^x$ in [one link](glossary.md#softmax).
A second line calls `softmax`.

## Temperature { #temperature }

$$
p_i = \\frac{e^{x_i}}{\\sum_j e^{x_j}}
$$

- first
- second, 12 %

| a | b |
|---|---|
| 1 | 2 |

/// correction | Title
    attrs: {id: third-value}

It is 0.67.
///

```python
>>> 1 + 1
2
```

<figure markdown="span">
![alternative text of 12 bars](figures/softmax/bars.svg)
<figcaption markdown="span">What to see: 3 bars.</figcaption>
</figure>

<p id="end" title="words">See <a href="#end">this</a>.</p>
"""


def test_both_languages_have_the_same_pages():
    assert sorted(path.relative_to(DOCS / "en").as_posix() for path in (DOCS / "en").rglob("*.md")) == PAGES
    assert "softmax.md" in PAGES


@pytest.mark.parametrize("page", PAGES)
def test_twins_agree(page):
    zh, en = ((DOCS / language / page).read_text(encoding="utf-8") for language in ("zh", "en"))

    found = [f"docs/zh/{page}:{d.lines[0]} docs/en/{page}:{d.lines[1]}: {d.sentence}" for d in differences(zh, en)]

    assert found == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_heading_has_an_id_of_its_own(language, page):
    prose = re.sub(
        r"^ *(```+|~~~+).*?^ *\1", "", (DOCS / language / page).read_text(encoding="utf-8"), flags=re.M | re.S
    )
    headings = re.findall(r"^#{1,6} .*$", prose, flags=re.M)
    ids = [re.search(r"\{ #([\w-]+) \}$", heading) for heading in headings]

    assert [heading for heading, found in zip(headings, ids, strict=True) if found is None] == []
    assert len({found[1] for found in ids}) == len(ids)


def test_a_page_agrees_with_itself():
    assert list(differences(PAGE, PAGE)) == []


@pytest.mark.parametrize(
    ("before", "after", "line", "word"),
    [
        (" and $e^x$ in", " in", 9, "formulas"),
        ("$e^x$", "$e^y$", 9, "formulas"),
        ("0.67, and", "0.65, and", 9, "numbers"),
        ("3 and", "and", 9, "numbers"),
        ("12 %", "13 %", 19, "numbers"),
        ("| 1 | 2 |", "| 1 | 3 |", 23, "numbers"),
        ("| 1 | 2 |", "| 1 |", 23, "table row"),
        ("calls `softmax`", "calls `relu`", 9, "inline code"),
        ("glossary.md#softmax", "glossary.md#relu", 9, "links"),
        ("## Temperature { #temperature }\n\n", "", 12, "heading"),
        ("## Temperature", "### Temperature", 12, "heading"),
        ("{ #temperature }", "{ #heat }", 12, "heading"),
        ("e^{x_j}", "e^{x_i}", 14, "display formula"),
        ("$$\np_i = \\frac{e^{x_i}}{\\sum_j e^{x_j}}\n$$\n\n", "", 14, "display formula"),
        ("- second, 12 %\n", "", 19, "list item"),
        ("correction |", "note |", 25, "box"),
        ("id: third-value", "id: value", 26, "box attribute"),
        ("It is 0.67.", "It is 0.65.", 28, "numbers"),
        (">>> 1 + 1", ">>> 1 + 2", 31, "fence"),
        ("figures/softmax/bars.svg", "figures/softmax/other.svg", 36, "pictures"),
        ("3 bars", "4 bars", 38, "numbers"),
        ("A second line calls `softmax`.\n", "\nA second line calls `softmax`.\n", 9, "inline code"),
        ("description: D\n", "", 1, "front matter"),
        ("hide: [toc]", "hide: [navigation]", 1, "front matter"),
        ("# Softmax {", "# Softmax $x$ {", 7, "formulas"),
        ("Title", "$e^x$", 25, "formulas"),
        ("Title", "2 titles", 25, "numbers"),
        ("| 1 | 2 |", "| 2 | 1 |", 23, "numbers in column 1"),
        ("text of 12 bars", "text of 13 bars", 36, "words of a picture"),
        ('<p id="end"', '<p id="ends"', 41, "<p>"),
        ('href="#end"', 'href="#heat"', 41, "<p>"),
    ],
)
def test_a_page_that_drifted_is_caught_at_its_line(before, after, line, word):
    assert PAGE.count(before) >= 1
    drifted = PAGE.replace(before, after, 1)

    found = next(differences(PAGE, drifted))

    assert found.lines[0] == line
    assert word in found.sentence


def test_a_page_that_lost_its_end_is_caught():
    found = list(differences(PAGE, PAGE[: PAGE.index("<figure")]))

    assert [d.sentence for d in found] == ["only one of the two has this <figure>"]
    assert found[0].lines == (36, 31)
