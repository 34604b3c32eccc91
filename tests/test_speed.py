"""What a first view waits for, and what it does not. Bytes and jumps of each page: test_every_page.py."""

import json
import re

import pytest

from tests.test_browser import visit


def test_the_search_index_waits_for_the_search(page, address):
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    visit(page, address + "softmax/")
    before = [url for url in fetched if url.endswith("search_index.json")]
    page.locator("input.md-search__input").focus()
    page.wait_for_load_state("networkidle")
    page.keyboard.insert_text("温度")
    page.keyboard.press("End")
    page.wait_for_selector(".md-search-result__item")
    after = [url for url in fetched if url.endswith("search_index.json")]

    assert before == []
    assert len(after) == 1


def test_a_result_that_was_followed_is_marked_although_nobody_turns_to_the_search(page, address):
    page.goto(f"{address}softmax/?h=温度")
    page.wait_for_selector("article mark")

    assert page.locator("article mark").first.inner_text() == "温度"


def test_no_script_holds_up_the_first_view(site):
    """What is fetched runs when the page is there; what stands in the page itself is short."""
    for path in sorted(site.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        fetched = re.findall(r"<script\b([^>]*\bsrc=[^>]*)>", page)
        inline = re.findall(r"<script(?![^>]*\b(?:src=|application/json))[^>]*>(.*?)</script>", page, re.S)
        assert len(fetched) >= 2, path
        assert [tag for tag in fetched if not re.search(r"\bdefer\b|type=\"module\"", tag)] == [], path
        assert sum(map(len, inline)) < 4_000, path


@pytest.mark.parametrize("path", ["batch-normalization/", "en/max-pooling/"])
def test_a_page_is_styled_once_and_its_parts_after_that(browser, page, address, path, tmp_path):
    """Material's script alone has everything styled anew six times; a phone takes a tenth of a second for each."""
    page.set_viewport_size({"width": 390, "height": 844})
    kept = tmp_path / "trace.json"
    browser.start_tracing(page=page, path=kept, categories=["devtools.timeline"])
    visit(page, address + path)
    page.wait_for_timeout(300)  # what scripts do when the page is there
    browser.stop_tracing()
    events = json.loads(kept.read_text(encoding="utf-8"))["traceEvents"]
    runs = [each for each in events if each["name"] == "EvaluateScript" and "/bundle." in each["args"]["data"]["url"]]
    begin = runs[0]["ts"]  # not when it is asked for: while a page still arrives, it is styled as often as it is drawn
    after = [each for each in events if each["name"] == "UpdateLayoutTree" and each["ts"] > begin]
    styled = [each["args"].get("elementCount", 0) for each in after][1:]  # what came last may not be drawn by then

    assert len(styled) > 5
    assert sum(count > 0.7 * page.locator("body *").count() for count in styled) <= 1, styled  # once it is loaded


def test_the_browser_is_told_of_dark_colors_when_they_are_chosen(page, address):
    told = "document.querySelector('meta[name=color-scheme]')?.content"
    page.emulate_media(color_scheme="light")
    visit(page, address + "softmax/")
    before = page.evaluate(told)
    for _ in range(2):
        page.locator("form[data-md-component=palette] label:visible").click()

    assert before is None
    assert page.evaluate(told) == "dark"
    page.emulate_media(color_scheme="dark")
    visit(page, address + "glossary/")
    assert page.evaluate(told) == "dark"


def test_every_picture_says_how_large_it_is(site):
    """So that its place is kept while it is on the way."""
    seen = 0
    for path in sorted(site.rglob("*.html")):
        article = re.search(r"<article.*</article>", path.read_text(encoding="utf-8"), re.S)[0]
        for picture in re.findall(r"<img\b[^>]*>", article):
            assert re.search(r'\bwidth="\d+" height="\d+"', picture), (path, picture)
            seen += 1

    assert seen > 200


def test_pages_carry_nothing_that_nobody_sees(site):
    """docs/hooks/lean.py: the style of the reference elsewhere, marks of code without a color."""
    for path in sorted(site.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        assert ("_mkdocstrings.css" in page) == ('class="doc ' in page), path
        assert not re.search(r'<span class="[npow]">', page), path


@pytest.mark.parametrize("link", ["../glossary/", "../glossary/#entropy"])
def test_a_page_is_fetched_while_the_pointer_rests_on_its_link(page, address, link):
    visit(page, address + "softmax/")
    page.locator(f'a[href="{link}"]').first.hover()
    page.wait_for_timeout(700)  # the browser waits for a fifth of a second
    page.locator(f'a[href="{link}"]').first.click()
    page.wait_for_url("**/glossary/**")

    assert page.evaluate("performance.getEntriesByType('navigation')[0].deliveryType") == "navigational-prefetch"
