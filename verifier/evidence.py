"""What was verified, where, and with what: pytest writes the records, the build shows them.

A record holds for one text, in one lane, with one state of the package. It counts only while all three are what they
were: change the snippet or cnnref, and the record is void until somebody runs the lane again.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cnnref

SCHEMA = 2
ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/evidence"


def row(snippet, lane: str, outcome: str) -> dict:
    """One line of evidence: this text, in this lane, had this outcome."""
    return {
        "page": snippet.page,
        "snippet": snippet.number,
        "sha256": snippet.sha256,
        "lane": lane,
        "outcome": outcome,
    }


def write(path: Path, rows: list[dict], lanes: dict[str, dict], operators: dict[str, dict]) -> None:
    """Write the evidence of one run: sorted, without times, so that equal runs give equal bytes."""
    document = {
        "schema": SCHEMA,
        "package": package(),
        "date": date(),
        "python": platform.python_version(),
        "platform": platform.system(),
        "lanes": lanes,
        "operators": operators,
        "snippets": sorted(rows, key=lambda r: (r["page"], r["snippet"], r["lane"])),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_by_line(document) + "\n", encoding="utf-8")


def _by_line(value, depth: int = 0) -> str:
    """JSON with one row, one operator, one lane a line: what a person compares in a diff."""
    if depth == 2 or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    begin, end = "{}" if isinstance(value, dict) else "[]"
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_by_line(each, depth + (key != 'operators'))}" for key, each in value.items()]
    else:
        parts = [_by_line(each, depth + 1) for each in value]
    return begin + "\n" + ",\n".join(parts) + "\n" + end


def package() -> str:
    """The fingerprint of cnnref's sources: what every snippet calls."""
    digest = hashlib.sha256()
    for source in sorted(Path(cnnref.__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def date() -> str | None:
    """The day of the commit that is run (the Makefile hands it over), not of the run: equal commits, equal bytes."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(seconds), UTC).date().isoformat() if seconds else None


@dataclass
class Record:
    """What the file of one lane proves today."""

    lane: str
    passed: set[str] = field(default_factory=set)  # fingerprints of texts that were run and held
    environment: dict[str, str] = field(default_factory=dict)
    operators: dict[str, dict] = field(default_factory=dict)
    date: str | None = None
    void: str | None = None  # why the whole file proves nothing, in one sentence


def read(lane: str, folder: Path = FOLDER) -> Record:
    """The record of a lane: empty where there is none, void where it cannot be about this package and this lane."""
    path = folder / f"{lane}.json"
    if not path.is_file():
        return Record(lane, void="there is no record")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if void := _void(document, lane):
            return Record(lane, void=void)
        rows = [(str(r["sha256"]), r["outcome"], r["lane"]) for r in document["snippets"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Record(lane, void=f"{path.name} is no evidence: {type(error).__name__}")
    failed = {sha for sha, outcome, _ in rows if outcome != "passed"}
    passed = {sha for sha, outcome, where in rows if outcome == "passed" and where == lane}
    versions = {"python": document["python"], "platform": document["platform"]} | document["lanes"][lane]
    return Record(lane, passed - failed, versions, document.get("operators", {}).get(lane, {}), document["date"])


def _void(document: dict, lane: str) -> str | None:
    """Why a document says nothing about this lane today; None if it does."""
    if document["schema"] != SCHEMA:
        return f"the record has schema {document['schema']}, not {SCHEMA}"
    if document["package"] != package():
        return "cnnref has changed since the run"
    if lane not in document["lanes"]:
        return "the record is about another lane"
    if lane == "torch-cuda" and "CUDA" not in document["lanes"][lane]["device"]:
        return "the record names no CUDA device"
    return None


def orphans(record: Record, texts: Iterable[str]) -> set[str]:
    """The fingerprints of a record whose text no longer exists."""
    return record.passed - set(texts)
