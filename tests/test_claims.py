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

# What the notes say, or leave out: by the first word of a claim's id, the rest of each. All of it is to be decided.
EXPECTED = {
    "bn": """
        accelerates every-layer standard-normal order-activation mean-formula variance-formula batch-size-m
        normalise-formula epsilon affine-formula affine-wording affine-identity affine-expressive
        omitted-running-stats omitted-train-eval omitted-backward omitted-folding purpose ics-definition
        ics-mechanism distribution-stable mean0-var1-output updates-orderly vanish-explode activation-range
        gradient-mitigates gradient-no-depth-growth init-matters init-robust init-scale batch-noise
        regularises generalisation intuition use-deep use-speed use-shift position omitted-bias-redundant
        fmap-vs-feature feature-def per-channel per-channel-wording pixels-per-map layout channels-are-kernels
        reduced-shape channel-third-dim channel-scale-shift steps-per-channel fmap-from-image independent-maps
        omitted-other-norms
    """,
    "fmap": """
        name kernel-small-matrix kernel-filter-synonym detect-local slide-dot kernel-one-pattern
        weights-learned 2d-output match-degree vertical-edge no-edge-zero element-local whole-map
        one-kernel-one-map 32x32x64 local-rf spatial-info same-kind-everywhere size-factors
        omitted-output-size omitted-groups-dilation simple-to-complex stack-needs-nonlinearity
    """,
    "rf": """
        definition omitted-recurrence neuron-fc neuron-input neuron-conv direct-3x3 3x3-3x3-5x5
        grows-with-depth kernel-size stride stride-step pool-halves pool-doubles pool-key early-local
        late-global omitted-effective omitted-padding local-efficient global-important too-small expand-ways
        edge-corner-3x3 deep-objects summary-factors
    """,
    "arch": """
        figure-pipeline input-2d input-channels conv-op activation pool-reduces pool-max-or-avg pool-important
        stack fc-output output-types
    """,
    "maxpool": """
        most-common definition salient noise-gaussian noise-salt noise-pepper noise-def noise-small-values
        small-response local-contrast noise-overfit noise-unstable robust small-not-always-noise
        smooth-transitions example-1234 avg-dilutes no-loss better-many-cases sparsity few-high-values
        sparse-helps nonlinear captures-structure no-params omitted-order table-max table-avg table-gap
        when-avg-smooth when-avg-sparsity generative
    """,
    "loss": """
        random-init symmetry init-distributions random-not-useful backprop-updates learn-edges
        translation-invariance early-max-meaningless iterative-corrects locality data-diversity pool-backward
        backward-ensures bn-helps-early bn-info small-lr-early lr-increase-later too-many-pools resnet-pools
        gap-purpose finally-learns
    """,
    "nonlin": """
        purpose each-layer linear-limit linear-simple-ok linear-formula collapse two-layer-expansion
        linearly-separable linear-problem linear-models nonlinear-problem nonlinear-models digits-linear
        relu-piecewise relu-formula relu-diff-neurons hierarchy xor-linear-impossible xor-higher-dim
        table-relu dying-relu table-leaky leaky-solves table-sigmoid sigmoid-vanish table-tanh tanh-smoother
        tanh-saturates tanh-symmetric xor-steps xor-notation xor-different-outputs xor-learn mlp-classic
        aside-lines-only aside-3 decision-boundary aside-two-pixels app-image app-nlp app-regression
        relu-most-used sigmoid-output depth-stronger depth-higher-dim poly-features kernel-map kernel-linear
        kernel-poly kernel-rbf cnn-nonlinear rnn generalisation omitted-gelu-silu
    """,
    "softmax": """
        minmax-purpose purpose minmax-linear nonlinear minmax-range minmax-constant range minmax-distribution
        amplifies use-minmax use-classify minmax-sensitive diff-sensitive minmax-outlier outlier-more
        minmax-order minmax-distribution-shape push-small-to-zero ex-minmax ex-exp ex-vector ex-conclusion
        omitted-invariance omitted-overflow omitted-logsoftmax omitted-temperature omitted-cross-entropy
        omitted-jacobian omitted-sigmoid omitted-axis
    """,
}

CLAIMS = yaml.safe_load((DOCS / "claims.yaml").read_text(encoding="utf-8"))
NAVIGATION = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8").split("  - 章节:\n")[1].split("\n  - ")[0]
CHAPTERS = re.findall(r"^      - ([\w-]+)\.md$", NAVIGATION, flags=re.M)  # those that readers are led to: finished ones


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
    if set(decided_by) == {"test", "finds"}:
        file, _, name = decided_by["test"].partition("::")
        path = DOCS.parent / file
        if not path.is_file() or f"def {name}(" not in path.read_text(encoding="utf-8"):
            yield f"decided_by: there is no test {decided_by['test']}"
        return
    if set(decided_by) == {"lab", "finds"}:  # that the lab prints it: tests/test_site.py, where labs have been run
        lab, _, section = decided_by["lab"].partition("#")
        for language in LANGUAGES:
            if section not in {heading for heading, _ in anchors(lab, language)}:
                yield f"decided_by: docs/{language}/{lab}.md has no #{section}"
        return
    if set(decided_by) != {"snippet", "finds"}:
        yield f"decided_by: a snippet, a lab or a test, and what it finds; got {decided_by}"
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


def group(claim):
    return claim["id"].partition("-")[0]


def page(claim):
    return claim["treated"].partition("#")[0]


def test_every_claim_is_one_of_the_notes():
    stated = {f"{group}-{name}" for group, names in EXPECTED.items() for name in names.split()}

    assert {claim["id"] for claim in CLAIMS} <= stated


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_decides_all_that_the_notes_say_of_its_subject(chapter):
    subjects = {group(claim) for claim in CLAIMS if page(claim) == chapter}

    assert subjects
    for subject in subjects:
        decided = {claim["id"] for claim in CLAIMS if group(claim) == subject}
        assert {f"{subject}-{name}" for name in EXPECTED[subject].split()} - decided == set()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_correction_answers_a_claim(chapter):
    boxes = re.findall(r"^/// correction .*\n    attrs: \{id: ([\w-]+)\}$", read(chapter, "zh"), flags=re.M)

    assert boxes
    assert {f"{chapter}#{box}" for box in boxes} <= {claim["treated"] for claim in CLAIMS}


def test_the_navigation_leads_to_chapters():
    assert "softmax" in CHAPTERS


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
        ({"decided_by": {"lab": "labs/xor", "open": True}}, "a snippet, a lab or a test, and what it finds"),
        ({"decided_by": {"lab": "labs/xor#nowhere", "finds": "5"}}, "docs/zh/labs/xor.md has no #nowhere"),
        ({"decided_by": {"test": "tests/test_claims.py::test_nothing", "finds": "5"}}, "there is no test"),
        ({"extra": 1}, "keys: ['extra']"),
    ],
)
def test_a_faulty_claim_is_caught(change, fault):
    claim = copy.deepcopy(next(claim for claim in CLAIMS if claim["id"] == "softmax-purpose")) | change

    assert fault in "; ".join(faults(claim))
