"""The reference is complete and true: every public name has its place in both languages, and pages name what exists."""

import html
import importlib
import re
from pathlib import Path

import pytest

import cnnref

DOCS = Path(__file__).parents[1] / "docs"
FAMILIES = [name for name in cnnref.__all__ if not callable(getattr(cnnref, name))]  # modules: cnnref.gradients


def public_names():
    """Every public function by its full name: those of cnnref, and those of its public modules."""
    for name in cnnref.__all__:
        if name in FAMILIES:
            module = importlib.import_module(f"cnnref.{name}")
            yield from (f"cnnref.{name}.{each}" for each in module.__all__)
        else:
            yield f"{getattr(cnnref, name).__module__}.{name}".replace("cnnref._arrays", "cnnref")


@pytest.mark.parametrize("folder", ["", "en/"])
def test_every_public_name_has_its_place_in_the_reference(site, folder):
    pages = "".join(page.read_text(encoding="utf-8") for page in (site / folder / "api").rglob("*.html"))

    assert [name for name in public_names() if f'id="{name}"' not in pages] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_name_nothing_that_is_gone(language):
    gone = []
    for page in sorted((DOCS / language).rglob("*.md")):
        for name in re.findall(r"(?<![\w/.])cnnref((?:\.\w+)+)", page.read_text(encoding="utf-8")):
            if not exists(name.strip(".").split(".")):
                gone.append(f"{page.name}: cnnref{name}")

    assert gone == []


def exists(parts):
    """Whether a dotted name below cnnref is a module or an attribute."""
    thing = cnnref
    for i, part in enumerate(parts):
        if not hasattr(thing, part):
            try:
                importlib.import_module(".".join(["cnnref", *parts[: i + 1]]))
            except ImportError:
                return False
        thing = getattr(thing, part)
    return True


def test_a_name_that_is_gone_would_be_noticed():
    assert exists(["conv2d"])
    assert exists(["gradients", "relu"])
    assert not exists(["conv4d"])
    assert not exists(["gradients", "conv4d"])


@pytest.mark.parametrize(
    ("folder", "labels"),
    [("", {"参数：", "返回：", "示例：", "引发："}), ("en/", {"Parameters:", "Returns:", "Examples:", "Raises:"})],
)
def test_labels_speak_the_page_s_language(site, folder, labels):
    page = (site / folder / "api/scaling/index.html").read_text(encoding="utf-8")
    found = {html.unescape(label) for label in re.findall(r'<span class="doc-section-title">([^<]+)</span>', page)}

    assert labels <= found
    assert bool(re.search(r"[\u4e00-\u9fff]", "".join(found))) == (folder == "")
    assert ("<summary>References" in page) == (folder == "en/")
