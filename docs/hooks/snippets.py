"""Each snippet of a page gets a permanent place, and its copy button gives a program that runs alone."""

import functools
import html
import re
from itertools import count

from verifier.fences import fences
from verifier.runnable import program

# What pymdownx.highlight makes of a session. The examples of docstrings are sessions too.
SESSION = re.compile(r'<div class="language-pycon highlight">(?P<block>.*?</pre></div>)', re.DOTALL)
TAGS = re.compile(r"<[^>]+>")


def on_page_markdown(markdown, page, **_):
    """Every fence tagged python is a session: color it as one, with prompts and outputs apart. Labs have programs."""
    if "jupyter" in page.meta:
        return markdown
    for fence in reversed(list(fences(markdown))):
        if fence.info == "python":
            opening = markdown[fence.start :].replace("python", "pycon", 1)
            markdown = markdown[: fence.start] + opening
    return markdown


def on_page_content(content, page, **_):
    """Number the sessions of the page and lay beside each the program that it stands for."""
    numbers = count(1)
    content = SESSION.sub(lambda found: _copyable(found["block"], next(numbers)), content)
    page.present_anchor_ids |= {f"snippet-{n}" for n in range(1, next(numbers))}  # other pages may link to them
    return content


@functools.lru_cache(maxsize=1024)  # `mkdocs serve` asks again with each change of another page
def _copyable(block, number):
    text = html.unescape(TAGS.sub("", block))
    code = html.escape(program(text)).replace("\n", "&#10;")
    return f'<div class="language-pycon highlight snippet" id="snippet-{number}" data-copy="{code}">{block}'
