"""Each snippet says where it was verified, by the records in docs/evidence: no record, no mark.

The page `verification` sums the records up where it says `<!-- evidence: lanes -->`, `pages`, `operators` or `void`.
"""

import functools
import html
import logging
import re
from collections.abc import Sequence
from pathlib import Path

import yaml
from mkdocs.exceptions import PluginError
from mkdocs.utils import get_relative_url

from verifier import evidence, labs
from verifier.lanes import LANES, PAGE_LANES
from verifier.snippets import docstring_snippets, fingerprint, page_fingerprints

ROOT = Path(__file__).parents[2]
SNIPPET = re.compile(
    r'(?P<open><div class="language-pycon highlight snippet" id="[\w-]+"[^>]*>)(?P<block>.*?</pre></div>)', re.DOTALL
)
TAGS = re.compile(r"<[^>]+>")
MARK = re.compile(r"<!-- evidence: (?P<what>[\w-]+) -->")
NAMES = {"numpy": "NumPy", "torch-cpu": "PyTorch CPU", "torch-cuda": "PyTorch CUDA"}
WORDS = {
    "zh": {
        "verified": "已验证",
        "not": "未验证",
        "and": "、",
        "colon": "：",
        "lab": "整份笔记本",
        "lane": "运行环境",
        "share": "已验证 / 全部",
        "with": "版本与设备",
        "date": "提交日期",
        "page": "页面",
        "operator": "运算",
        "values": "数值",
        "gradients": "梯度",
        "none": "没有作废的记录。",
        "gone": "有 {n} 条记录对应的代码已经不在了，不算数。",
        "void": "{lane}：整份记录不算数（{why}）。",
        "reference": "参考（函数说明里的例子）",
    },
    "en": {
        "verified": "Verified",
        "not": "Not verified",
        "and": ", ",
        "colon": ": ",
        "lab": "the whole notebook",
        "lane": "Lane",
        "share": "Verified / all",
        "with": "Versions and device",
        "date": "Commit date",
        "page": "Page",
        "operator": "Operator",
        "values": "Values",
        "gradients": "Gradients",
        "none": "No record is void.",
        "gone": "{n} records are about code that no longer exists; they do not count.",
        "void": "{lane}: nothing counts ({why}).",
        "reference": "Reference (examples of the functions)",
    },
}
REASONS = {  # what verifier.evidence says in English, for Chinese readers
    "there is no record": "没有运行记录",
    "cnnref has changed since the run": "运行之后 cnnref 改过",
    "the record is about another lane": "记录属于另一个运行环境",
    "the record names no CUDA device": "记录里没有 CUDA 设备",
}
log = logging.getLogger("mkdocs.hooks.evidence")
state: dict = {}


def on_config(config):
    """Read the records and the texts that they may be about, once for a build."""
    state["records"] = {lane: evidence.read(lane) for lane in PAGE_LANES}
    state["texts"] = texts()
    every = {sha for shas in state["texts"].values() for sha in shas}
    for record in state["records"].values():
        if gone := evidence.orphans(record, every):
            log.info("%s: %d records are about texts that no longer exist", record.lane, len(gone))


def texts() -> dict[str, Sequence[str]]:
    """The fingerprints of every page (the same in both languages) and of the docstrings' examples."""
    found = {}
    for path in sorted((ROOT / "docs/zh").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        lab = labs.is_lab(text)
        shas = [each.sha256 for each in labs.lab(str(path), text)] if lab else page_fingerprints(str(path), text)
        if shas:
            found[path.relative_to(ROOT / "docs/zh").with_suffix("").as_posix()] = shas
    sources = [(path.name, path.read_text(encoding="utf-8")) for path in sorted((ROOT / "cnnref").glob("*.py"))]
    examples = [each for name, text in sources for each in _examples(name, text)]
    state["docstrings"] = {shown(each.examples): each.sha256 for each in examples}
    return found | {"api": [each.sha256 for each in examples]}


@functools.lru_cache(maxsize=64)  # found once for a text: `mkdocs serve` asks again with each change
def _examples(name: str, text: str) -> tuple:
    return tuple(docstring_snippets(name, text))


def shown(examples) -> str:
    """The examples of a docstring as the reference shows them."""
    lines = []
    for example in examples:
        first, *rest = example.source.splitlines(keepends=True)
        lines += [f">>> {first}", *(f"... {line}" for line in rest), example.want]
    return "".join(lines)


def on_page_markdown(markdown, config, **_):
    """Put the sums where the page asks for them."""
    language = config.theme["language"]
    return MARK.sub(lambda found: summed_up(found["what"], language), markdown)


def on_page_content(content, page, config, **_):
    """Set below each snippet, and at the top of each lab, where it was verified."""
    language = config.theme["language"]
    where = get_relative_url("verification/", page.url)
    if "jupyter" in page.meta:
        (sha,) = state["texts"][Path(page.file.src_uri).with_suffix("").as_posix()]
        able = [
            lane for lane in PAGE_LANES if labs.runs_in(Path(page.file.abs_src_path).read_text("utf-8"), LANES[lane])
        ]
        return content.replace("</h1>", "</h1>\n" + mark(sha, language, where, able, "lab"), 1)
    return SNIPPET.sub(lambda found: found[0] + mark(_sha(found["block"]), language, where), content)


def _sha(block: str) -> str:
    text = html.unescape(TAGS.sub("", block))
    return state["docstrings"].get(text) or fingerprint(text)


def mark(sha, language, where, able=PAGE_LANES, whole=None) -> str:
    """One line: the lanes that have a record for exactly this text, and those that have none."""
    words = WORDS[language]
    verified = [lane for lane in able if sha in state["records"][lane].passed]
    parts = []
    for key, lanes in (("verified", verified), ("not", [lane for lane in able if lane not in verified])):
        if lanes:
            said = words["and"].join(NAMES[lane] for lane in lanes)
            parts.append(f'<span class="{key}">{words[key]}{words["colon"]}{said}</span>')
    head = f"{words[whole]}{words['colon']}" if whole else ""
    return f'<p class="lanes" data-search-exclude><a href="{where}">{head}{" ".join(parts)}</a></p>'


def summed_up(what: str, language: str) -> str:
    """One of the sums, as Markdown."""
    sums = {"lanes": lanes_table, "pages": pages_table, "operators": operators_table, "void": void_list}
    if what not in sums:
        raise PluginError(f"a page sums up {', '.join(sums)}, got {what!r}")
    return sums[what](WORDS[language], language)


def lanes_table(words, _):
    """A row for each lane: how much is verified, with what, on which commit."""
    every = [sha for shas in state["texts"].values() for sha in shas]
    rows = [[words["lane"], words["share"], words["with"], words["date"]]]
    for lane, record in state["records"].items():
        counted = f"{sum(sha in record.passed for sha in every)} / {len(every)}"
        versions = "<br>".join(f"{name} {value}" for name, value in record.environment.items())
        rows.append([NAMES[lane], counted, versions or words["not"], record.date or "–"])
    return table(rows)


def pages_table(words, language):
    """A row for each page: how many of its snippets are verified in each lane."""
    rows = [[words["page"], *(NAMES[lane] for lane in PAGE_LANES)]]
    for page, shas in state["texts"].items():
        name = words["reference"] if page == "api" else f"[{title(page, language)}]({page}.md)"
        passed = [sum(sha in record.passed for sha in shas) for record in state["records"].values()]
        rows.append([name, *(f"{n} / {len(shas)}" for n in passed)])
    return table(rows)


def title(page, language) -> str:
    """What a page calls itself."""
    text = (ROOT / "docs" / language / f"{page}.md").read_text(encoding="utf-8")
    return yaml.safe_load(labs.FRONT_MATTER.match(text)["yaml"])["title"]


def operators_table(words, _):
    """A row for each operator: the largest difference from NumPy in float64, in each lane that has a record."""
    records = [record for record in state["records"].values() if record.operators]
    kinds = [(record, kind) for record in records for kind in ("values", "gradients")]
    rows = [[words["operator"], *(f"{NAMES[record.lane]}<br>{words[kind]}" for record, kind in kinds)]]
    for name in sorted({name for record in records for name in record.operators}):
        found = [record.operators.get(name, {}).get(kind) for record, kind in kinds]
        rows.append([f"`{name}`", *("–" if value is None else f"{value:.0e}" for value in found)])
    return table(rows)


def void_list(words, language):
    """What does not count, and why."""
    every = {sha for shas in state["texts"].values() for sha in shas}
    lines = []
    for lane, record in state["records"].items():
        if record.void:
            why = REASONS.get(record.void, record.void) if language == "zh" else record.void
            lines.append("- " + words["void"].format(lane=NAMES[lane], why=why))
        if gone := evidence.orphans(record, every):
            lines.append(f"- {NAMES[lane]}{words['colon']}" + words["gone"].format(n=len(gone)))
    return "\n".join(lines) or words["none"]


def table(rows) -> str:
    """Rows as a Markdown table, numbers to the right."""
    head, *body = rows
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
