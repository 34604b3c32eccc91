"""Snippets and displayed formulas have links to themselves: numbered alike, named, reached by Tab, in nobody's way."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs/hooks"))
import permalinks

FORMULA = '<div class="formula"><math display="block"><mi>{}</mi></math></div>'
SNIPPET = (
    '<div class="language-pycon highlight snippet" id="snippet-{0}" data-copy="x"><pre>{0}</pre></div>'
    '<p class="lanes" data-search-exclude><a href="verification/">NumPy</a></p>'
)
LINK = re.compile(r'<a class="permalink" href="#([\w-]+)" title="([^"]+)" aria-label="([^"]+)"')


def test_each_gets_its_own_link():
    page = SimpleNamespace(present_anchor_ids=set())
    config = SimpleNamespace(theme={"language": "zh"})
    content = "".join((FORMULA.format("x"), SNIPPET.format(1), FORMULA.format("y"), SNIPPET.format(2)))

    made = permalinks.on_page_content(content, page=page, config=config)

    names = {target: name for target, name, _ in LINK.findall(made)}
    assert names == {
        "formula-1": "公式 1 的固定链接",
        "snippet-1": "代码 1 的固定链接",
        "formula-2": "公式 2 的固定链接",
        "snippet-2": "代码 2 的固定链接",
    }
    assert re.findall(r'<div class="numbered" id="([\w-]+)">', made) == ["formula-1", "formula-2"]
    assert page.present_anchor_ids == {"formula-1", "formula-2"}
    assert made.index("<mi>x") < made.index("#formula-1") < made.index("<pre>1") < made.index("#snippet-1")
    assert re.sub(r' ?<a class="permalink".*?</a>|<div class="numbered"[^>]*>|</div>', "", made) == content.replace(
        "</div>", ""
    )


def test_every_snippet_and_formula_of_the_site_has_one_and_both_languages_agree(site):
    numbered = 0
    for path in (path for path in site.rglob("index.html") if "en" not in path.relative_to(site).parts):
        twins = []
        for name in (path, site / "en" / path.relative_to(site)):
            page = name.read_text(encoding="utf-8")
            links = LINK.findall(page)
            targets = [target for target, _, _ in links]
            twins.append(targets)
            assert len(set(targets)) == len(targets), name
            assert [t for t in targets if "snippet" in t] == re.findall(r'id="(snippet-\d+)"', page), name
            formulas = [f"formula-{n + 1}" for n in range(page.count('<div class="formula">'))]
            assert [t for t in targets if "formula" in t] == re.findall(r'id="(formula-\d+)"', page) == formulas, name
            assert all(title == label for _, title, label in links)
        assert twins[0] == twins[1], path
        numbered += len(twins[0])

    assert numbered > 200


BOX = "e => { const {left, right, top, bottom} = e.getBoundingClientRect(); return [left, right, top, bottom] }"

DISTANCE = """e => {
  const box = e.closest(".lanes, .numbered"), top = (box.matches(".lanes") ? box.previousElementSibling : box);
  return box.nextElementSibling.getBoundingClientRect().top - top.getBoundingClientRect().top;
}"""


def overlap(one, other):
    """Whether two boxes have a point in common."""
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


@pytest.mark.parametrize(("path", "width"), [("softmax/", 1280), ("en/softmax/", 390)])
def test_a_link_shows_itself_to_mouse_and_keyboard_and_is_in_nobody_s_way(page, address, path, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address + path)
    for kind in ("snippet", "formula"):
        place, link = page.locator(f"#{kind}-2"), page.locator(f'a.permalink[href="#{kind}-2"]')
        page.locator("h1").hover()
        before = link.evaluate(DISTANCE)
        assert float(link.evaluate("e => getComputedStyle(e).opacity")) == 0
        place.scroll_into_view_if_needed()
        place.hover()
        page.wait_for_timeout(250)
        assert float(link.evaluate("e => getComputedStyle(e).opacity")) == 1
        box = link.evaluate(BOX)
        assert 0 < box[1] <= width
        others = page.locator("main .md-clipboard, main .report, main math, main a:not(.permalink)")
        assert not any(overlap(box, other) for other in others.evaluate_all(f"all => all.map({BOX})"))
        page.locator("h1").hover()
        link.focus()
        page.wait_for_timeout(250)
        assert float(link.evaluate("e => getComputedStyle(e).opacity")) == 1
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/#{kind}-2")
        assert page.locator(f"#{kind}-2:target").count() == 1
        assert link.evaluate(DISTANCE) == pytest.approx(before, abs=0.5)
    assert page.troubles == []


def test_a_snippet_costs_one_more_tab_stop_for_its_link(page, address):
    page.goto(address + "softmax/")
    stops = page.locator("#snippet-3 + .lanes :is(a, button)").evaluate_all("all => all.map(e => e.className)")

    assert stops == ["", "report", "permalink"]
