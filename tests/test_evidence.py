"""Records of runs: what they hold for, when they are void, and that a page never shows more than they prove."""

import json
import re
import sys
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

import cnnref
from verifier import agreement, evidence, lanes
from verifier.snippets import fingerprint, page_snippets

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs/hooks"))
import evidence as hook  # noqa: E402  (the hook of the same name: what the build shows of the records)

TEXT = ">>> from cnnref import relu\n>>> relu(3)\n3\n"
SHA = fingerprint(TEXT)
CUDA = {"python": "3.12.1", "torch": "2.13.0", "device": "NVIDIA H100, CUDA 13.0"}


def row(**change):
    return {"page": "docs/zh/x.md", "snippet": 1, "sha256": SHA, "lane": "torch-cuda", "outcome": "passed"} | change


def written(folder, *rows, **change):
    """A record of the CUDA lane, as it would be after a run, with something changed."""
    document = {
        "schema": evidence.SCHEMA,
        "package": evidence.package(),
        "date": "2026-11-23",
        "python": "3.12.1",
        "platform": "Linux",
        "lanes": {"torch-cuda": CUDA},
        "operators": {"torch-cuda": {"relu": {"values": 3e-8}}},
        "snippets": list(rows),
    } | change
    (folder / "torch-cuda.json").write_text(json.dumps(document))
    return evidence.read("torch-cuda", folder)


def test_a_record_holds_for_the_texts_that_passed(tmp_path):
    record = written(tmp_path, row())

    assert record.passed == {SHA}
    assert (record.void, record.date) == (None, "2026-11-23")
    assert record.environment["device"] == "NVIDIA H100, CUDA 13.0"
    assert record.operators == {"relu": {"values": 3e-8}}


@pytest.mark.parametrize(
    ("rows", "change", "void"),
    [
        ([row()], {"package": "0" * 64}, "cnnref has changed since the run"),
        ([row()], {"schema": 1}, "the record has schema 1, not 2"),
        ([row()], {"lanes": {"numpy": {"device": "CPU"}}}, "the record is about another lane"),
        ([row()], {"lanes": {"torch-cuda": {"device": "CPU, x86_64"}}}, "the record names no CUDA device"),
        ([row()], {"lanes": None}, "torch-cuda.json is no evidence: TypeError"),
        ([{"sha256": SHA}], {}, "torch-cuda.json is no evidence: KeyError"),
        ([row(lane="torch-cpu")], {}, None),
        ([row(outcome="failed")], {}, None),
        ([row(outcome="skipped")], {}, None),
        ([row(), row(outcome="failed")], {}, None),
        ([row(sha256=fingerprint(TEXT.replace("3", "4")))], {}, None),
    ],
)
def test_a_forged_or_stale_record_never_shows_as_verified(tmp_path, monkeypatch, rows, change, void):
    record = written(tmp_path, *rows, **change)
    records = {lane: evidence.Record(lane) for lane in lanes.PAGE_LANES} | {"torch-cuda": record}
    monkeypatch.setitem(hook.state, "records", records)
    shown = hook.mark(SHA, "en", "../verification/")

    assert SHA not in record.passed
    assert record.void == void
    assert 'class="verified"' not in shown
    assert "Not verified: NumPy, PyTorch CPU, PyTorch CUDA" in shown


def test_a_file_that_is_no_record_is_void(tmp_path):
    (tmp_path / "numpy.json").write_text("not JSON")

    assert evidence.read("numpy", tmp_path).void == "numpy.json is no evidence: JSONDecodeError"
    assert evidence.read("torch-cpu", tmp_path).void == "there is no record"


def test_what_is_written_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    (snippet,) = page_snippets("docs/zh/x.md", f"```python\n{TEXT}```\n")
    rows = [evidence.row(snippet, "torch-cuda", "passed")]
    path = tmp_path / "torch-cuda.json"
    evidence.write(path, rows, {"torch-cuda": CUDA}, {"torch-cuda": {"relu": {"values": 3e-8}}})
    record = evidence.read("torch-cuda", tmp_path)

    assert record.passed == {SHA}
    assert record.date == "2026-01-01"
    assert record.environment == {"platform": "Linux"} | CUDA | {"python": record.environment["python"]}
    assert path.read_text().count("\n") == len(path.read_text().splitlines())
    assert [line for line in path.read_text().splitlines() if SHA in line] == [json.dumps(rows[0])]


def test_the_package_s_fingerprint_knows_every_source(monkeypatch, tmp_path):
    (tmp_path / "__init__.py").write_text("a\n")
    monkeypatch.setattr(cnnref, "__file__", str(tmp_path / "__init__.py"))
    first = evidence.package()
    (tmp_path / "__init__.py").write_bytes(b"a\r\n")
    assert evidence.package() == first
    (tmp_path / "pooling.py").write_text("")
    assert evidence.package() != first


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", ["已验证：NumPy、PyTorch CPU", "未验证：PyTorch CUDA"]),
        ("en", ["Verified: NumPy, PyTorch CPU", "Not verified: PyTorch CUDA"]),
    ],
)
def test_a_mark_names_the_lanes_with_and_without_a_record(monkeypatch, language, said):
    passed = {"numpy": {SHA}, "torch-cpu": {SHA}, "torch-cuda": set()}
    records = {lane: evidence.Record(lane, shas) for lane, shas in passed.items()}
    monkeypatch.setitem(hook.state, "records", records)

    assert re.findall(r">([^<>]+)</span>", hook.mark(SHA, language, "x/")) == said


def test_records_of_texts_that_are_gone_are_reported(monkeypatch):
    records = {"numpy": evidence.Record("numpy", {SHA, "0" * 64})}
    monkeypatch.setitem(hook.state, "records", records)
    monkeypatch.setitem(hook.state, "texts", {"softmax": [SHA]})

    assert evidence.orphans(records["numpy"], [SHA]) == {"0" * 64}
    assert hook.summed_up("void", "en") == "- NumPy: 1 records are about code that no longer exists; they do not count."
    assert hook.summed_up("pages", "en").splitlines()[-1] == "| [Min-max and softmax](softmax.md) | 1 / 1 |"


def test_a_sum_that_nobody_knows_stops_the_build():
    with pytest.raises(PluginError, match="a page sums up lanes, pages, operators, void, got 'everything'"):
        hook.summed_up("everything", "en")


@pytest.mark.parametrize("name", ["numpy", "torch-cpu"])
def test_the_committed_record_holds_for_every_snippet(name):
    record = evidence.read(name)
    missing = {
        page: n
        for page, shas in hook.texts().items()
        if (n := sum(sha not in record.passed for sha in shas)) and not (name == "numpy" and page.startswith("labs/"))
    }

    assert (record.void, missing) == (None, {}), "run `make evidence` and commit docs/evidence"


def test_every_operator_is_compared():
    assert set(cnnref.__all__) - set(agreement.CASES) == {"gradients", "use_device"}


@pytest.mark.parametrize("name", [name for name in lanes.PAGE_LANES if lanes.LANES[name].why_absent() is None])
def test_a_lane_agrees_with_double_precision(name):
    found = agreement.differences(lanes.LANES[name])

    assert all(0 < each["values"] < 1e-6 for each in found.values()), found
    assert all(each.get("gradients", 0) < 1e-5 for each in found.values()), found
    assert set(cnnref.gradients.__all__) <= {operator for operator, each in found.items() if "gradients" in each}


@pytest.mark.parametrize("where", [cnnref, cnnref.gradients], ids=["values", "gradients"])
def test_a_lane_that_is_a_little_off_would_be_noticed(monkeypatch, where):
    right = where.relu

    def off(*arrays, input):
        return right(*arrays, input=input) * (input.dtype.type(1.001) if input.itemsize == 4 else 1)

    monkeypatch.setattr(where, "relu", off)
    found = agreement.operator_differences("relu", lanes.LANES["numpy"])

    assert found["gradients" if where is cnnref.gradients else "values"] == 1e-3


def test_every_snippet_of_the_site_carries_its_mark(site):
    """As many marks as snippets and labs, each saying what the committed records prove, none about CUDA without one."""
    cuda = evidence.read("torch-cuda").passed
    for path in sorted(site.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        marks = re.findall(r'<p class="lanes".*?</p>', page)
        lab = path.parent.parent.name == "labs"
        assert len(marks) == page.count('class="language-pycon highlight snippet"') + lab, path
        for found in marks:
            said = re.search(r'<span class="verified">([^<]*)</span>', found)
            assert said is not None, path
            assert "CPU" in said[1], path
            assert cuda or "CUDA" not in said[1], path
