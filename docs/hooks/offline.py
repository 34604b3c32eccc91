"""The offline copy: `OFFLINE=true mkdocs build` makes pages that open from disk, search included, in one zip file.

Browsers give a file from disk neither modules nor workers: Material's plugin writes the search index as a script, a
small library stands in for the worker, and modules become plain scripts that hold what they import.
"""

import os
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from mkdocs.plugins import event_priority

EXPORT = re.compile(r"^export (?=(async )?function|const|let|class)", re.MULTILINE)
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<name>[\w-]+\.js)";\n', re.MULTILINE)
WORKER = "assets/javascripts/iframe-worker.js"


@event_priority(100)  # before Material's plugin, which would else load the library from another host
def on_config(config):
    """Bring the library along where the plugin is on."""
    if wanted(config):
        config.extra["polyfills"] = [WORKER]
    config.extra["offline"] = wanted(config)


def wanted(config) -> bool:
    """Whether this build is the offline copy."""
    return config.plugins["material/offline"].config.enabled


@event_priority(-200)  # after the English site
def on_post_build(config):
    """Make modules plain scripts; then pack both languages."""
    if not wanted(config):
        return
    modules = sorted(Path(config.site_dir, "assets/javascripts").rglob("*.js"))
    scripts = {path: script(path) for path in modules if EXPORT.search(path.read_text(encoding="utf-8"))}
    for path, text in scripts.items():
        path.write_text(text, encoding="utf-8")
    if config.theme["language"] == "zh":
        pack(Path(config.site_dir))


def script(module: Path) -> str:
    """A module as a plain script, with its names for itself: a page may load two that use the same ones."""
    return f'(() => {{\n"use strict";\n{whole(module)}}})();\n'


def whole(module: Path) -> str:
    """The text of a module and, in front, of those that it imports; it exports nothing."""
    text = IMPORT.sub(lambda found: whole(module.with_name(found["name"])), module.read_text(encoding="utf-8"))
    return EXPORT.sub("", text)


def pack(site: Path) -> Path:
    """Write `<site>.zip`: everything in a folder `cnnref`, in order, dated by the commit."""
    date = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "1767225600")), UTC)
    target = site.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            name = Path("cnnref", path.relative_to(site)).as_posix()
            archive.writestr(zipfile.ZipInfo(name, date.timetuple()[:6]), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target
