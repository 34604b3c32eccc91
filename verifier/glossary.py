"""The entries of a glossary page: what a term is called, here and elsewhere, and where it is explained.

A term is a heading of the third level that names it in both languages, with one paragraph below: its definition, then
a line for each of short forms, names in use elsewhere, and the place that explains it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TERM = re.compile(r"^### (?P<name>.+) \((?P<other>.+?)\) \{ #(?P<id>[\w-]+) \}\n\n(?P<body>.+(?:\n.+)*)", re.MULTILINE)
SHORT = re.compile(r"^(?:简称：|Short: )(?P<names>.+?)[。.]$", re.MULTILINE)
ELSEWHERE = re.compile(r"^(?:又名：|Also called: )(?P<names>.+?)[。.]$", re.MULTILINE)
EXPLAINED = re.compile(r"^(?:见|See )\[[^\]]+\]\((?P<target>[^)]+)\)[。.]$", re.MULTILINE)
BETWEEN = re.compile(r"、|, ")


@dataclass(frozen=True)
class Term:
    """One entry: its name in the language of the page and in the other one, and what the pages call it for short."""

    name: str
    other: str
    id: str
    definition: str
    short: tuple[str, ...]
    synonyms: tuple[str, ...]  # names that readers bring along and pages do not use
    explained: str | None  # a page and an anchor, as a link of the glossary gives them

    @property
    def names(self) -> tuple[str, ...]:
        """Everything in the language of the page that a reader may type to find the term, the preferred name first."""
        return (self.name, *self.short, *self.synonyms)


def terms(glossary: str) -> Iterator[Term]:
    """Yield the entries of a glossary page in order."""
    for found in TERM.finditer(glossary):
        body = found["body"]
        explained = EXPLAINED.search(body)
        yield Term(
            name=found["name"],
            other=found["other"],
            id=found["id"],
            definition=body.partition("\n")[0],
            short=_listed(SHORT, body),
            synonyms=_listed(ELSEWHERE, body),
            explained=explained["target"] if explained else None,
        )


def _listed(line: re.Pattern[str], body: str) -> tuple[str, ...]:
    found = line.search(body)
    return tuple(BETWEEN.split(found["names"])) if found else ()
