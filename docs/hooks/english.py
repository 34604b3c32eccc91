"""One build, two languages: the English site is built at the same time as the Chinese one, by a process of its own.

MkDocs knows one configuration per build; an i18n plugin would merge both search indexes and break the labs.
The process is this file, run as a program. It writes into a folder aside, which becomes `en/` when the Chinese site is
there, and hands over what it logged: that stands behind what the Chinese build said, and a warning fails a strict one.
`mkdocs serve` keeps the process, with all that it has imported and remembers, from change to change.
"""

import json
import logging
import os
import posixpath
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from mkdocs.plugins import event_priority

ENGLISH = Path(__file__).parents[1] / "mkdocs.en.yml"
CACHE = Path(__file__).parents[2] / ".cache"
log = logging.getLogger("mkdocs")


class Builder:
    """The process that builds the English site."""

    def __init__(self, command):
        program = [sys.executable, "-P", __file__, command]  # -P: our hooks must not hide libraries of the same name
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self.busy = False

    def begin(self, **options):
        """Start a build; an answer that nobody took, because the Chinese build failed, is about an older text."""
        if self.busy:
            self.answer()
        print(json.dumps(options), file=self.process.stdin, flush=True)
        self.busy = True

    def answer(self):
        """Where the site is, what its build logged, and why it failed if it did; None from a process that has ended."""
        self.busy = False
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def end(self):
        """Let the process go."""
        self.process.terminate()
        self.process.communicate()


state: dict = {}


def on_startup(command, dirty):
    """Start the process early: while this one imports what it needs, that one does the same."""
    state["builder"] = Builder(command)


@event_priority(100)
def on_config(config):
    """Begin with the English site, before anything is done for the Chinese one."""
    address = posixpath.join(config.site_url or "/", "en/")
    level = log.getEffectiveLevel()
    state["builder"].begin(site_url=address, strict=config.strict, level=level)


def on_post_build(config):
    """Lay the English site beside the Chinese one, and repeat what its build said."""
    answer = state["builder"].answer()
    for name, level, text in answer["said"] if answer else ():
        logging.getLogger(name).log(level, text)
    if answer is None or answer["failure"]:
        raise Abort(f"the English site was not built: {answer['failure'] if answer else 'its process ended'}")
    target = Path(config.site_dir, "en")
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(answer["site"], target)


def on_shutdown():
    """The process ends with this one."""
    state["builder"].end()


class Said(logging.Handler):
    """Keeps what is logged, for the other process to log."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((record.name, record.levelno, self.format(record)))


def built(site, command, level, **options) -> dict:
    """Build the English site once, as the Chinese process asks: where it is, what was logged, and what failed."""
    said, failure = Said(), None
    log.handlers, log.propagate = [said], False
    log.setLevel(level)
    try:
        english = load_config(str(ENGLISH), site_dir=site, **options)
        if command:
            english.plugins.on_startup(command=command, dirty=False)
        build(english)
    except Abort as stop:
        failure = str(stop)
    except Exception:
        failure = traceback.format_exc()
    return {"site": site, "said": said.lines, "failure": failure}


def main(command):
    """Answer each line of options with a line; whatever else prints, prints where errors go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks decides when this one ends
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # ... and then the folder goes as well
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="en-", dir=CACHE) as folder:
        for line in sys.stdin:
            done = built(f"{folder}/site", command, **json.loads(line))
            print(json.dumps(done), file=answers, flush=True)
            command = None  # plugins are started once


if __name__ == "__main__":
    main(sys.argv[1])
