"""A page on paper: a handout. What only a screen needs is gone, what a screen hides or cuts off is there."""

import pytest

from tests.axe import SETTLED
from tests.test_browser import visit

PAPER = {"width": 672, "height": 980}  # A4 without its margins, in pixels
GONE = """.md-header, .md-tabs, .md-sidebar, .md-footer, .md-search, .md-top, .md-code__nav, .headerlink, .lanes,
    .permalink, .report, article button:not(th *), article input, article select"""
LIGHT = """() => {
  const light = color => color.match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3;
  const text = [...document.querySelectorAll("article :is(p, li, td, pre, code, h1, h2, figcaption)")];
  return [light(getComputedStyle(document.body).backgroundColor),
    Math.max(...text.map(each => light(getComputedStyle(each).color)))];
}"""
CUT = """() => {
  const right = document.querySelector("article").getBoundingClientRect().right + 1;
  const boxes = [...document.querySelectorAll("article :is(pre, pre > code, .cell-output, .formula, table, math)")];
  return boxes.filter(each => each.checkVisibility()).filter(each => {
    const hides = getComputedStyle(each).overflowX !== "visible" && each.scrollWidth > each.clientWidth + 1;
    return hides || each.getBoundingClientRect().right > right;
  }).map(each => each.outerHTML.slice(0, 80));
}"""


FOLDED = """() => [...document.querySelectorAll("article details")].filter(box => !box.matches(".live *")
    && [...box.children].slice(1).every(each => !each.getBoundingClientRect().height)).map(box => box.outerHTML)"""


@pytest.fixture
def printed(page, address):
    """A function that opens a page as it goes to paper, from a screen that was dark."""

    def show(path):
        page.set_viewport_size(PAPER)
        page.emulate_media(media="screen", color_scheme="dark")
        visit(page, address + path)
        assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate(SETTLED)
        return page

    return show


PRINTED = ["softmax/", "en/batch-normalization/", "labs/xor/", "en/api/pooling/", "claims/", "tools/receptive-field/"]


@pytest.mark.parametrize("path", PRINTED)
def test_nothing_is_printed_that_only_a_screen_needs_and_nothing_is_cut(printed, path):
    page = printed(path)

    left = page.locator(GONE).locator("visible=true").evaluate_all("all => all.map(e => e.outerHTML.slice(0, 80))")
    assert left == []
    assert page.evaluate(CUT) == []
    assert page.evaluate(FOLDED) == []


@pytest.mark.parametrize("path", ["softmax/", "en/max-pooling/", "labs/xor/"])
def test_paper_is_light_whatever_the_screen_was(printed, path):
    page = printed(path)
    ground, palest = page.evaluate(LIGHT)
    shown = page.locator("article figure img").locator("visible=true")
    drawings = shown.evaluate_all("all => all.map(i => i.getAttribute('src'))")

    assert ground == 255
    assert palest < 120
    assert len(drawings) >= 4
    assert all(source.endswith("#only-light") for source in drawings)


@pytest.mark.parametrize(("path", "what"), [("softmax/", ".snippet .go"), ("labs/xor/", ".cell-output pre")])
def test_code_and_what_it_prints_are_on_the_paper(printed, path, what):
    page = printed(path)
    shown = page.locator(f"{what}, article pre > code")

    assert page.locator(what).count() > 3
    assert shown.locator("visible=true").count() == shown.count()


def test_an_address_stands_behind_a_link_that_leaves_the_site(printed):
    page = printed("en/batch-normalization/")
    behind = "all => all.map(a => [a.href, getComputedStyle(a, '::after').content])"
    away = page.locator("article a[href^=http]:not(.report)").evaluate_all(behind)
    here = page.locator("article p a:not([href^=http], .headerlink)").evaluate_all(behind)

    assert len(away) > 3
    assert [link for link, shown in away if link not in shown] == []
    assert {shown for _, shown in here} <= {"none", "normal"}


def test_what_belongs_together_stays_on_one_sheet(printed):
    page = printed("softmax/")
    kept = page.locator("article :is(figure, .snippet, tr)")
    headings = page.locator("article :is(h1, h2, h3)")

    assert set(kept.evaluate_all("all => all.map(e => getComputedStyle(e).breakInside)")) == {"avoid"}
    assert set(headings.evaluate_all("all => all.map(e => getComputedStyle(e).breakAfter)")) == {"avoid"}


def test_a_page_prints_with_the_figures_that_nobody_has_scrolled_to(page, address):
    fetched = []
    page.on("response", lambda answer: fetched.append(answer.url))
    visit(page, address + "batch-normalization/")
    drawings = page.locator("article img[src$='#only-light']")
    wanted = drawings.evaluate_all("all => all.map(i => i.src.split('#')[0])")
    paper = page.pdf(format="A4")

    assert 5 < paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") < 60
    assert set(wanted) <= set(fetched)
