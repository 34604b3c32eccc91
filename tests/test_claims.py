"""What the pages decide about the claims of the notes: every claim has its place, its verdict and its evidence."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from verifier.fences import fences

DOCS = Path(__file__).parents[1] / "docs"
LANGUAGES = ("zh", "en")
VERDICTS = {"holds", "holds-with-conditions", "imprecise", "wrong", "opinion"}
KEYS = {"id", "claim", "verdict", "why", "treated", "decided_by", "references"}

# What the notes say, or leave out, chapter by chapter. A chapter is complete when all of it is decided.
EXPECTED = {
    "softmax": """
        minmax-purpose purpose minmax-linear nonlinear minmax-range minmax-constant range minmax-distribution amplifies
        use-minmax use-classify minmax-sensitive diff-sensitive minmax-outlier outlier-more minmax-order
        minmax-distribution-shape push-small-to-zero ex-minmax ex-exp ex-vector ex-conclusion omitted-invariance
        omitted-overflow omitted-logsoftmax omitted-temperature omitted-cross-entropy omitted-jacobian omitted-sigmoid
        omitted-axis
    """,
}

CLAIMS = yaml.safe_load((DOCS / "claims.yaml").read_text(encoding="utf-8"))


def read(page, language):
    path = DOCS / language / f"{page}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def anchors(page, language):
    """The ids that the author gave: of headings and of boxes."""
    return set(re.findall(r"\{ #([\w-]+) \}$|^    attrs: \{id: ([\w-]+)\}$", read(page, language), flags=re.M))


def outputs(page, language):
    """What each Python fence of a page prints, in order."""
    sessions = [fence.text.splitlines() for fence in fences(read(page, language)) if fence.info == "python"]
    return ["\n".join(line for line in lines if not line.startswith((">>>", "..."))) for lines in sessions]


def faults(claim):
    """Say what is wrong with one claim; nothing, if all is well."""
    if missing := KEYS ^ claim.keys():
        yield f"keys: {sorted(missing)}"
        return
    for key in ("claim", "why"):
        if set(claim[key]) != set(LANGUAGES) or not all(str(text).strip() for text in claim[key].values()):
            yield f"{key}: needs a text in each of {LANGUAGES}"
    if claim["verdict"] not in VERDICTS:
        yield f"verdict: {claim['verdict']}"
    page, _, anchor = claim["treated"].partition("#")
    for language in LANGUAGES:
        if not any(anchor in found for found in anchors(page, language)):
            yield f"treated: docs/{language}/{page}.md has no #{anchor}"
    yield from evidence_faults(claim["decided_by"])


def evidence_faults(decided_by):
    if set(decided_by) == {"lab", "open"}:
        if not (decided_by["lab"].startswith("labs/") and decided_by["open"] is True):
            yield f"decided_by: only a lab may be open, got {decided_by}"
        return
    if set(decided_by) != {"snippet", "finds"}:
        yield f"decided_by: a snippet and what it finds, or an open lab, got {decided_by}"
        return
    page, _, number = decided_by["snippet"].partition("#snippet-")
    for language in LANGUAGES:
        printed = outputs(page, language)
        if not 1 <= int(number) <= len(printed):
            yield f"decided_by: docs/{language}/{page}.md has no snippet {number}"
        elif decided_by["finds"] not in printed[int(number) - 1]:
            yield f"decided_by: snippet {number} of docs/{language}/{page}.md does not print {decided_by['finds']}"


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["id"])
def test_a_claim_is_decided(claim):
    assert list(faults(claim)) == []


def test_no_claim_stands_twice():
    ids = [claim["id"] for claim in CLAIMS]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("chapter", EXPECTED)
def test_a_chapter_decides_every_claim(chapter):
    expected = {f"{chapter}-{name}" for name in EXPECTED[chapter].split()}

    assert {claim["id"] for claim in CLAIMS if claim["id"].startswith(f"{chapter}-")} == expected


@pytest.mark.parametrize("chapter", EXPECTED)
def test_every_correction_answers_a_claim(chapter):
    boxes = re.findall(r"^/// correction .*\n    attrs: \{id: ([\w-]+)\}$", read(chapter, "zh"), flags=re.M)

    assert boxes
    assert {f"{chapter}#{box}" for box in boxes} <= {claim["treated"] for claim in CLAIMS}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"verdict": "maybe"}, "verdict: maybe"),
        ({"why": {"zh": "x", "en": " "}}, "why: needs a text"),
        ({"claim": {"zh": "x"}}, "claim: needs a text"),
        ({"treated": "softmax#nowhere"}, "docs/zh/softmax.md has no #nowhere"),
        ({"treated": "nowhere#softmax"}, "docs/zh/nowhere.md has no #softmax"),
        ({"decided_by": {"snippet": "softmax#snippet-1", "finds": "0.6653"}}, "does not print 0.6653"),
        ({"decided_by": {"snippet": "softmax#snippet-1", "finds": "scores"}}, "does not print scores"),
        ({"decided_by": {"snippet": "softmax#snippet-99", "finds": "0"}}, "has no snippet 99"),
        ({"decided_by": {"snippet": "softmax#snippet-1", "open": True}}, "or an open lab"),
        ({"decided_by": {"lab": "softmax#snippet-1", "open": True}}, "only a lab may be open"),
        ({"extra": 1}, "keys: ['extra']"),
    ],
)
def test_a_faulty_claim_is_caught(change, fault):
    claim = copy.deepcopy(CLAIMS[0]) | change

    assert fault in "; ".join(faults(claim))
