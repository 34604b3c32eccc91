"""The Markdown beside each page, and the list of them."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from verifier.fences import fences
from verifier.labs import is_lab

ROOT = Path(__file__).parents[1]


def published(site):
    """Every page's Markdown by its source."""
    found = {}
    for language, folder in (("zh", ""), ("en", "en/")):
        for source in sorted((ROOT / "docs" / language).rglob("*.md")):
            name = source.relative_to(ROOT / "docs" / language).with_suffix("").as_posix()
            place = "" if name == "index" else f"{name}/"
            found[source] = (site / folder / place / "index.md").read_text(encoding="utf-8")
    return found


def test_every_page_has_its_markdown_with_the_same_code(site):
    for source, text in published(site).items():
        original = source.read_text(encoding="utf-8")
        assert [f.text for f in fences(text) if f.info == "python"][: len(list(fences(original)))] == [
            f.text for f in fences(original) if f.info == "python"
        ], source
        assert "<!-- count" not in text
        assert "<!-- claims" not in text
        assert "<!-- evidence" not in text


def test_what_the_build_put_in_is_there_as_well(site):
    texts = published(site)
    lab = next(text for source, text in texts.items() if is_lab(source.read_text(encoding="utf-8")))

    assert 'class="cell-output"' in lab
    assert "max_pool2d(" in texts[ROOT / "docs/en/api/pooling.md"]
    assert ":::" not in texts[ROOT / "docs/en/api/pooling.md"].split("# Pooling", 1)[1]


def test_links_lead_to_what_is_published(site):
    dead = []
    for source, text in published(site).items():
        for link in re.findall(r"\]\((http://127\.0\.0\.1:8000/[^)#\s]*)", text):
            path = urlsplit(link).path.removeprefix("/cnnref/")
            if not (site / path).is_file():
                dead.append((source.name, link))
        assert not re.search(r"\]\((?!https?:|#|mailto:)[^)\s]+\.md", text), source

    assert dead == []


def test_the_list_names_every_page_once(site):
    for folder in ("", "en/"):
        text = (site / folder / "llms.txt").read_text(encoding="utf-8")
        listed = re.findall(r"^- \[[^]]+\]\((\S+?)\): .{20,}$", text, re.M)
        assert text.startswith("# cnnref")
        assert len(listed) == len(set(listed)) == len(list((ROOT / "docs/en").rglob("*.md")))
        assert all((site / urlsplit(link).path.removeprefix("/cnnref/")).is_file() for link in listed)


def test_the_sitemap_names_both_languages_of_every_page(site):
    for folder in ("", "en/"):
        sitemap = (site / folder / "sitemap.xml").read_text(encoding="utf-8")
        entries = re.findall(r"<url>(.*?)</url>", sitemap, re.S)
        assert len(entries) == len(list((ROOT / "docs/en").rglob("*.md")))
        for entry in entries:
            addresses = re.findall(r'hreflang="(zh|en)" href="([^"]+)"', entry)
            assert [language for language, _ in addresses] == ["zh", "en"]
            assert re.search(r"<loc>(.*?)</loc>", entry)[1] == dict(addresses)["en" if folder else "zh"]
            assert all(
                (site / urlsplit(url).path.removeprefix("/cnnref/") / "index.html").is_file() for _, url in addresses
            )
