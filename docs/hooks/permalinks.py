"""Snippets and displayed formulas have a link to themselves, as headings do: seen when pointed at or reached by Tab.

Formulas are numbered here, as snippets are in snippets.py, so `formula-3` is the same formula in both languages.
"""

import re
from itertools import count

FORMULA = re.compile(r'<div class="formula">.*?</math></div>', re.DOTALL)
# A snippet and the line below it (docs/hooks/evidence.py), which has room for the link.
SNIPPET = re.compile(
    r'(?P<snippet><div class="language-pycon highlight snippet" id="snippet-(?P<number>\d+)"'
    r'.*?</pre></div><p class="lanes"[^>]*>.*?)</p>',
    re.DOTALL,
)
NAMES = {
    "snippet": {"zh": "代码 {} 的固定链接", "en": "Permanent link to snippet {}"},
    "formula": {"zh": "公式 {} 的固定链接", "en": "Permanent link to formula {}"},
}


def on_page_content(content, page, config, **_):
    """Give each snippet and each displayed formula its link."""
    language, numbers = config.theme["language"], count(1)
    content = FORMULA.sub(lambda found: numbered(found[0], next(numbers), language), content)
    page.present_anchor_ids |= {f"formula-{n}" for n in range(1, next(numbers))}  # other pages may link to them
    return SNIPPET.sub(
        lambda found: f"{found['snippet']} {permalink('snippet', found['number'], language)}</p>", content
    )


def numbered(formula, number, language) -> str:
    """A formula with its number; the link stands outside of the box that scrolls."""
    return f'<div class="numbered" id="formula-{number}">{formula}{permalink("formula", number, language)}</div>'


def permalink(what, number, language) -> str:
    """A link whose name says where it leads."""
    name = NAMES[what][language].format(number)
    return f'<a class="permalink" href="#{what}-{number}" title="{name}" aria-label="{name}" data-search-exclude>¶</a>'
