"""What a search engine shows of a page: a description of its own, of a fitting length, in the page's language."""

import re
from pathlib import Path

import pytest
import yaml

DOCS = Path(__file__).parents[1] / "docs"
LENGTHS = {"zh": (20, 90), "en": (40, 160)}
FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.S)


def descriptions(language):
    """The description of each page of a language."""
    paths = sorted((DOCS / language).rglob("*.md"))
    return {path: yaml.safe_load(FRONT_MATTER.match(path.read_text("utf-8"))[1])["description"] for path in paths}


@pytest.mark.parametrize("language", LENGTHS)
def test_each_is_as_long_as_is_shown(language):
    least, most = LENGTHS[language]
    found = {path.name: len(text) for path, text in descriptions(language).items() if not least <= len(text) <= most}

    assert found == {}


@pytest.mark.parametrize("language", LENGTHS)
def test_no_two_pages_share_one(language):
    found = list(descriptions(language).values())

    assert len(set(found)) == len(found) >= 30


@pytest.mark.parametrize("language", LENGTHS)
def test_each_is_in_the_language_of_its_page(language):
    chinese = {path.name for path, text in descriptions(language).items() if re.search(r"[\u4e00-\u9fff]", text)}

    assert chinese == ({path.name for path in descriptions(language)} if language == "zh" else set())
