"""The fenced blocks of a Markdown page, with the lines and columns where they really stand."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

OPENING = re.compile(r"(?P<indent>[ \t]*)(?P<marks>`{3,}|~{3,})(?P<info>.*)")


@dataclass(frozen=True)
class Fence:
    """One fenced block: its info string, its text without the indentation, and its place in the page."""

    info: str
    text: str
    line: int  # of the opening marks, counted from 1
    start: int  # offset of the opening marks' line
    end: int  # offset just behind the closing marks


def fences(page: str) -> Iterator[Fence]:
    """Yield every fenced block of a page; what stands inside a longer fence is text, not a block of its own."""
    lines = page.splitlines(keepends=True)
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    i = 0
    while i < len(lines):
        opening = OPENING.fullmatch(lines[i].rstrip("\r\n"))
        if opening is None:
            i += 1
            continue
        closing = _closing(lines, i, opening["marks"])
        text = "".join(_without(opening["indent"], line) for line in lines[i + 1 : closing])
        yield Fence(opening["info"], text, i + 1, offsets[i], offsets[min(closing + 1, len(lines))])
        i = closing + 1


def change_prose(page: str, change: Callable[[str], str]) -> str:
    """The page with what stands outside of its fences changed: `names[0](x)` in code is no link."""
    parts, end = [], 0
    for fence in fences(page):
        parts += [change(page[end : fence.start]), page[fence.start : fence.end]]
        end = fence.end
    return "".join([*parts, change(page[end:])])


def _closing(lines: list[str], opened: int, marks: str) -> int:
    """The index of the line that closes the fence; the end of the page, if none does."""
    for i in range(opened + 1, len(lines)):
        line = lines[i].strip()
        if set(line) == {marks[0]} and len(line) >= len(marks):
            return i
    return len(lines)


def _without(indent: str, line: str) -> str:
    """The line without the fence's own indentation (tabs and admonitions indent a whole block)."""
    return line[len(indent) :] if line.startswith(indent) else line.lstrip(" \t")
