"""The ledger of claims becomes a page: counted, and filtered by chapter and verdict without a script.

docs/claims.yaml is the source; a page shows it where it says `<!-- claims -->`.
"""

import functools
from collections import Counter
from html import escape
from pathlib import Path

import yaml

LEDGER = Path(__file__).parents[1] / "claims.yaml"
MARK = "<!-- claims -->"
VERDICTS = {
    "holds": {"zh": "成立", "en": "holds"},
    "holds-with-conditions": {"zh": "有条件成立", "en": "holds with conditions"},
    "imprecise": {"zh": "不准确", "en": "imprecise"},
    "wrong": {"zh": "错误", "en": "wrong"},
    "opinion": {"zh": "看法", "en": "opinion"},
}
CHAPTERS = {
    "batch-normalization": {"zh": "批归一化", "en": "batch normalization"},
    "feature-maps": {"zh": "特征图", "en": "feature maps"},
    "receptive-field": {"zh": "感受野", "en": "receptive field"},
    "cnn-anatomy": {"zh": "网络的构造", "en": "anatomy"},
    "max-pooling": {"zh": "最大池化", "en": "max pooling"},
    "pooling-information-loss": {"zh": "信息损失", "en": "information loss"},
    "non-linearity": {"zh": "非线性", "en": "non-linearity"},
    "softmax": {"zh": "Softmax", "en": "softmax"},
}
WORDS = {
    "all": {"zh": "全部", "en": "all"},
    "chapter": {"zh": "章节", "en": "Chapter"},
    "verdict": {"zh": "结论", "en": "Verdict"},
    "count": {"zh": "条", "en": "claims"},
    "treated": {"zh": "讲解", "en": "Treated in"},
    "decided": {"zh": "依据", "en": "Decided by"},
    "snippet": {"zh": "第 {} 段代码", "en": "snippet {}"},
    "finds": {"zh": "，结果 `{}`", "en": ", which finds `{}`"},
    "lab": {"zh": "实验 {}", "en": "lab {}"},
    "test": {"zh": "测试 `{}`", "en": "test `{}`"},
    "references": {"zh": "文献", "en": "References"},
}


def on_page_markdown(markdown, config, files, **_):
    """Put counts, filters and entries where the page asks for them."""
    if MARK not in markdown:
        return markdown
    language = config.theme["language"]
    claims = [claim for claim in ledger() if files.get_file_from_path(f"{chapter(claim)}.md")]
    parts = [counts(claims, language), '<div class="ledger" markdown>', filters(claims, language)]
    parts += [entry(claim, language) for claim in claims]
    return markdown.replace(MARK, "\n\n".join([*parts, "</div>"]))


def ledger():
    """Every claim, in the order of the chapters."""
    return _by_chapter(LEDGER.read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=1)  # read once for all pages; a change gives another text
def _by_chapter(text):
    claims = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # ten times as fast where it is
    return sorted(claims, key=lambda claim: list(CHAPTERS).index(chapter(claim)))


def chapter(claim):
    """The page that treats a claim."""
    return claim["treated"].partition("#")[0]


def counts(claims, language):
    """A table: one row for each chapter, one column for each verdict, sums at the end."""
    pairs = Counter((chapter(claim), claim["verdict"]) for claim in claims)
    chapters = [slug for slug in CHAPTERS if any(slug == chapter(claim) for claim in claims)]
    rows = [[WORDS["chapter"][language], *(names[language] for names in VERDICTS.values()), WORDS["all"][language]]]
    rows.append(["---", *["--:"] * (len(VERDICTS) + 1)])
    for slug in chapters:
        numbers = [pairs[slug, verdict] for verdict in VERDICTS]
        rows.append([f"[{CHAPTERS[slug][language]}]({slug}.md)", *numbers, sum(numbers)])
    totals = [sum(pairs[slug, verdict] for slug in chapters) for verdict in VERDICTS]
    rows.append([f"**{WORDS['all'][language]}**", *(f"**{number}**" for number in (*totals, sum(totals)))])
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def filters(claims, language):
    """Two rows of radio buttons; the style sheet hides what they leave out."""
    present = {chapter(claim) for claim in claims}
    rows = [
        ("chapter", {slug: names for slug, names in CHAPTERS.items() if slug in present}),
        ("verdict", VERDICTS),
    ]
    return "\n".join(_filter(name, choices, language) for name, choices in rows)


def _filter(name, choices, language):
    legend = f"<legend>{WORDS[name][language]}</legend>"
    buttons = []
    for value, names in {"all": WORDS["all"], **choices}.items():
        checked = " checked" if value == "all" else ""
        button = f'<input type="radio" name="{name}" value="{value}"{checked}>'
        buttons.append(f"<label>{button} {names[language]}</label>")
    return f'<fieldset class="filter">{legend}{"".join(buttons)}</fieldset>'


def entry(claim, language):
    """One claim: what is said, the verdict, why, where it is treated and what decides it."""
    verdict = claim["verdict"]
    page, _, anchor = claim["treated"].partition("#")
    lines = [
        f'<div class="claim" id="{claim["id"]}" data-chapter="{page}" data-verdict="{verdict}" markdown>',
        "",
        f"**{claim['claim'][language]}**",
        f'<span class="verdict">{VERDICTS[verdict][language]}</span>',
        "",
        claim["why"][language],
        "",
        f"{WORDS['treated'][language]}{_colon(language)}[{CHAPTERS[page][language]}]({page}.md#{anchor})",
        f"· {WORDS['decided'][language]}{_colon(language)}{decided(claim['decided_by'], page, language)}",
    ]
    if claim["references"]:
        joined = escape("; ".join(claim["references"]), quote=False)
        lines += ["", f"{WORDS['references'][language]}{_colon(language)}{joined}"]
    return "\n".join([*lines, "", "</div>"])


def decided(by, here, language):
    """The snippet that decides, with its chapter where that is another one, or the lab, or the test; what it finds."""
    return _decider(by, here, language) + WORDS["finds"][language].format(by["finds"])


def _decider(by, here, language):
    if "test" in by:
        return WORDS["test"][language].format(by["test"])
    page, _, anchor = by.get("lab", by.get("snippet")).partition("#")
    if "lab" in by:
        return f"[{WORDS['lab'][language].format(page.removeprefix('labs/'))}]({page}.md#{anchor})"
    elsewhere = "" if page == here else CHAPTERS[page][language] + ("" if language == "zh" else ", ")
    return f"[{elsewhere}{WORDS['snippet'][language].format(anchor.rpartition('-')[2])}]({page}.md#{anchor})"


def _colon(language):
    return "：" if language == "zh" else ": "
