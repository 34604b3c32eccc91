"""The pytest side of the verifier: which lanes run, what was verified in them, and the evidence file."""

from pathlib import Path

import pytest
from sybil.integration.pytest import SybilItem

from verifier import agreement, evidence, lanes
from verifier.pages import CHOSEN

RAN = pytest.StashKey[list]()


def pytest_addoption(parser):
    """The two options of the verifier."""
    group = parser.getgroup("cnnref")
    group.addoption(
        "--lane",
        action="append",
        dest="lanes",
        choices=lanes.NAMES,
        help="a lane to run (repeatable); one that cannot run here is an error. Without it: every lane that can.",
    )
    group.addoption(
        "--evidence", type=Path, metavar="FILE", help="write what was verified, and with what, to a JSON file"
    )


def pytest_configure(config):
    """Refuse a lane that was asked for by name and cannot run: a silent skip would look like a pass."""
    requested = config.getoption("lanes")
    for name in requested or ():
        if why := lanes.LANES[name].why_absent():
            raise pytest.UsageError(f"lane {name} was asked for and cannot run here: {why}")
    chosen = [lanes.LANES[name] for name in lanes.PAGE_LANES]
    if requested:
        chosen = [lane for lane in chosen if lane.name in requested]
    config.stash[CHOSEN] = [lane for lane in chosen if lane.why_absent() is None]
    config.stash[RAN] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Attach the evidence to the report, so that it crosses from worker to controller."""
    report = yield
    if isinstance(item, SybilItem) and call.when == "call":
        lane = item.name.split(":")[0]
        report.user_properties.append(("evidence", evidence.row(item.example.parsed, lane, report.outcome)))
    return report


class Recorder:
    """Gathers the evidence rows of a run on the controller."""

    def __init__(self, config):
        self.config = config

    def pytest_runtest_logreport(self, report):
        """Keep the rows of finished calls."""
        if report.when == "call":
            self.config.stash[RAN] += [value for name, value in report.user_properties if name == "evidence"]


def pytest_sessionstart(session):
    """Only the controller records."""
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(Recorder(session.config), "cnnref-recorder")


def pytest_sessionfinish(session):
    """Write the evidence; a lane asked for with evidence that verified nothing is a failure."""
    config = session.config
    if hasattr(config, "workerinput") or config.option.collectonly or not config.getoption("evidence"):
        return
    rows, chosen = config.stash[RAN], config.stash[CHOSEN]
    operators = {lane.name: agreement.differences(lane) for lane in chosen}
    evidence.write(config.getoption("evidence"), rows, {lane.name: lane.versions() for lane in chosen}, operators)
    empty = {lane.name for lane in config.stash[CHOSEN]} - {row["lane"] for row in rows}
    if empty or not rows:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """Say what was verified in each lane, and which lane was not here: nobody must take silence for green."""
    rows = config.stash[RAN]
    terminalreporter.section("lanes")
    for name, lane in lanes.LANES.items():
        ran = [row for row in rows if row["lane"] == name]
        passed = sum(row["outcome"] == "passed" for row in ran)
        if why := lane.why_absent():
            verdict = f"not verified ({why})"
        elif ran:
            verdict = f"{passed} of {len(ran)} snippets verified"
        else:
            verdict = "no snippet run"
        terminalreporter.write_line(f"{name}: {verdict}")
