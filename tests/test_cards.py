"""The picture that a posted link shows: its letters are there, it is small, it is the same each time, pages name it."""

import html
import io
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "docs/hooks"), str(ROOT / "docs/fonts")]
import cards  # noqa: E402
import cut  # noqa: E402

WORDS = ("卷积神经网络的构造", "章节", "cnnref · 卷积网络的积木")
META = re.compile(r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)">')


def test_the_font_has_every_letter_of_our_titles():
    lacking = cards.lacking("".join(sorted(cut.wanted())))

    assert lacking == [], f"a title has {' '.join(lacking)}, which docs/fonts/cards.ttf lacks: run `make card-font`"


def test_the_font_is_small_and_comes_with_its_license():
    assert cards.FONT.stat().st_size < 80_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (ROOT / "docs/fonts/LICENSE").read_text(encoding="utf-8")


def test_a_letter_that_the_font_lacks_stops_the_build():
    with pytest.raises(PluginError, match=r"cards.ttf lacks 龘 of '龘化': run `make card-font`"):
        cards.drawn("龘化", "章节", "cnnref")


def test_a_picture_is_the_same_each_time():
    assert cards.drawn(*WORDS) == cards.drawn(*WORDS)
    assert cards.drawn(*WORDS) != cards.drawn("池化", *WORDS[1:])


def test_a_picture_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(cards, "CACHE", tmp_path)
    first = cards.kept(*WORDS)
    monkeypatch.setattr(cards, "drawn", lambda *words: pytest.fail("drawn again"))

    assert cards.kept(*WORDS) == first
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("池化", ["池化"]),
        ("卷积神经网络的构造", ["卷积神经网络的构造"]),
        ("Batch normalization", ["Batch", "normalization"]),
        ("cnnref：卷积网络的积木", ["cnnref：", "卷积网络的积木"]),
    ],
)
def test_a_title_is_broken_between_words(title, lines):
    assert cards.fitted(title)[1] == lines


def test_a_title_that_does_not_fit_stops_the_build():
    with pytest.raises(PluginError, match="does not fit on its picture"):
        cards.fitted("long " * 40)


def test_every_page_names_its_own_picture_in_its_language(site):
    from PIL import Image

    pictures = set()
    for path in sorted(site.rglob("index.html")):
        page, address = path.read_text(encoding="utf-8"), path.parent.relative_to(site).as_posix()
        given = META.findall(page)
        said = {name: html.unescape(value) for name, value in given}
        picture = site / urlsplit(said["og:image"]).path.removeprefix("/cnnref/")
        pictures.add(picture)
        with Image.open(io.BytesIO(picture.read_bytes())) as shown:
            assert shown.size == (1200, 630) == (int(said["og:image:width"]), int(said["og:image:height"]))
        assert picture.stat().st_size < 40_000, picture
        assert said["og:image"].startswith("http"), address
        assert said["og:url"] == re.search(r'rel="canonical" href="([^"]+)"', page)[1], address
        assert said["og:description"] == html.unescape(re.search(r'name="description" content="([^"]+)"', page)[1])
        assert said["twitter:card"] == "summary_large_image"
        english = address == "en" or address.startswith("en/")
        assert said["og:locale"] == ("en_US" if english else "zh_CN"), address
        assert [value for name, value in given if name == "og:locale:alternate"] == ["zh_CN" if english else "en_US"]

    assert pictures == set(site.rglob("assets/cards/*.png"))


def test_the_offline_copy_carries_no_pictures():
    from types import SimpleNamespace

    config = SimpleNamespace(extra={"offline": True})

    assert cards.on_page_context({}, page=None, config=config) == {}
    assert cards.on_post_page("page", page=None, config=config) == "page"
