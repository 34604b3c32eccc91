"""Material's style sheet without the rules that no page of this site can meet: four of ten bytes that every phone gets.

A rule goes when one of its classes is named neither by a page nor by a script; a picture, when no rule left shows it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.exceptions import PluginError

SHEETS = "assets/stylesheets/main.*.min.css"
CLASSES = re.compile(r'\bclass="([^"]*)"')
WORD = re.compile(r"[\w-]+")
CHARSET = '@charset "UTF-8";'
TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[{}]", re.DOTALL)
NOT_NEEDED = re.compile(r":not\([^()]*\)|\[[^\]]*\]")
CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")
BETWEEN = re.compile(r",(?![^(]*\))")
# Material's script puts each table into a box of its own, where nothing follows it. While it does so, this rule would
# have the whole article styled anew.
TABLES = ".md-typeset table:not([class])+*"
PICTURE = re.compile(r"(?P<name>--[\w-]+):url\((?:\"[^\"]*\"|'[^']*'|[^)\"']*)\);?")


def on_post_build(config):
    """Rewrite the style sheet of this language, when all its pages are there."""
    site = Path(config.site_dir)
    sheets = list(site.glob(SHEETS))
    if not sheets:
        raise PluginError(f"no style sheet of Material: {SHEETS}")
    names = named(site)
    others = {*site.glob("assets/stylesheets/*.css")} - {*sheets}
    theirs = "".join(path.read_text(encoding="utf-8") for path in others)
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        sheet.write_text(CHARSET + lean(text.removeprefix(CHARSET), names, theirs), encoding="utf-8")


def named(site: Path) -> set[str]:
    """Every class of every page, and every word of every script: some of those are classes."""
    found = set()
    for page in site.rglob("*.html"):
        found.update(" ".join(CLASSES.findall(page.read_text(encoding="utf-8"))).split())
    for script in {*site.glob("assets/javascripts/**/*.js")} - {*site.glob("assets/javascripts/lunr/**/*.js")}:
        found.update(WORD.findall(script.read_text(encoding="utf-8")))
    return found


def lean(sheet: str, names: set[str], others: str = "") -> str:
    """The sheet with the rules that these names can meet, and with the pictures that those rules show."""
    kept = rules(sheet, names)
    shown = PICTURE.sub("", kept) + PICTURE.sub("", others)
    return PICTURE.sub(lambda picture: picture[0] if f"var({picture['name']}" in shown else "", kept)


def rules(sheet: str, names: set[str]) -> str:
    """The rules that can be met, also those inside of conditions."""
    return "".join(rule(head, body, names) for head, body in blocks(sheet))


def rule(head: str, body: str, names: set[str]) -> str:
    """One rule with the selectors that can be met; nothing where there is none."""
    if head.startswith(("@media", "@supports")):
        inside = rules(body, names)
        return f"{head}{{{inside}}}" if inside else ""
    if not head.startswith("@"):
        head = ",".join(each for each in BETWEEN.split(head) if each != TABLES and classes(each) <= names)
    return f"{head}{{{body}}}" if head else ""


def classes(selector: str) -> set[str]:
    """What an element must be called for it."""
    return set(CLASS.findall(NOT_NEEDED.sub("", selector)))


def blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """Head and body of each block at the top level; braces in strings do not count."""
    depth = start = opened = 0
    for token in TOKEN.finditer(sheet):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if token[0] == "{" and depth == 1:
            opened = token.end()
        elif token[0] == "}" and depth == 0:
            yield sheet[start : opened - 1].strip(), sheet[opened : token.start()]
            start = token.end()
