"""The built site in a real browser, served under a path as GitHub Pages does: what a reader sees, presses and finds."""

import doctest
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from verifier.output import Checker

DOCS = Path(__file__).parents[1] / "docs"

TAKE = "navigator.clipboard.readText().then(text => navigator.clipboard.writeText('').then(() => text))"
PAGES = sorted(path.relative_to(DOCS / "zh").with_suffix("") for path in (DOCS / "zh").rglob("*.md"))
PATHS = [f"{folder}{page.as_posix()}/".removesuffix("index/") for folder in ("", "en/") for page in PAGES]


def visit(page, url):
    """Open a page and wait until it is drawn: with all that it loads, and the fonts that its letters ask for."""
    page.goto(url)
    page.evaluate("document.fonts.ready.then(() => true)")


@pytest.mark.parametrize("path", PATHS)
def test_every_copy_button_gives_a_program_that_prints_what_the_page_shows(page, site, address, path, elsewhere):
    buttons = len(re.findall(r'<div class="[^"]*\bsnippet"', (site / path / "index.html").read_text(encoding="utf-8")))
    assert buttons >= (8 if path.removeprefix("en/") == "softmax/" else 0)
    if buttons == 0:
        return  # nothing to press: the page need not be opened

    visit(page, address + path)
    blocks = page.locator(".snippet")
    assert blocks.count() == buttons
    page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
    copied = []
    with ThreadPoolExecutor(2) as pool:  # programs run while the next button is pressed
        for i in range(buttons):
            block = blocks.nth(i)
            button = block.locator("button.md-clipboard, [data-clipboard-target]").first
            button.press("Enter") if path.startswith("en/") else button.click()  # by key as well as by mouse
            code = page.evaluate(TAKE)
            shown = "".join(e.want for e in doctest.DocTestParser().get_examples(block.locator("code").inner_text()))
            copied.append((code, shown, pool.submit(run_alone, code, elsewhere)))

    for code, shown, run in copied:
        status, printed, complaint = run.result()
        assert status == 0, (code, complaint)
        assert shown.strip()
        assert Checker().check_output(shown, printed, 0), (code, shown, printed)


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory, worker_id):
    """A folder for all workers that holds no program: what runs there finds cnnref only where it is installed."""
    run = tmp_path_factory.getbasetemp()
    folder = (run if worker_id == "master" else run.parent) / "elsewhere"
    folder.mkdir(exist_ok=True)
    return folder


def run_alone(code, folder):
    """Run a program in a fresh Python, outside the repository; once for both languages, whose code is the same."""
    kept = folder / f"{hashlib.sha256(code.encode()).hexdigest()}.json"
    if not kept.exists():
        command = [sys.executable, "-"]
        done = subprocess.run(command, input=code, cwd=folder, capture_output=True, text=True, check=False)
        aside = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}")  # another worker may be reading
        aside.write_text(json.dumps([done.returncode, done.stdout, done.stderr]), encoding="utf-8")
        aside.replace(kept)
    return json.loads(kept.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("path", "twin"), [("softmax/", "en/softmax/"), ("glossary/", "en/glossary/"), ("", "en/")])
def test_the_language_switch_keeps_the_page(page, address, path, twin):
    visit(page, address + path)
    page.locator("a.language").click()
    page.wait_for_url(address + twin)
    assert page.locator("html").get_attribute("lang") == "en"

    page.locator("a.language").click()
    page.wait_for_url(address + path)
    assert page.locator("html").get_attribute("lang") == "zh"
    assert page.troubles == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_follows_the_system_and_shows_the_drawing_that_fits(page, address, scheme):
    page.emulate_media(color_scheme=scheme)
    visit(page, address + "softmax/")

    body = page.locator("body").get_attribute("data-md-color-scheme")
    visible = page.locator("article figure img:visible").evaluate_all(
        "images => images.map(i => i.getAttribute('src'))"
    )

    assert body == {"light": "default", "dark": "slate"}[scheme]
    assert len(visible) >= 4
    assert all(src.endswith(f"#only-{scheme}") for src in visible)


def test_the_toggle_walks_through_the_schemes_and_is_remembered(page, address):
    page.emulate_media(color_scheme="light")
    visit(page, address + "softmax/")
    seen = [page.locator("body").get_attribute("data-md-color-scheme")]
    for _ in range(2):
        page.locator("form[data-md-component=palette] label:visible").click()
        seen.append(page.locator("body").get_attribute("data-md-color-scheme"))
    visit(page, address + "glossary/")

    assert seen == ["default", "default", "slate"]
    assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"


@pytest.mark.parametrize("path", ["", "en/"])
def test_the_home_page_leads_to_all_chapters(page, address, path):
    visit(page, address + path)
    questions = page.locator(".questions li")
    tiles = page.locator(".counts strong").all_inner_texts()

    assert questions.count() == 7
    assert page.locator(".questions li a").count() == 8
    assert len(tiles) == 4
    assert min(map(int, tiles)) > 50


def test_an_unknown_address_gets_a_page_in_both_languages(page, address):
    page.goto(address + "no/such/page/")

    text = page.locator("article").inner_text()
    page.locator("article a").first.click()

    assert "这一页不存在" in text
    assert "No such page" in text
    assert page.url == address


def test_formulas_are_drawn_with_the_site_s_own_font(page, address):
    visit(page, address + "softmax/")

    loaded = page.evaluate(
        "document.fonts.ready.then(() => [...document.fonts].filter(f => f.status === 'loaded').length)"
    )
    heights = page.locator(".formula math").evaluate_all("all => all.map(m => m.getBoundingClientRect().height)")

    assert loaded >= 1
    assert len(heights) >= 3
    assert min(heights) > 12


@pytest.mark.parametrize("path", ["claims/", "en/claims/"])
def test_the_ledger_is_filtered_without_a_script(browser, address, path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + path)
    everything = page.locator(".claim").count()

    page.locator('input[name="verdict"][value="wrong"]').check()
    wrong = page.locator(".claim:visible")
    verdicts = [wrong.nth(i).get_attribute("data-verdict") for i in range(wrong.count())]
    page.locator('input[name="chapter"][value="softmax"]').check()
    wrong_here = page.locator(".claim:visible").count()
    shown = page.locator("table tbody tr:last-child td strong").all_inner_texts()
    context.close()

    assert everything > 100
    assert set(verdicts) == {"wrong"}
    assert 0 < wrong_here < len(verdicts) < everything
    assert [shown[-1], shown[-3]] == [str(everything), str(len(verdicts))]
