"""The offline copy: one file that opens from disk, with search, in both languages, and asks nobody for anything."""

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def copy(tmp_path_factory, worker_id, site):
    """The unpacked copy, made once for all workers; after the site, whose labs and figures it uses again."""
    run = tmp_path_factory.getbasetemp()
    place = (run if worker_id == "master" else run.parent) / "offline"
    with FileLock(place.with_suffix(".lock")):
        if not place.exists():
            command = [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "--site-dir", f"{place}.built"]
            environment = os.environ | {"OFFLINE": "true"}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            with zipfile.ZipFile(Path(f"{place}.built").with_suffix(".zip")) as archive:
                archive.extractall(place)
    return place / "cnnref"


def test_the_copy_has_every_page(copy, site):
    folders = {path.parent.relative_to(site) for path in site.rglob("index.html")}
    names = {"index.html" if folder == Path() else f"{folder.as_posix()}.html" for folder in folders}
    names = {"en/index.html" if name == "en.html" else name for name in names}

    assert names <= {path.relative_to(copy).as_posix() for path in copy.rglob("*.html")}


def test_no_page_of_the_copy_names_another_host_to_load_from(copy):
    for path in copy.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|img|link)\b[^>]*(?:src|href)="(?:https?:)?//(?!127)[^"]*"', page) == [], path
        assert 'type="module"' not in page, path


@pytest.mark.parametrize(
    ("home", "query", "page"), [("index.html", "感受野", "感受野"), ("en/index.html", "stride", "tride")]
)
def test_search_works_from_disk(browser, copy, home, query, page):
    context = browser.new_context()
    tab = context.new_page()
    asked = []
    tab.on("request", lambda request: request.url.startswith(("file:", "data:", "blob:")) or asked.append(request.url))
    tab.goto((copy / home).as_uri())
    tab.locator(".md-search__input").click()
    tab.keyboard.insert_text(query)
    tab.keyboard.press("End")  # Chinese text comes without a key
    tab.wait_for_selector(".md-search-result__item")

    assert page in tab.locator(".md-search-result__list").inner_text()
    assert asked == []
    context.close()


def test_the_calculator_works_from_disk(browser, copy):
    context = browser.new_context()
    tab = context.new_page()
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto((copy / "en/tools/receptive-field.html").as_uri())
    tab.wait_for_timeout(500)

    assert errors == []
    assert tab.locator("table tbody tr:visible").count() >= 2
    context.close()


def test_the_file_is_the_same_each_time(tmp_path, monkeypatch):
    sys.path.insert(0, str(ROOT / "docs/hooks"))
    import offline

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    site = tmp_path / "site"
    site.mkdir()
    (site / "b.html").write_text("b")
    (site / "a.html").write_text("a")
    first = hashlib.sha256(offline.pack(site).read_bytes()).hexdigest()
    os.utime(site / "a.html", (0, 0))

    assert hashlib.sha256(offline.pack(site).read_bytes()).hexdigest() == first
    assert zipfile.ZipFile(tmp_path / "site.zip").namelist() == ["cnnref/a.html", "cnnref/b.html"]
