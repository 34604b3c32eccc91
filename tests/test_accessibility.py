"""What everybody can use: keys alone, alternative texts, formulas read aloud. The rules of WCAG: test_every_page.py."""

import html
import itertools
import re
from collections import Counter

import pytest

from tests.test_browser import visit

WIDTHS = (1280, 390)

# ------------------------------------------------------------------------------------------------- keyboard

REACHABLE = """() => {
  const group = radio => [...document.getElementsByName(radio.name)];
  const chosen = radio => group(radio).find(each => each.checked) ?? group(radio)[0];
  const shown = element => element.matches(".md-option")
    ? getComputedStyle(element).display !== "none"
    : element.checkVisibility({visibilityProperty: true});
  window.stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
    .filter(element => element.tabIndex >= 0 && !element.disabled && shown(element))
    .filter(element => !element.matches(".md-top")) // comes and goes with the direction of scrolling
    .filter(element => element.type !== "radio" || chosen(element) === element);
  window.looks = element => [element, element.nextElementSibling, element.closest("form"), element.parentElement]
    .map(e => e && (({outlineStyle: a, outlineWidth: b, boxShadow: c, backgroundColor: d, opacity: f, color: g}) =>
      [a === "none" ? "" : a + b, c, d, f, g].join())(getComputedStyle(e))).join(";");
  window.before = new Map(window.stops.map(element => [element, looks(element)]));
  return window.stops.map(element => element.outerHTML.slice(0, 90));
}"""
FOCUSED = """() => {
  const element = document.activeElement, box = element.getBoundingClientRect();
  const label = element.matches(".md-option") ? element.labels[0]?.parentElement.getBoundingClientRect() ?? box : box;
  return {
    stop: window.stops.indexOf(element),
    html: element.outerHTML.slice(0, 90),
    marked: window.looks(element) !== window.before.get(element),
    seen: label.right > 0 && label.bottom > 0 && label.left < innerWidth && label.top < innerHeight,
  };
}"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["", "softmax/", "en/max-pooling/", "en/tools/receptive-field/", "404.html"])
def test_the_tab_key_reaches_everything_in_order_and_shows_where_it_is(page, address, path, width):
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    visit(page, address + path)
    wanted = page.evaluate(REACHABLE)
    reached, unmarked, unseen = [], [], []
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found["html"].startswith("<body") or (reached and found["stop"] == reached[0]):
            break
        reached.append(found["stop"])
        unmarked += [] if found["marked"] else [found["html"]]
        unseen += [] if found["seen"] else [found["html"]]

    reached = [stop for stop in reached if stop >= 0]  # the box of the results, which opens with the search
    assert len(wanted) > 10
    assert [wanted[i] for i in range(len(wanted)) if i not in reached] == []
    assert reached == sorted(reached)
    assert (unmarked, unseen) == ([], [])


@pytest.mark.parametrize("path", ["softmax/", "en/softmax/"])
def test_the_first_stop_leads_past_the_menus(page, address, path):
    visit(page, address + path)
    page.keyboard.press("Tab")
    first = page.locator(":focus")
    assert first.get_attribute("class").startswith("md-skip")
    assert first.is_visible()

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.locator("article :focus").count() == 1


def test_the_menu_of_a_phone_opens_and_closes_by_key(page, address):
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, address + "softmax/")
    button = page.locator("header button[for=__drawer]")
    hidden = page.locator(".md-sidebar--primary a:visible").count()
    button.press("Enter")
    page.wait_for_selector(".md-sidebar--primary a:visible")
    opened = button.get_attribute("aria-expanded"), page.locator(".md-sidebar--primary a:visible").count()
    page.keyboard.press("Escape")

    assert hidden == 0
    assert opened[0] == "true"
    assert opened[1] > 5
    assert button.get_attribute("aria-expanded") == "false"
    assert page.locator(":focus").get_attribute("for") == "__drawer"


# ------------------------------------------------------------------------------------------------- what is read aloud

ORDER = """() => {
  const inFlow = style => style.position === "static" && style.float === "none";
  const tops = [...document.querySelector("article").children]
    .filter(element => element.checkVisibility() && inFlow(getComputedStyle(element)))
    .map(element => [element.getBoundingClientRect().top, element.outerHTML.slice(0, 60)]);
  return tops.filter(([top], i) => i && top < tops[i - 1][0]).map(([, start]) => start);
}"""


@pytest.mark.parametrize("path", ["", "softmax/", "en/batch-normalization/", "labs/xor/", "en/claims/"])
def test_a_page_is_read_in_the_order_in_which_it_is_seen(page, address, path):
    visit(page, address + path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(ORDER) == []

    landmarks = page.locator("header, main, footer").evaluate_all("all => all.map(e => e.localName)")
    assert landmarks == ["header", "main", "footer"]


def built(site):
    """The published pages by address."""
    return {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))
    }


def test_headings_go_down_one_step_at_a_time(site):
    for address, page in built(site).items():
        article = re.search(r"<article.*</article>", page, re.S)[0]
        levels = [int(level) for level in re.findall(r"<h([1-6])\b", article)]
        assert levels[0] == 1, address
        assert levels.count(1) == 1, address
        assert [pair for pair in itertools.pairwise(levels) if pair[1] > pair[0] + 1] == [], address


CHINESE = re.compile(r"[\u4e00-\u9fff]")
FIGURE = re.compile(r"<figure\b.*?</figure>", re.S)


def words(markup):
    """The letters of a text, without markup, signs and spaces."""
    return re.sub(r"\W+", "", html.unescape(re.sub(r"<[^>]+>", "", markup)))


def test_every_figure_has_an_alternative_text_of_its_own(site):
    """Not its file's name, not its caption again, in the page's language: what there is to see."""
    seen = Counter()
    for address, page in built(site).items():
        language = "en" if address.startswith("en/") else "zh"
        for figure in FIGURE.findall(page):
            texts = {html.unescape(text) for text in re.findall(r'<img\b[^>]*\balt="([^"]*)"', figure)}
            if not texts:  # a figure to play with: its parts have names of their own
                continue
            (text,) = texts
            caption = words("".join(re.findall(r"<figcaption.*?</figcaption>", figure, re.S)))
            name = re.search(r'src="[^"]*?([\w-]+)\.(?:dark\.)?svg', figure)[1]
            assert len(text) >= (12 if language == "zh" else 30), (address, text)
            assert words(name).lower() != words(text).lower(), (address, text)
            assert words(text) not in caption, (address, text)
            assert caption not in words(text), (address, text)
            assert bool(CHINESE.search(text)) == (language == "zh"), (address, text)
            assert not re.search(r"[\\{}$]", text), (address, text)
            seen[language] += 1

    assert seen["zh"] == seen["en"] > 60


@pytest.mark.parametrize("path", ["softmax/", "en/batch-normalization/"])
def test_formulas_reach_a_screen_reader_with_their_structure(page, address, path):
    visit(page, address + path)
    page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}
    formulas = [node for node in nodes if not node["ignored"] and node["role"]["value"] == "MathMLMath"]
    parts = Counter(role for formula in formulas for role in roles(formula, by_id))

    seen = "math.checkVisibility({visibilityProperty: true}) && !math.closest('[aria-hidden=true]')"
    shown = f"all => all.filter(math => {seen}).length"
    assert len(formulas) == page.locator("article math").evaluate_all(shown) > 20
    assert {"MathMLIdentifier", "MathMLFraction", "MathMLOperator", "MathMLNumber"} <= set(parts)
    assert all(said(formula, by_id) for formula in formulas)


def below(node, by_id):
    """The nodes below a node of the tree that a screen reader gets, at any depth."""
    for child in node.get("childIds", []):
        if child in by_id:
            yield by_id[child]
            yield from below(by_id[child], by_id)


def roles(node, by_id):
    return [each["role"]["value"] for each in below(node, by_id) if not each["ignored"]]


def said(node, by_id):
    """What is said of a formula."""
    return "".join(
        each["name"]["value"] for each in below(node, by_id) if each["role"]["value"] == "StaticText" and "name" in each
    )
