"""What was verified, where, and with what: the rows that pytest writes and the site shows."""

import json
import platform
from pathlib import Path

SCHEMA = 1


def row(snippet, lane: str, outcome: str) -> dict:
    """One line of evidence: this text, in this lane, had this outcome."""
    return {
        "page": snippet.page,
        "snippet": snippet.number,
        "line": snippet.line,
        "sha256": snippet.sha256,
        "lane": lane,
        "outcome": outcome,
    }


def write(path: Path, rows: list[dict], versions: dict[str, dict[str, str]]) -> None:
    """Write the evidence of one run: sorted, without times, so that equal runs give equal bytes."""
    document = {
        "schema": SCHEMA,
        "python": platform.python_version(),
        "platform": platform.system(),
        "lanes": versions,
        "snippets": sorted(rows, key=lambda r: (r["page"], r["snippet"], r["lane"])),
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
