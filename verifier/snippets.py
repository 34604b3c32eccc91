"""The snippets of a page or a module: which they are, and what is refused before anything runs.

A snippet is a fence tagged exactly `python`, or the examples of one docstring.
It is a doctest, it stands alone, and it calls cnnref.
A page that would show Python which is never run is refused: that is how tested pages rot.
"""

import ast
import doctest
import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from verifier.fences import Fence, fences

OTHER_TAGS = {"bash", "text", "json", "yaml", "toml", "html", "markdown"}
LONGEST = 16  # lines of code: what a phone shows without scrolling
DIRECTIVE = "a snippet must not switch the comparison off with a doctest directive"
PROMPT = re.compile(r"\s*(>>>|\.\.\.)( |$)")


class PageError(Exception):
    """The page itself is wrong, before any of its code runs. The message begins with page and line."""


@dataclass(frozen=True)
class Snippet:
    """One doctest of a page, with its place."""

    page: str
    number: int  # the n-th snippet of the page, from 1
    line: int  # of its first line, counted from 1
    start: int  # offsets in the page, for Sybil
    end: int
    text: str
    examples: list[doctest.Example] = field(repr=False)

    @property
    def sha256(self) -> str:
        """The fingerprint of the text: what a record of verification holds for."""
        return fingerprint(self.text)


def fingerprint(text: str) -> str:
    """What a text is known by: the same for any ending of its lines."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).rstrip() + "\n"
    return hashlib.sha256(text.encode()).hexdigest()


def page_snippets(page: str, text: str) -> Iterator[Snippet]:
    """Yield the snippets of a Markdown page; raise PageError where Python would be shown but not run."""
    number = 0
    for fence in fences(text):
        if _is_python(page, fence):
            number += 1
            yield _snippet(page, number, fence.line + 1, fence.start, fence.end, fence.text)


@functools.lru_cache(maxsize=256)
def page_fingerprints(page: str, text: str) -> tuple[str, ...]:
    """The fingerprints of the snippets of a page, found once for a text: a build asks for them several times."""
    return tuple(snippet.sha256 for snippet in page_snippets(page, text))


def docstring_snippets(page: str, text: str) -> Iterator[Snippet]:
    """Yield one snippet for each docstring of a module that holds examples."""
    offsets = [0]
    for line in text.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    number = 0
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented) and node.body]
    for node in sorted(nodes, key=lambda node: node.body[0].lineno):
        docstring = ast.get_docstring(node, clean=False)
        if docstring and re.search(r"^\s*>>> ", docstring, re.MULTILINE):
            number += 1
            where = node.body[0].value
            examples = doctest.DocTestParser().get_examples(docstring, page)
            if switched := [example for example in examples if example.options]:
                raise PageError(f"{page}:{where.lineno + switched[0].lineno}: {DIRECTIVE}")
            yield Snippet(
                page,
                number,
                where.lineno,
                offsets[where.lineno - 1] + where.col_offset,
                offsets[where.end_lineno - 1] + where.end_col_offset,
                docstring,
                examples,
            )


def _is_python(page: str, fence: Fence) -> bool:
    if fence.info == "python":
        return True
    if fence.info in OTHER_TAGS:
        if fence.info != "markdown" and re.search(r"^\s*>>>( |$)", fence.text, re.MULTILINE):
            raise PageError(f"{page}:{fence.line}: a session must be tagged python, to be run, got {fence.info!r}")
        return False
    known = ", ".join(sorted(OTHER_TAGS))
    raise PageError(
        f"{page}:{fence.line}: a fence must be tagged exactly python (verified) or one of {known}, got {fence.info!r}"
    )


def _snippet(page: str, number: int, line: int, start: int, end: int, text: str) -> Snippet:
    """Build a snippet, or say in one sentence why it cannot be verified."""
    where = f"{page}:{line}"
    try:
        examples = doctest.DocTestParser().get_examples(text, where)
    except ValueError as error:
        raise PageError(f"{where}: {error}") from error
    for offset, sentence in _faults(text, examples):
        raise PageError(f"{page}:{line + offset}: {sentence}")
    return Snippet(page, number, line, start, end, text, examples)


def _faults(text: str, examples: list[doctest.Example]) -> Iterator[tuple[int, str]]:
    """What makes a snippet unverifiable: (line from its top, one sentence)."""
    lines = text.split("\n")
    compared = set()
    for example in examples:
        height = example.source.count("\n") + example.want.count("\n")
        compared.update(range(example.lineno, example.lineno + height))
    for i, line in enumerate(lines):
        if line.strip() and i not in compared:
            yield (
                i,
                f"doctest would not compare this line of the snippet: {line.strip()!r} (after a blank line, or no >>>)",
            )
        if line.strip() == "" and 0 < i < len(lines) - 1 and i in compared:
            yield i, "an expected output holds a blank line; print something else"
        if PROMPT.match(line) and "doctest:" in line:
            yield i, DIRECTIVE
    if not any(example.want for example in examples):
        yield 0, "a snippet must show what it prints"
    code = sum(example.source.count("\n") for example in examples)
    if code > LONGEST:
        yield 0, f"a snippet has at most {LONGEST} lines of code, got {code}"
    try:
        tree = ast.parse("".join(example.source for example in examples))
    except SyntaxError as error:
        yield (error.lineno or 1) - 1, f"not Python: {error.msg}"
        return
    for example in examples:
        if example.want and (line := _echo_in_a_block(example.source)):
            yield (
                example.lineno + line - 1,
                "a block must print what it shows: copied into a program it would be silent",
            )
    if any(isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Load) for node in ast.walk(tree)):
        yield 0, "a snippet must not read _: only a session has it, and it may come from another snippet"
    if not _calls_cnnref(tree):
        yield 0, "a snippet must import cnnref and call it"


def _echo_in_a_block(source: str) -> int | None:
    """The line of an expression inside of a loop or the like, which a session shows and a program does not."""
    (statement, *_) = ast.parse(source).body
    if isinstance(statement, (ast.For, ast.While, ast.With, ast.If)):
        for node in ast.walk(statement):
            if isinstance(node, ast.Expr) and not (isinstance(node.value, ast.Call) and _says_nothing(node.value.func)):
                return node.lineno
    return None


def _says_nothing(called: ast.expr) -> bool:
    """Whether a call leaves nothing to show: `print`, or a method such as `seen.append`."""
    return isinstance(called, ast.Attribute) or (isinstance(called, ast.Name) and called.id == "print")


def _calls_cnnref(tree: ast.AST) -> bool:
    """Whether a name that comes from cnnref is called, as `f(...)` or `cnnref.f(...)`."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {a.asname or a.name.split(".")[0] for a in node.names if a.name.split(".")[0] == "cnnref"}
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cnnref":
            names |= {a.asname or a.name for a in node.names}
    called = {_root(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return bool(names & called)


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
