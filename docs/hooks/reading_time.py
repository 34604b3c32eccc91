"""Chapters and labs say how many minutes they take to read.

The rule, the same in both languages: 350 Chinese characters or 220 words of other scripts a minute; 3 seconds for a
line of code or of what it printed, 2 for a formula in the line, 10 for one on a line of its own, 12 for a figure.
What is folded away (the solutions of exercises) does not count, nor the line below a snippet that says where it was
verified. Half a minute counts as a whole one.
"""

import html
import re

from claims import CHAPTERS

PASSED_OVER = re.compile(r'<details\b.*?</details>|<p class="lanes".*?</p>', re.DOTALL)
CODE = re.compile(r"<pre\b.*?</pre>", re.DOTALL)
FORMULA = re.compile(r"<math\b(?P<attributes>[^>]*)>.*?</math>", re.DOTALL)
FIGURE = re.compile(r"<figure\b")
TAGS = re.compile(r"<[^>]+>", re.DOTALL)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
SECONDS = {"character": 60 / 350, "word": 60 / 220, "line": 3, "inline": 2, "display": 10, "figure": 12}


def on_page_context(context, page, **_):
    """Give the templates the minutes of a chapter or a lab; nobody reads a reference from top to bottom."""
    if is_read_through(page):
        context["minutes"] = minutes(page.content)
    return context


def is_read_through(page) -> bool:
    """Whether a page is one to be read from top to bottom."""
    return "jupyter" in page.meta or page.file.src_uri.removesuffix(".md") in CHAPTERS


def minutes(content: str) -> int:
    """How long a page takes to read, in minutes, at least one."""
    seconds = sum(SECONDS[what] * number for what, number in counted(content).items())
    return max(1, int(seconds / 60 + 0.5))


def counted(content: str) -> dict[str, int]:
    """What there is to read, by kind."""
    content = PASSED_OVER.sub("", content)
    code = CODE.findall(content)
    formulas = FORMULA.findall(content)
    text = html.unescape(TAGS.sub(" ", FORMULA.sub(" ", CODE.sub(" ", content))))
    displayed = sum("display=" in attributes for attributes in formulas)
    return {
        "character": len(CHINESE.findall(text)),
        "word": len(WORD.findall(CHINESE.sub(" ", text))),
        "line": sum(len(TAGS.sub("", block).strip().splitlines()) for block in code),
        "inline": len(formulas) - displayed,
        "display": displayed,
        "figure": len(FIGURE.findall(content)),
    }
