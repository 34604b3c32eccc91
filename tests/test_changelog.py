"""The list of changes: both files say the same, and the page is made of them."""

import re
import sys
from pathlib import Path

import pytest

from verifier.twins import differences

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs/hooks"))
import changelog  # noqa: E402

KINDS = {  # the headings of Keep a Changelog
    "[Unreleased]": "[未发布]",
    "Added": "新增",
    "Changed": "变更",
    "Deprecated": "弃用",
    "Removed": "移除",
    "Fixed": "修复",
    "Security": "安全",
}
SAMPLE = "# Changelog\n\nWords.\n\n## [Unreleased]\n\n### Added\n\n- x\n\n## [0.1.0] - 2026-12-01\n\n### Fixed\n\n- y\n"


def test_both_files_hold_the_same_entries():
    files = ("CHANGELOG.md", "CHANGELOG.zh.md")
    found = list(differences(*((ROOT / name).read_text(encoding="utf-8") for name in files)))
    found = [f"{files[0]}:{each.lines[0]} {files[1]}:{each.lines[1]}: {each.sentence}" for each in found]

    assert found == []


def test_both_files_have_the_same_headings():
    headings = [re.findall(r"^##+ (.+)$", changelog.read(language), re.M) for language in ("en", "zh")]

    assert [KINDS.get(heading, heading) for heading in headings[0]] == headings[1]


def test_each_heading_has_an_id_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(changelog, "ROOT", tmp_path)
    (tmp_path / "CHANGELOG.md").write_text(SAMPLE, encoding="utf-8")
    chinese = SAMPLE.replace("[Unreleased]", "[未发布]").replace("Added", "新增").replace("Fixed", "修复")
    (tmp_path / "CHANGELOG.zh.md").write_text(chinese, encoding="utf-8")

    assert changelog.entries("zh") == (
        "## 未发布 { #unreleased }\n\n### 新增 { #unreleased-added }\n\n- x\n\n"
        "## 0.1.0 - 2026-12-01 { #v0-1-0 }\n\n### 修复 { #v0-1-0-fixed }\n\n- y\n"
    )


@pytest.mark.parametrize(("folder", "language"), [("", "zh"), ("en", "en")])
def test_the_page_shows_every_entry(site, folder, language):
    page = (site / folder / "changelog/index.html").read_text(encoding="utf-8")
    article = re.search(r"<article.*?</article>", page, re.S)[0]
    text = changelog.read(language)

    assert article.count("<li>") == len(re.findall(r"^- ", text, re.M))
    assert re.findall(r'<h[23] id="([\w-]+)"', article) == changelog.ids(changelog.read("en"))
