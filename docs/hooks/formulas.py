"""Formulas become MathML while the site is built: no script draws them, and one that does not parse fails the build."""

import html
import re

from math_core import LatexError, LatexToMathML
from mkdocs.exceptions import PluginError

# What pymdownx.arithmatex leaves in a page: <span> for $...$, <div> for $$...$$.
FORMULA = re.compile(r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<tex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL)
# A formula in the line and the mark behind it: a line must not begin with a comma.
INLINE_AND_MARK = re.compile(
    r"(<math(?! [^>]*display)[^>]*>(?:(?!</math>).)*</math>)([，。、；：！？”）》,.;:!?)]+)", re.DOTALL
)
# math-core aligns with style attributes, which the site's policy does not admit: site.css has classes in their place.
STYLED = re.compile(r' style="(?P<style>[^"]*)"')
CLASSES = {
    "text-align:left": "m-left",
    "text-align:right": "m-right",
    "justify-items:start": "m-start",
    "justify-items:end": "m-end",
    "padding-left:0": "m-tight-left",
    "padding-right:0": "m-tight-right",
    "padding-left:1em": "m-apart",
    "margin-left:-0.16666667em": "m-back",
}
TERMINAL_COLORS = re.compile(r"\x1b\[[\d;]*m")

converter = LatexToMathML()


def on_page_content(content, page, **_):
    """Replace each formula of the page by MathML, and keep the punctuation mark behind it on its line."""
    content = FORMULA.sub(lambda found: mathml(found, page.file.src_uri), content)
    return INLINE_AND_MARK.sub(r'<span class="joined">\1\2</span>', content)


def mathml(found, where):
    """The MathML of one formula; display formulas stand in a box of their own that scrolls on a phone."""
    tex = html.unescape(found["tex"]).strip()
    display = found["tag"] == "div"
    try:
        formula = converter.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        reason = TERMINAL_COLORS.sub("", str(error)).strip()
        raise PluginError(f"{where}: this formula does not parse: {tex}\n{reason}") from error
    formula = STYLED.sub(lambda style: f' class="{_class(style["style"], tex, where)}"', formula)
    formula = formula.replace("<math", '<math data-search-exclude="true"', 1)  # p_i is not a word that a reader types
    return f'<div class="formula">{formula}</div>' if display else formula


def _class(style, tex, where):
    """The classes that stand for a style attribute, one for each of its declarations."""
    declarations = [each.replace(" ", "") for each in style.split(";") if each.strip()]
    if unknown := [each for each in declarations if each not in CLASSES]:
        raise PluginError(f"{where}: {tex} needs the style {unknown[0]}; give it a class in formulas.py and site.css")
    return " ".join(CLASSES[each] for each in declarations)
