"""When a page last changed: by the history of git, for all that the page is made of, and silent without a history."""

import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs/hooks"))
import changed  # noqa: E402

IDENTITY = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def commit(root, day, **texts):
    """Write files and commit them on a day."""
    when = {f"GIT_{who}_DATE": f"{day}T12:00:00+0800" for who in ("AUTHOR", "COMMITTER")}
    for name, text in texts.items():
        (root / f"{name}.md").write_text(text, encoding="utf-8")
    for arguments in (["add", "."], ["commit", "-qm", day]):
        subprocess.run(["git", *arguments], cwd=root, env=os.environ | IDENTITY | when, check=True)


@pytest.fixture
def history(tmp_path):
    """A repository of two pages: both written on one day, one of them changed later."""
    root = tmp_path / "whole"
    root.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    commit(root, "2026-01-02", old="1", new="1")
    commit(root, "2026-03-04", new="2")
    return root


def test_a_file_has_the_day_of_its_last_commit(history):
    assert changed.dates(history) == {"old.md": "2026-01-02", "new.md": "2026-03-04"}


def test_a_shallow_clone_is_not_believed(history, tmp_path):
    subprocess.run(["git", "clone", "-q", "--depth=1", history.as_uri(), tmp_path / "shallow"], check=True)

    assert changed.git(tmp_path / "shallow", "log", "--format=%cs").split() == ["2026-03-04"]
    assert changed.dates(tmp_path / "shallow") == {}


def test_without_git_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert changed.dates(tmp_path) == {}

    monkeypatch.setenv("PATH", str(tmp_path))
    assert changed.dates(ROOT) == {}


@pytest.mark.parametrize(
    ("uri", "text", "made_of"),
    [
        ("glossary.md", "", ["docs/zh/glossary.md"]),
        ("a.md", "![words](figures/max-pooling/winners.svg)", ["docs/zh/a.md", "docs/figures/max_pooling.py"]),
        ("api/p.md", "::: cnnref.pooling\n", ["docs/zh/api/p.md", "cnnref/pooling.py"]),
        ("claims.md", "", ["docs/zh/claims.md", "docs/claims.yaml"]),
        ("verification.md", "", ["docs/zh/verification.md", "docs/evidence"]),
        ("changelog.md", "", ["docs/zh/changelog.md", "CHANGELOG.md", "CHANGELOG.zh.md"]),
    ],
)
def test_a_page_is_made_of_more_than_its_text(uri, text, made_of):
    assert changed.sources(uri, text, "zh") == made_of


@pytest.mark.parametrize("paths", changed.PAPERS.values())
def test_what_pages_are_made_of_exists(paths):
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_youngest_change_counts(tmp_path, monkeypatch):
    source = tmp_path / "claims.md"
    source.write_text("", encoding="utf-8")
    page = SimpleNamespace(file=SimpleNamespace(src_uri="claims.md", abs_src_path=source))
    days = {"docs/en/claims.md": "2026-01-02", "docs/claims.yaml": "2026-03-04", "docs/zh/claims.md": "2026-05-06"}
    monkeypatch.setitem(changed.state, "dates", days)

    assert changed.changed(page, "en") == "2026-03-04"
    assert changed.changed(page, "zh") == "2026-05-06"
    monkeypatch.setitem(changed.state, "dates", {})
    assert changed.changed(page, "en") == ""


def test_each_language_writes_the_day_its_own_way():
    assert changed.words("2026-11-03", "zh") == "2026 年 11 月 3 日"
    assert changed.words("2026-11-03", "en") == "3 November 2026"


def test_every_page_says_it_once_and_the_site_map_agrees(site):
    """Wherever there is a history; in an archive of the sources no page says anything."""
    known = changed.dates(ROOT)
    for folder, language in (("", "zh"), ("en/", "en")):
        sitemap = (site / folder / "sitemap.xml").read_text(encoding="utf-8")
        modified = dict(re.findall(r"<loc>\S+?/cnnref/(\S*?)</loc>\s*<lastmod>([\d-]+)</lastmod>", sitemap))
        for address, day in modified.items():
            page = (site / address / "index.html").read_text(encoding="utf-8")
            said = re.findall(r'<time datetime="([\d-]+)">([^<]+)</time>', page)
            name = address.removeprefix("en/").rstrip("/") or "index"
            assert said in ([(day, changed.words(day, language))], []), address
            assert said or f"docs/{language}/{name}.md" not in known, address
            assert not said or date.fromisoformat(day) <= date.today() + timedelta(1), address
        assert len(modified) == len(list((ROOT / "docs" / language).rglob("*.md")))
