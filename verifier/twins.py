"""Do two languages of a page say the same? Everything but the words must agree, block by block.

Blocks are headings, paragraphs, list items, table rows, fences, display formulas, figures and boxes.
Two twins have the same blocks in the same order; headings agree in level and id, fences and display formulas
to the letter, and every other block in its numbers, inline formulas, inline code, link targets and pictures.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from verifier import labs
from verifier.fences import fences

HEADING = re.compile(r"(?P<marks>#{1,6}) (?P<title>.*?)(?:\{\s*#(?P<id>[\w-]+)[^}]*\})?\s*")
BOX = re.compile(r"///+(?: (?P<type>\w+)(?: \|(?P<title>.*))?)?\s*")
ATTRIBUTE = re.compile(r" {4}\w[\w-]*: .*")
ITEM = re.compile(r"(?P<indent> *)(?P<mark>[-*+]|\d+\.) ")
TAG = re.compile(r"</?(?P<tag>[a-z][\w-]*)[^>]*>")
TAG_ATTRIBUTE = re.compile(r'\s(?!(?:alt|title|placeholder|aria-label)=)([\w-]+="[^"]*")(?=[^<>]*>)')  # without words
ALTERNATIVE = re.compile(r"!\[([^\]]*)\]")
CELL = re.compile(r"(?<!\\)\|")
MARKS = {  # what is taken out of a line of prose, in this order: the next sees what the former left
    "inline code": re.compile(r"`([^`]+)`"),
    "formulas": re.compile(r"(?<![\\$])\$([^$]+)\$(?!\$)"),
    "pictures": re.compile(r"!\[[^\]]*\]\(([^)\s]+)[^)]*\)"),
    "links": re.compile(r"(?<=\])\(([^)\s]+)[^)]*\)|<(https?:[^>]+)>"),
    "numbers": re.compile(r"(?<![\w.])[-−]?\d+(?:[.,]\d+)*(?:\s?%)?", re.ASCII),
}


@dataclass
class Block:
    """One block of a page: its kind, what must be equal in every language, and where it begins."""

    kind: str
    line: int
    exact: tuple = ()
    counted: dict[str, Counter] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """Where two twins part: the lines in either page and one sentence."""

    lines: tuple[int, int]
    sentence: str


def differences(first: str, second: str) -> Iterator[Difference]:
    """Yield where two languages of a page differ in anything but words; stop where the blocks no longer match."""
    ours, theirs = list(blocks(first)), list(blocks(second))
    for one, other in zip(ours, theirs, strict=False):
        lines = (one.line, other.line)
        if one.kind != other.kind:
            yield Difference(lines, f"one has a {one.kind} where the other has a {other.kind}")
            return
        if one.exact != other.exact:
            yield Difference(lines, f"the {one.kind} differs: {_shown(one.exact)} against {_shown(other.exact)}")
        for what in one.counted:
            if (left := one.counted[what] - other.counted[what]) | (right := other.counted[what] - one.counted[what]):
                both = f"{_shown(left.elements())} against {_shown(right.elements())}"
                yield Difference(lines, f"the {what} of this {one.kind} differ: {both}")
    if len(ours) != len(theirs):
        extra = (ours if len(ours) > len(theirs) else theirs)[min(len(ours), len(theirs))]
        ends = tuple(
            side[-1].line if len(side) <= min(len(ours), len(theirs)) else extra.line for side in (ours, theirs)
        )
        yield Difference(ends, f"only one of the two has this {extra.kind}")


def _shown(values) -> str:
    text = ", ".join(repr(value) for value in values) or "nothing"
    return text if len(text) < 200 else text[:200] + "…"


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page in order."""
    lines = page.splitlines()
    yield from _front_matter(lines)
    fenced = {fence.line: fence for fence in fences(page)}
    notebook = labs.is_lab(page)
    paragraph: Block | None = None
    i = _body(lines)
    while i < len(lines):
        line, text = i + 1, lines[i].strip()
        if line in fenced:
            fence, paragraph = fenced[line], None
            yield Block("fence", line, (fence.info, labs.shared(fence.text) if notebook else fence.text))
            i += page.count("\n", fence.start, fence.end) or 1
            continue
        if text == "$$":
            end = next((j for j in range(i + 1, len(lines)) if lines[j].strip() == "$$"), len(lines))
            yield Block("display formula", line, (" ".join(" ".join(lines[i + 1 : end]).split()),))
            i, paragraph = end + 1, None
            continue
        block = _structure(lines[i], line)
        if block is not None:
            paragraph = None if block.kind in ("heading", "box", "box attribute") else block
            yield block
        elif not text:
            paragraph = None
        elif paragraph is not None:
            _count(paragraph, text)
        else:
            paragraph = _count(Block("paragraph", line), text)
            yield paragraph
        i += 1


def _body(lines: list[str]) -> int:
    """The index of the first line behind the front matter."""
    return lines.index("---", 1) + 1 if lines[:1] == ["---"] else 0


def _front_matter(lines: list[str]) -> Iterator[Block]:
    pairs = [line.partition(":") for line in lines[1 : max(1, _body(lines) - 1)] if re.match(r"\w", line)]
    if pairs:
        words = ("title", "description")
        yield Block("front matter", 1, tuple(key if key in words else f"{key}:{value}" for key, _, value in pairs))


def _structure(raw: str, line: int) -> Block | None:
    """The block that a line opens by its form alone; None for a line of prose or an empty one."""
    text = raw.strip()
    if found := HEADING.fullmatch(text):
        heading = _count(Block("heading", line, (len(found["marks"]), found["id"])), found["title"])
        del heading.counted["numbers"]  # exercise 1 is 练习一
        return heading
    if found := BOX.fullmatch(text):
        return _count(Block("box", line, (found["type"],)), found["title"] or "")
    if ATTRIBUTE.fullmatch(raw) and "attrs:" in raw:
        return Block("box attribute", line, (text,))
    if found := ITEM.match(raw):
        kind = "numbered item" if found["mark"][0].isdigit() else "list item"
        return _count(Block(kind, line, (len(found["indent"]),)), raw[found.end() :])
    if text.startswith("|"):
        cells = CELL.split(text)
        row = Block("table row", line, (len(cells) - 1,))
        for column, cell in enumerate(cells):
            counted = _count(Block("cell", line), cell).counted
            row.counted |= {f"{what} in column {column}": marks for what, marks in counted.items()}
        return row
    if found := TAG.match(text):
        return _count(Block(f"<{found['tag']}>", line, tuple(TAG_ATTRIBUTE.findall(text))), TAG.sub("", text))
    return None


def _count(block: Block, text: str) -> Block:
    """Add what must be equal in a line of prose to its block."""
    words = " ".join(ALTERNATIVE.findall(text))
    numbers = set(map(_normal, MARKS["numbers"].findall(words)))  # how often each is named is a matter of style
    block.counted.setdefault("numbers that the words of a picture name", Counter()).update(numbers)
    for what, pattern in MARKS.items():
        found = block.counted.setdefault(what, Counter())
        found.update(_normal(next(filter(None, match.groups()), match[0])) for match in pattern.finditer(text))
        text = pattern.sub(" ", text)
    return block


def _normal(mark: str) -> str:
    return " ".join(mark.split()).replace("−", "-").replace(" %", "%")
