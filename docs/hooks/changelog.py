"""The page of changes is CHANGELOG.md, in Chinese CHANGELOG.zh.md: where it says `<!-- changelog -->`, their entries.

So the page cannot drift from the file. That both files say the same is held by tests/test_changelog.py.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = {"en": "CHANGELOG.md", "zh": "CHANGELOG.zh.md"}
MARK = "<!-- changelog -->"
HEADING = re.compile(r"^(?P<marks>##+) (?P<title>.+)$", re.MULTILINE)


def on_page_markdown(markdown, config, **_):
    """Put the entries where the page asks for them."""
    return markdown.replace(MARK, entries(config.theme["language"])) if MARK in markdown else markdown


def entries(language) -> str:
    """All that comes behind the introduction; the headings have the same ids in both languages."""
    names = iter(ids(read("en")))
    return HEADING.sub(lambda found: f"{shown(found)} {{ #{next(names)} }}", read(language))


def read(language) -> str:
    """The entries of the file of a language."""
    text = (ROOT / FILES[language]).read_text(encoding="utf-8")
    return text[text.index("\n## ") + 1 :]


def shown(heading) -> str:
    """A heading without the brackets of the format."""
    return f"{heading['marks']} {re.sub(r'[][]', '', heading['title'])}"


def ids(text) -> list[str]:
    """An id for each heading: `unreleased`, `unreleased-added`, `v0-1-0`, `v0-1-0-fixed`."""
    found, version = [], ""
    for heading in HEADING.finditer(text):
        word = re.search(r"[\w.]+", heading["title"])[0].lower().replace(".", "-")
        if heading["marks"] == "##":
            version = f"v{word}" if word[0].isdigit() else word
        found.append(version if heading["marks"] == "##" else f"{version}-{word}")
    return found
