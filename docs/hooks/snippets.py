"""Each snippet of a page gets a permanent place, and its copy button gives a program that runs alone."""

import html
import re
from itertools import count

from verifier.runnable import program

# What pymdownx.highlight makes of a fence tagged python (the lexer is pycon: prompts and outputs are marked).
BLOCK = re.compile(r'<div class="language-python highlight">(?P<block>.*?</pre></div>)', re.DOTALL)
TAGS = re.compile(r"<[^>]+>")


def on_page_content(content, **_):
    """Number the snippets of the page and lay beside each the program it stands for."""
    numbers = count(1)
    return BLOCK.sub(lambda found: _copyable(found["block"], next(numbers)), content)


def _copyable(block, number):
    text = html.unescape(TAGS.sub("", block))
    code = html.escape(program(text)).replace("\n", "&#10;")
    return f'<div class="language-python highlight snippet" id="snippet-{number}" data-copy="{code}">{block}'
