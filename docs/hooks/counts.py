"""The home page counts what is there: snippets and where they are verified, claims by verdict, figures, terms.

A page shows a count where it says `<!-- count: summary -->`, `lanes` or `verdicts`; nothing is typed in by hand.
"""

import re
from collections import Counter
from pathlib import Path

from claims import VERDICTS, chapter, ledger
from mkdocs.exceptions import PluginError

from verifier import evidence
from verifier.glossary import terms
from verifier.lanes import LANES, PAGE_LANES
from verifier.snippets import page_fingerprints

DOCS = Path(__file__).parents[1]
MARK = re.compile(r"<!-- count: (?P<what>[\w-]+) -->")
FIGURE = re.compile(r"\]\((?:\.\./)*(figures/[\w/-]+\.svg)")
LAB_FIGURE = re.compile(r"^\*\*(?:图|Figure) \d+[.。]\*\*", re.MULTILINE)  # drawn by the lab, captioned in its text
NAMES = {"numpy": "NumPy", "torch-cpu": "PyTorch CPU", "torch-cuda": "PyTorch CUDA"}
WORDS = {
    "zh": {
        "snippets": "段代码",
        "claims": "条论断",
        "figures": "幅图",
        "terms": "个术语",
        "lane": "运行环境",
        "verified": "验证情况",
        "tested": "没有运行记录；每次改动，测试都重跑全部 {n} 段",
        "recorded": "{n} 段中有 {k} 段留有运行记录",
        "never": "没有运行记录，不算验证过",
    },
    "en": {
        "snippets": "snippets",
        "claims": "claims",
        "figures": "figures",
        "terms": "terms",
        "lane": "Lane",
        "verified": "Verified",
        "tested": "no record; the tests run all {n} with every change",
        "recorded": "{k} of {n}, by the record of a run",
        "never": "not verified: there is no record of a run",
    },
}


def on_page_markdown(markdown, config, files, **_):
    """Put the counts where the page asks for them."""
    if not MARK.search(markdown):
        return markdown
    language = config.theme["language"]
    present = [claim for claim in ledger() if files.get_file_from_path(f"{chapter(claim)}.md")]
    return MARK.sub(lambda found: shown(found["what"], language, present), markdown)


def shown(what, language, claims):
    """One of the three counts, as Markdown."""
    if what == "summary":
        return summary(language, claims)
    if what == "lanes":
        return lanes(language)
    if what == "verdicts":
        return verdicts(language, claims)
    raise PluginError(f"a page counts summary, lanes or verdicts, got {what!r}")


def pages(language):
    """The text of every page; a lab is a program of its own, with no snippets."""
    paths = sorted((DOCS / language).rglob("*.md"))
    return {path: path.read_text(encoding="utf-8") for path in paths if path.parent.name != "labs"}


def fingerprints(language):
    """What every snippet of the language is known by in a record; the same one on two pages counts once."""
    return {sha for path, text in pages(language).items() for sha in page_fingerprints(str(path), text)}


def figures(language):
    """Every drawing that a page shows, and those that labs draw."""
    labs = sorted((DOCS / language / "labs").glob("*.md"))
    drawn = {(lab.stem, caption) for lab in labs for caption in LAB_FIGURE.findall(lab.read_text(encoding="utf-8"))}
    return drawn | {figure for text in pages(language).values() for figure in FIGURE.findall(text)}


def summary(language, claims):
    """Four numbers, each leading to what it counts where that is one page."""
    words = WORDS[language]
    glossary = (DOCS / language / "glossary.md").read_text(encoding="utf-8")
    rows = [
        f"- [**{len(fingerprints(language))}** {words['snippets']}](#how-it-is-verified)",
        f"- [**{len(claims)}** {words['claims']}](claims.md)",
        f"- [**{len(figures(language))}** {words['figures']}](#questions)",
        f"- [**{len(list(terms(glossary)))}** {words['terms']}](glossary.md)",
    ]
    return '<div class="counts" markdown>\n\n' + "\n".join(rows) + "\n\n</div>"


def lanes(language):
    """A row for each lane that readers can have: how much the records verify there, and what else runs it."""
    words, ours = WORDS[language], fingerprints(language)
    rows = [f"| {words['lane']} | {words['verified']} |", "| --- | --- |"]
    for name in PAGE_LANES:
        recorded = len(ours & evidence.read(name).passed)
        tested = LANES[name].device_name in (None, "cpu")  # every machine has it, so the tests run all of it
        state = words["recorded" if recorded else "tested" if tested else "never"]
        rows.append(f"| {NAMES[name]} | {state.format(n=len(ours), k=recorded)} |")
    return "\n".join(rows)


def verdicts(language, claims):
    """A bar cut into the verdicts by their shares, with the numbers below it."""
    numbers = Counter(claim["verdict"] for claim in claims)
    parts, labels, done = [], [], 0
    for verdict, names in VERDICTS.items():
        kind = f'class="claim" data-verdict="{verdict}"'
        parts.append(f'<rect {kind} x="{done}" width="{numbers[verdict]}" height="1"/>')
        labels.append(f"<li {kind}><strong>{numbers[verdict]}</strong> {names[language]}</li>")
        done += numbers[verdict]
    bar = f'<svg viewBox="0 0 {done} 1" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg>'
    return f'<div class="verdicts">{bar}<ul>{"".join(labels)}</ul></div>'
