"""Every page in a browser: what it costs, whether anything in it jumps, whether it fits a phone, whom it shuts out.

Opening a page takes longer than judging it: it is opened twice, on a phone and on a wide screen, for all of its tests.
"""

import re
from dataclasses import dataclass

import pytest

from tests import axe
from tests.test_browser import PATHS, visit

BUDGET = 150 * 1024  # bytes as they travel, of everything that a page fetches before the reader does anything
JUMPS = 0.02  # cumulative layout shift, as Chromium counts it
PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter(element =>
    element.getBoundingClientRect().right > innerWidth + 1
    && getComputedStyle(element).position !== "fixed"
    && !(element.ownerSVGElement && getComputedStyle(element.ownerSVGElement).overflow === "hidden")
    && !element.closest(".formula, pre, .md-typeset__scrollwrap, .md-sidebar, .md-search, .md-header, .md-tabs")
).map(element => element.outerHTML.slice(0, 90))"""
# A page that stands still may draw no further frame, so a clock ends it.
SHIFT = """() => new Promise(resolve => {
  let moved = 0;
  const note = entries => entries.filter(each => !each.hadRecentInput).forEach(each => { moved += each.value; });
  const observer = new PerformanceObserver(list => note(list.getEntries()));
  observer.observe({type: "layout-shift", buffered: true});
  setTimeout(() => { note(observer.takeRecords()); resolve(moved); }, 100);
})"""
ANCHOR = """() => [...document.querySelectorAll("article :is(h2, .snippet, .numbered)[id]:not(details *)")]
    .map(each => each.id).at(-2)"""
BELOW = """() => [...document.querySelectorAll("img[loading=lazy]")]
    .filter(each => each.getBoundingClientRect().top > innerHeight).map(each => each.src.split("#")[0])"""


def weights(page):
    """What the page gets, by address, with its bytes as they travelled; it grows with each answer."""
    session = page.context.new_cdp_session(page)
    asked, got = {}, {}
    session.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
    session.on("Network.loadingFinished", lambda e: got.update({asked[e["requestId"]]: e["encodedDataLength"]}))
    session.send("Network.enable")
    return got


@dataclass
class Seen:
    """What was to be seen of a page."""

    weight: int  # bytes of the first view
    jumped: list[float]  # on a phone; on a wide screen, from a place deep in the page
    sideways: dict[int, tuple]  # by width: how far the page scrolls sideways, and what reaches beyond its edge
    source: list[str]  # TeX that should have become a formula
    broken: dict[tuple, list[str]]  # rules of accessibility, by scheme and width
    troubles: list[str]


@pytest.fixture(scope="module", params=[*PATHS, "404.html", "en/404.html"])
def seen(request, fresh, address):
    """A page, looked at once for all tests of it.

    A figure below the first screen weighs nothing: the browser fetches it in quiet moments, or when it comes near.
    """
    url = address + request.param
    with fresh() as page:
        page.set_viewport_size(PHONE)
        got = weights(page)
        visit(page, url)
        below, jumped, anchor = page.evaluate(BELOW), page.evaluate(SHIFT), page.evaluate(ANCHOR)
        weight = sum(size for url, size in got.items() if url not in below)
        sideways = {width: beyond(page, width) for width in (390, 360)}
        source = re.findall(r"\\[a-zA-Z]+|\$[^$\n]{1,80}\$", page.locator("article").inner_text())

        page.goto("about:blank")
        page.set_viewport_size(WIDE)
        visit(page, f"{url}#{anchor}" if anchor else url)
        jumped_there = page.evaluate(SHIFT)
        broken = axe.broken(page, request.param)
        page.set_viewport_size(WIDE)
        with page.expect_response("**/search/search_index.json"):  # asked for on each page from its own place
            page.locator("input.md-search__input").click()
        return Seen(weight, [jumped, jumped_there], sideways, source, broken, page.troubles)


def beyond(page, width):
    """How far a page scrolls sideways at a width, and what reaches beyond its edge."""
    page.set_viewport_size({"width": width, "height": 780})
    scrolls = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return scrolls, page.evaluate(OUTSIDE)


def test_a_page_fits_on_a_phone(seen):
    assert seen.sideways == {390: (0, []), 360: (0, [])}


def test_a_page_shows_formulas_and_no_source_of_them(seen):
    assert seen.source == []


def test_a_first_view_is_small(seen):
    assert 20_000 < seen.weight < BUDGET


def test_nothing_in_a_first_view_jumps(seen):
    assert max(seen.jumped) < JUMPS, seen.jumped


def test_a_page_breaks_no_rule_in_any_light_at_any_width(seen):
    assert seen.broken == {}


def test_a_page_is_quiet_and_stays_at_home(seen):
    """Its search included, which asks for the index of the words."""
    assert seen.troubles == []
