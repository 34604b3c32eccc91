"""The rules of WCAG 2.1 that a program can judge, by axe-core: which of them, and in which light at which width."""

import functools
import importlib.util
import itertools
import os
from pathlib import Path

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
SCHEMES = ("light", "dark")
WIDTHS = (1280, 390)
KINDS = ("", "softmax/", "en/labs/xor/", "en/tools/receptive-field/", "glossary/", "verification/", "en/api/dense/")

# Words that look alike have one contrast: axe judges the first of each look, or a page would take it many seconds.
COLORS = ["color-contrast", "link-in-text-block"]
LOOKS = """() => {
  const seen = new Set(), first = [];
  const ground = element => {
    const style = element && getComputedStyle(element);
    if (!element) return "";
    const own = style.backgroundColor + style.backgroundImage + style.opacity;
    return (own.startsWith("rgba(0, 0, 0, 0)none1") ? "" : own) + ground(element.parentElement);
  };
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    if (!element.checkVisibility({visibilityProperty: true})) continue;
    const style = getComputedStyle(element);
    const look = [style.color, style.fontSize, style.fontWeight, ground(element)].join();
    if (!seen.has(look)) first.push(element);
    seen.add(look);
  }
  return first;
}"""
FOUND = """results => results.violations.map(violation =>
    violation.id + ": " + violation.nodes.slice(0, 4).map(node => node.target.join(" ")).join(" | "))"""
CONTRAST = f"() => axe.run({{include: ({LOOKS})()}}, {{runOnly: {COLORS}}}).then({FOUND})"
OTHERS = f"""rules => axe.run(document, {{
    runOnly: {{type: "tag", values: rules}},
    resultTypes: ["violations"],
    rules: {{{", ".join(f"'{rule}': {{enabled: false}}" for rule in COLORS)}}}
}}).then({FOUND})"""
# Colors that fade from one scheme to the other are taken to their end: no frame need be drawn for it, and while a page
# stands still the browser may draw none.
SETTLED = """() => {
  let running;
  while ((running = document.getAnimations()).length) running.forEach(each => each.finish());
}"""


@functools.cache
def script():
    """The rules of axe-core, as a script."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found, "axe-playwright-python carries axe-core; it is in the dependency group browser"
    return Path(found.submodule_search_locations[0], "axe.min.js").read_text(encoding="utf-8")


def looked_at(path):
    """In which scheme and width a page is judged, and by which rules.

    Chinese pages light and wide, their English twins dark and narrow, one page of each kind in every pair of scheme and
    width. With CNNREF_AXE=all every page is judged in every pair: `.ci/run` does that by itself, it takes minutes.
    """
    pairs = list(itertools.product(SCHEMES, WIDTHS))
    if os.environ.get("CNNREF_AXE") == "all":
        return dict.fromkeys(pairs, "all")
    usual = pairs[-1] if path.startswith("en/") else pairs[0]
    return dict.fromkeys(pairs if path in KINDS else [], "contrast") | {usual: "all"}


def broken(page, path):
    """The rules that an open page breaks, by scheme and width."""
    page.evaluate(script())
    found = {}
    for (scheme, width), rules in looked_at(path).items():
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        if judged(page, rules):  # a button that comes or goes with scrolling may have been caught halfway
            page.wait_for_timeout(500)
            found[scheme, width] = judged(page, rules)
    return {pair: rules for pair, rules in found.items() if rules}


def judged(page, rules):
    """The rules that a page breaks as it stands."""
    page.evaluate(SETTLED)
    return page.evaluate(CONTRAST) + (page.evaluate(OTHERS, RULES) if rules == "all" else [])
