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
    formula = formula.replace("<math", '<math data-search-exclude="true"', 1)  # p_i is not a word that a reader types
    return f'<div class="formula">{formula}</div>' if display else formula
