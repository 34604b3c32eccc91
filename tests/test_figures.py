"""The figures: all of them drawn, all of them shown, the same bytes each time, readable in each language and scheme."""

import functools
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
DOCS = Path(__file__).parents[1] / "docs"
sys.path[:0] = [str(DOCS / "figures"), str(DOCS / "hooks")]
import drawing  # noqa: E402  (docs/figures and docs/hooks are on the path only from here on)
import figures  # noqa: E402

SCHEMES = ("light", "dark")
SLUGS = sorted(path.stem.replace("_", "-") for path in (DOCS / "figures").glob("[a-z]*.py") if path.stem != "drawing")
FIGURES = [(slug, name) for slug in SLUGS for name in drawing.names(slug)]
NAMES = {  # the words that Chinese pages leave in Latin letters
    "Softmax",
    "log_softmax",
    "float",
    "LeNet",
    "AlexNet",
    "ResNet",
    "VGG",
    "ReLU",
    "Sobel",
    "Sigmoid",
    "tanh",
    "GELU",
    "SiLU",
}
CHINESE = re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]")


fingerprint = functools.cache(figures.fingerprint)


def rendered(slug, name, language, scheme):
    """A figure as the site shows it: drawn anew if anything changed on which it depends, else as it was drawn then."""
    module = DOCS / "figures" / f"{slug.replace('-', '_')}.py"
    return figures.drawn(fingerprint(module), slug, name, language, scheme)


class Noted(dict):
    """Words that note which of them were asked for."""

    def __init__(self, words):
        super().__init__(words)
        self.read = set()

    def __getitem__(self, key):
        self.read.add(key)
        return super().__getitem__(key)


def texts(svg):
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("language", drawing.LANGUAGES)
def test_pages_show_exactly_the_figures_there_are(language, slug):
    pages = [path.read_text(encoding="utf-8") for path in (DOCS / language).rglob("*.md")]
    shown = re.findall(rf"\(figures/{slug}/([\w-]+)\.svg\)", "\n".join(pages))

    assert shown
    assert sorted(shown) == sorted(drawing.names(slug))


@pytest.mark.parametrize("language", drawing.LANGUAGES)
def test_pages_show_figures_of_chapters_only(language):
    pages = [path.read_text(encoding="utf-8") for path in (DOCS / language).rglob("*.md")]

    assert set(re.findall(r"\(figures/([\w-]+)/", "\n".join(pages))) <= set(SLUGS)


@pytest.mark.parametrize(("slug", "name"), FIGURES)
def test_a_figure_is_the_same_to_the_byte_and_uses_all_its_words(slug, name, caplog, monkeypatch):
    """Drawn here and now, and as it was drawn by another process or a moment ago."""
    module = drawing.chapter(slug)
    words = Noted(module.WORDS["zh"][name])
    monkeypatch.setitem(module.WORDS["zh"], name, words)

    assert figures.light(drawing.render(slug, name, "zh", "light")) == rendered(slug, name, "zh", "light")
    assert caplog.records == []
    assert words.read == set(words) == set(module.WORDS["en"][name])
    assert set(module.WORDS["zh"]) == set(module.WORDS["en"]) == set(drawing.names(slug))


@pytest.mark.parametrize(("slug", "name"), FIGURES)
def test_a_figure_speaks_one_language(slug, name):
    chinese, english = (texts(rendered(slug, name, language, "light")) for language in drawing.LANGUAGES)

    assert len(chinese) == len(english)
    assert [text for text in english if CHINESE.search(text)] == []
    assert set(re.findall(r"[A-Za-z_]{4,}", " ".join(chinese))) <= NAMES


@pytest.mark.parametrize(("slug", "name"), FIGURES)
def test_a_figure_has_a_light_and_a_dark_form(slug, name):
    light, dark = (rendered(slug, name, "en", scheme) for scheme in SCHEMES)

    assert light != dark
    assert texts(light) == texts(dark)
    for scheme, svg in (("light", light), ("dark", dark)):
        others = {"light": "dark", "dark": "light"}[scheme]
        assert drawing.INKS[scheme].foreground in svg
        assert drawing.INKS[others].foreground not in svg


@pytest.mark.parametrize(("slug", "name"), FIGURES)
def test_a_figure_scales_and_asks_nobody_for_anything(slug, name):
    svg = rendered(slug, name, "zh", "dark")
    root = ET.fromstring(svg)

    assert root.get("viewBox")
    assert root.get("width") == str(drawing.PIXELS)
    assert re.findall(r'href="(?!#|data:image/png;base64,)|url\((?!#)|@import|<script', svg) == []
    assert drawing.FONTS in svg


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_ink_can_be_read(scheme):
    ink = drawing.INKS[scheme]

    for color in (ink.foreground, ink.muted, *ink.accents):
        assert contrast(color, ink.ground) >= 4.5
    assert len({*ink.accents}) == len(ink.accents)


@pytest.mark.parametrize("library", figures.LIBRARIES)
def test_another_version_of_a_library_draws_anew(monkeypatch, library):
    versions = dict.fromkeys(figures.LIBRARIES, "1")
    monkeypatch.setattr(figures.metadata, "version", versions.get)
    before = figures.fingerprint(DOCS / "figures/softmax.py")
    versions[library] = "2"

    assert figures.fingerprint(DOCS / "figures/softmax.py") != before


def test_an_unknown_figure_is_refused():
    with pytest.raises(ValueError, match="name must be a figure of softmax"):
        drawing.render("softmax", "no-such-figure", "zh", "light")
    with pytest.raises(ValueError, match="slug must name a file of figures, got 'nothing'"):
        drawing.names("nothing")
