"""`mkdocs serve` starts anew when a program or the configuration changed, for Python loads a module only once.

So no page shows what a function did before it was corrected. It costs a whole build; a change of a page does not.
"""

import hashlib
import logging
import os
import shutil
import sys
from pathlib import Path

from mkdocs.plugins import event_priority

ROOT = Path(__file__).parents[2]
PROGRAMS = ("cnnref/*.py", "verifier/*.py", "docs/hooks/*.py", "docs/figures/drawing.py", "docs/figures/_*.py")
SETTINGS = ("mkdocs.yml", "docs/mkdocs.en.yml")
log = logging.getLogger("mkdocs.hooks.restart")
state: dict = {}


def on_startup(command, dirty):
    """Remember what was there when the server started."""
    if command == "serve":
        state["loaded"] = loaded(ROOT)


@event_priority(200)  # before anything else is done
def on_config(config):
    """Start anew if it is something else now."""
    if "loaded" in state and state["loaded"] != loaded(ROOT):
        log.info("A program changed: starting anew")
        config.plugins.on_shutdown()
        shutil.rmtree(config.site_dir, ignore_errors=True)  # it is the server's own, in the folder for such things
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def loaded(root) -> str:
    """A fingerprint of all that is read only once; a program that does not parse is refused, and the server stays."""
    digest = hashlib.sha256()
    for path in (path for pattern in PROGRAMS + SETTINGS for path in sorted(root.glob(pattern))):
        text = path.read_bytes()
        if path.suffix == ".py":
            compile(text, path, "exec")
        digest.update(f"{path}\n".encode() + text)
    return digest.hexdigest()
