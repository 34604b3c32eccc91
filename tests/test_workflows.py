"""The workflows, judged offline: by four tools, and by the rules of this project that no tool knows.

Each check takes a folder that holds `.github` and returns what is wrong there. It must find nothing in this
repository, and something in each copy that `SPOILED` breaks by one edit: a check that cannot fail checks nothing.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent
PINS = {pin["action"]: pin for pin in yaml.safe_load((ROOT / "tests/workflow_pins.yaml").read_text(encoding="utf-8"))}
HOSTED = {"ubuntu-24.04", "macos-15", "windows-2025"}
TRIGGERS = {
    "ci.yml": {
        "pull_request": None,
        "push": {"branches": ["main"]},
        "schedule": [{"cron": "41 3 * * 2"}],
        "workflow_dispatch": None,
    },
    "release.yml": {"release": {"types": ["published"]}},
    "gpu-pr.yml": {"pull_request": {"types": ["labeled"]}},  # a fork's copy: no secret, no write, a machine of GitHub's
    "site.yml": {"pull_request": None, "push": {"branches": ["main"]}, "workflow_dispatch": None},
    # The GPU lane runs merged code: adding any event of a pull request here opens the machine to everybody.
    "gpu.yml": {
        "push": {
            "branches": ["main"],
            "paths": [
                "cnnref/**",
                "docs/**",
                "tests/**",
                "verifier/**",
                "conftest.py",
                "requirements/**",
                "pyproject.toml",
                "Makefile",
                ".github/workflows/gpu.yml",
            ],
        },
        "schedule": [{"cron": "17 4 * * 1"}],
        "workflow_dispatch": None,
    },
}
GPU_CONDITION = "vars.GPU_RUNNER_GROUP != '' && github.ref == 'refs/heads/main' && !github.event.repository.fork"
GPU_PR_CONDITION = "github.event.label.name == 'gpu-ci' && vars.GPU_PR_RUNNER_GROUP != ''"
NEWEST_CONDITION = "github.event_name == 'schedule' || github.event_name == 'workflow_dispatch'"
DEPLOY_CONDITION = (
    "github.event_name != 'pull_request' && github.ref == 'refs/heads/main' && !github.event.repository.fork"
)
REQUIRED_TARGETS = {
    "ci.yml": {"lint", "test", "test-numpy", "test-oldest", "test-newest"},
    "gpu.yml": {"test"},
    "gpu-pr.yml": {"test"},
    "site.yml": {"evidence", "site", "offline", "test", "lighthouse"},
    "release.yml": {"dist"},
}
# The jobs that may write, all that they do, and when: none of them runs a line of this project.
TRUSTED = {
    "site.yml: deploy": ({"pages": "write", "id-token": "write"}, ["actions/deploy-pages"], DEPLOY_CONDITION),
    "release.yml: publish": (
        {"id-token": "write"},
        ["actions/download-artifact", "pypa/gh-action-pypi-publish"],
        "${{ !github.event.repository.fork }}",
    ),
}
# Whatever installs or runs the project goes through `make`; beside it only what looks, moves or compares.
COMMANDS = {"make", "chromium", "nvidia-smi", "test", "mv", "rm", "diff"}


# ------------------------------------------------------------------------------------------------- reading


def files(root):
    """The text of each workflow, by file name."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted((root / ".github/workflows").iterdir())}
    assert found, f"no workflow under {root}"
    return found


def workflows(root):
    """Each workflow as data, by file name; the key `on`, which YAML 1.1 takes for true, under its own name."""
    parsed = {name: yaml.safe_load(text) for name, text in files(root).items()}
    return {name: {("on" if key is True else key): value for key, value in w.items()} for name, w in parsed.items()}


def jobs(root):
    """Each job with where it stands: (`ci.yml: lint`, job)."""
    return [(f"{file}: {name}", job) for file, w in workflows(root).items() for name, job in w["jobs"].items()]


def steps(root):
    return [(f"{place}, step {number}", s) for place, job in jobs(root) for number, s in enumerate(job["steps"], 1)]


def scripts(root):
    """Each `run:` block as shell: expressions, which GitHub fills in before, read as one word."""
    return [(place, re.sub(r"\$\{\{.*?\}\}", "expression", s["run"])) for place, s in steps(root) if "run" in s]


def commands(root):
    """Each command of each `run:` block, as its words."""
    return [(place, shlex.split(line)) for place, script in scripts(root) for line in script.splitlines()]


def tool(name, *arguments, stdin=None):
    """What a tool of the development environment has to say; nothing where it is content."""
    command = [TOOLS / name, *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, encoding="utf-8", timeout=60)
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


# ------------------------------------------------------------------------------------------------- the tools


def audit(root):
    """zizmor. A file outside its schema would be passed over with a warning, were collection not strict."""
    return tool("zizmor", "--offline", "--strict-collection", "--persona=pedantic", "--no-progress", root / ".github")


def schema(root):
    """GitHub's schema of workflows and of dependabot's file, both carried by check-jsonschema."""
    paths = sorted((root / ".github/workflows").iterdir())
    return [
        *tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *paths),
        *tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", root / ".github/dependabot.yml"),
    ]


def shell(root):
    """shellcheck, over every `run:` block."""
    return [
        f"{place}: {complaint}"
        for place, script in scripts(root)
        for complaint in tool("shellcheck", "--shell=bash", "-", stdin=script + "\n")
    ]


# ------------------------------------------------------------------------------------------------- the rules


def pins(root):
    """Every action is one of `workflow_pins.yaml`, at its commit, with its tag in the comment."""
    wrong = []
    for file, text in files(root).items():
        for number, line in enumerate(text.splitlines(), 1):
            used = re.match(r"\s*(?:- )?uses:\s*(.*)", line)
            action = used and used[1].partition("@")[0]
            pin = PINS.get(action)
            if used and not (pin and used[1] == f"{action}@{pin['sha']} # {pin['tag']}"):
                wrong.append(f"{file}:{number}: not in workflow_pins.yaml: {used[1]}")
        seen = len(re.findall(r"^\s*(?:- )?uses:", text, re.M))
        if seen != json.dumps(workflows(root)[file]).count('"uses":'):  # flow style hides one from a search by line
            wrong.append(f"{file}: a `uses` that does not stand on a line of its own")
    return wrong


def inputs(root):
    """Every input is one that its action has: GitHub only warns about another, and ignores it."""
    return [
        f"{place}: {s['uses'].partition('@')[0]} has no input {name!r}"
        for place, s in steps(root)
        if "uses" in s
        for name in s.get("with", {})
        if name not in PINS.get(s["uses"].partition("@")[0], {}).get("inputs", [])
    ]


def triggers(root):
    """Each file starts on exactly the events written down above, and there is no file beside them."""
    found = {name: w["on"] for name, w in workflows(root).items()}
    return [
        f"{name}: starts on {found.get(name)}, not on {TRIGGERS.get(name)}"
        for name in sorted({*found, *TRIGGERS})
        if found.get(name) != TRIGGERS.get(name)
    ]


def permissions(root):
    """None for a file, reading for a job; only deployment and publication, which run nothing of ours, may write."""
    wrong = [f"{name}: permissions: {{}} at the top" for name, w in workflows(root).items() if w["permissions"] != {}]
    for place, job in jobs(root):
        granted, does, only = TRUSTED.get(place, ({"contents": "read"}, None, None))
        if job.get("permissions") != granted:
            wrong.append(f"{place}: permissions are {job.get('permissions')}, not {granted}")
        if does and [s.get("uses", "a command").partition("@")[0] for s in job["steps"]] != does:
            wrong.append(f"{place}: does more than {does}")
        if does and job.get("if") != only:
            wrong.append(f"{place}: runs if {job.get('if')}")
    return wrong


def credentials(root):
    """No checkout leaves its token behind, and no workflow knows a secret."""
    checkouts = [(place, s.get("with", {})) for place, s in steps(root) if "actions/checkout@" in s.get("uses", "")]
    wrong = [
        f"{place}: checkout keeps its token" for place, w in checkouts if w.get("persist-credentials") is not False
    ]
    data = {name: json.dumps(w) for name, w in workflows(root).items()}
    return wrong + [f"{name}: names secrets" for name, text in data.items() if re.search(r"\bsecrets\b", text)]


def limits(root):
    """Every job ends by itself, and a newer run takes the place of an older one."""
    wrong = [f"{place}: no timeout-minutes up to 60" for place, job in jobs(root) if not 0 < minutes(job) <= 60]
    return wrong + [f"{name}: no concurrency" for name, w in workflows(root).items() if "group" not in w["concurrency"]]


def minutes(job):
    return job.get("timeout-minutes", 0)


def machines(root):
    """GitHub's machines run everything but the GPU lanes; those run only where a group is named, and on their terms."""
    groups = {  # where, if what, in which environment
        "gpu.yml": ({"group": "${{ vars.GPU_RUNNER_GROUP }}"}, GPU_CONDITION, "gpu"),
        "gpu-pr.yml": ({"group": "${{ vars.GPU_PR_RUNNER_GROUP }}"}, GPU_PR_CONDITION, None),
    }
    wrong = []
    for place, job in jobs(root):
        file = place.partition(":")[0]
        if file in groups:
            found = (job["runs-on"], job.get("if"), job.get("environment"))
            if found != groups[file]:
                wrong.append(f"{place}: runs on {found[0]} if {found[1]}, in environment {found[2]}")
        elif unknown := systems(job) - HOSTED:
            wrong.append(f"{place}: runs on {sorted(unknown)}, not on {sorted(HOSTED)}")
    return wrong


def systems(job):
    """The machines of a job: the one that it names, or those of its matrix."""
    where = job["runs-on"]
    if where == "${{ matrix.system }}":
        return set(job["strategy"]["matrix"]["system"])
    return {where if isinstance(where, str) else json.dumps(where)}


def unlocked(root):
    """What is not locked runs by the clock or by hand, never for a pull request."""
    return [
        f"{place}: runs if {job.get('if')}, not if {NEWEST_CONDITION}"
        for place, job in jobs(root)
        if any("test-newest" in s.get("run", "") for s in job["steps"]) and job.get("if") != NEWEST_CONDITION
    ]


def targets(root):
    """Workflows run what a reader runs: targets and variables of the Makefile, and no other installer or runner."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.search(r"^\.PHONY:(.*)", makefile, re.M)[1].split())
    variables = set(re.findall(r"^(\w+)\s*\?=", makefile, re.M))
    wrong = [
        f"{place}: more than one command a line" for place, script in scripts(root) if set(script) & set("|&;<>(`")
    ]
    called = {name: set() for name in workflows(root)}
    for place, (command, *words) in commands(root):
        if command not in COMMANDS:
            wrong.append(f"{place}: {command} is not one of {sorted(COMMANDS)}")
        if command == "make":
            set_here = {word.partition("=")[0] for word in words if "=" in word}
            goals = {word for word in words if "=" not in word}
            called[place.partition(":")[0]] |= goals
            wrong += [f"{place}: the Makefile has no target {goal}" for goal in sorted(goals - known)]
            wrong += [f"{place}: the Makefile has no variable {name}" for name in sorted(set_here - variables)]
    for name, needed in REQUIRED_TARGETS.items():
        wrong += [f"{name}: does not run make {goal}" for goal in sorted(needed - called.get(name, set()))]
    return wrong


CHECKS = [audit, schema, shell, pins, inputs, triggers, permissions, credentials, limits, machines, unlocked, targets]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_workflows_pass(check):
    assert check(ROOT) == []


# ------------------------------------------------------------------------------------------------- one edit each

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
SPOILED = [
    # check, file, what stands there, what stands there now, a word of the complaint
    (audit, "workflows/ci.yml", "  pull_request:\n", "  pull_request_target:\n", "dangerous-triggers"),
    (audit, "workflows/ci.yml", "run: make lint", "run: make lint ${{ github.head_ref }}", "template-injection"),
    (audit, "workflows/site.yml", "    steps:\n", "    step:\n", "site.yml"),
    (audit, "dependabot.yml", "default-days: 7", "default-days: 1", "dependabot-cooldown"),
    (schema, "workflows/ci.yml", "permissions: {}", "permisions: {}", "permisions"),
    (schema, "workflows/gpu.yml", "runs-on:", "run-on:", "runs-on"),
    (schema, "dependabot.yml", "interval: weekly", "interval: often", "often"),
    (shell, "workflows/site.yml", '"${RUNNER_TEMP}/first" site', "${RUNNER_TEMP}/first site", "SC2086"),
    (pins, "workflows/ci.yml", CHECKOUT, CHECKOUT.replace("v7.0.1", "v7.0.0"), "ci.yml:"),
    (pins, "workflows/gpu.yml", CHECKOUT, CHECKOUT.replace("@3d", "@3e"), "gpu.yml:"),
    (pins, "workflows/ci.yml", CHECKOUT, "actions/checkout@v7", "not in workflow_pins.yaml"),
    (pins, "workflows/ci.yml", CHECKOUT, "./here", "./here"),
    (pins, "workflows/ci.yml", "- uses: " + CHECKOUT, "- {uses: actions/checkout@v7}\n      -", "line of its own"),
    (inputs, "workflows/ci.yml", "if-no-files-found", "if-no-file-found", "'if-no-file-found'"),
    (inputs, "workflows/ci.yml", 'python-version: "3.14"', "cache: pip", "'cache'"),
    (triggers, "workflows/gpu.yml", "  workflow_dispatch:\n", "  pull_request:\n", "gpu.yml"),
    (triggers, "workflows/gpu.yml", "    branches: [main]\n", '    branches: [main, "gpu/**"]\n', "gpu/**"),
    (triggers, "workflows/site.yml", "  pull_request:\n", "  workflow_run:\n", "workflow_run"),
    (permissions, "workflows/ci.yml", "permissions: {}", "permissions: read-all", "at the top"),
    (permissions, "workflows/ci.yml", "contents: read", "contents: write", "ci.yml: lint"),
    (permissions, "workflows/site.yml", "contents: read", "pages: write", "site.yml: build"),
    (permissions, "workflows/site.yml", "- id: deployment", "- run: make site\n      - id: deployment", "more than"),
    (
        permissions,
        "workflows/site.yml",
        "\n    if: github.event_name != 'pull_request' && ",
        "\n    if: ",
        "site.yml: deploy: runs if",
    ),
    (permissions, "workflows/release.yml", "id-token: write", "contents: write", "release.yml: publish"),
    (
        permissions,
        "workflows/release.yml",
        "      - uses: pypa",
        "      - run: make dist\n      - uses: pypa",
        "does more",
    ),
    (
        permissions,
        "workflows/release.yml",
        "    if: ${{ !github.event.repository.fork }}\n",
        "",
        "publish: runs if None",
    ),
    (credentials, "workflows/gpu.yml", "persist-credentials: false", "persist-credentials: true", "gpu.yml"),
    (credentials, "workflows/site.yml", "          persist-credentials: false\n", "          lfs: false\n", "site.yml"),
    (credentials, "workflows/ci.yml", "required", "${{ secrets.KEY }}", "names secrets"),
    (credentials, "workflows/ci.yml", "required", "${{ toJSON(secrets) }}", "names secrets"),
    (limits, "workflows/ci.yml", "    timeout-minutes: 20\n", "", "ci.yml: lint"),
    (limits, "workflows/gpu.yml", "timeout-minutes: 45", "timeout-minutes: 600", "gpu.yml"),
    (limits, "workflows/site.yml", "group: ${{ github.workflow }}", "name: ${{ github.workflow }}", "concurrency"),
    (machines, "workflows/ci.yml", "runs-on: ubuntu-24.04", "runs-on: [self-hosted, gpu]", "self-hosted"),
    (machines, "workflows/gpu.yml", "vars.GPU_RUNNER_GROUP != '' && ", "", "gpu.yml"),
    (machines, "workflows/gpu.yml", "environment: gpu #", "environment: site #", "environment site"),
    (machines, "workflows/gpu-pr.yml", "github.event.label.name == 'gpu-ci' && vars", "vars", "gpu-pr.yml"),
    (machines, "workflows/gpu-pr.yml", "GPU_PR_RUNNER_GROUP }}", "GPU_RUNNER_GROUP }}", "gpu-pr.yml"),
    (machines, "workflows/ci.yml", "[macos-15, windows-2025]", "[macos-15, self-hosted]", "self-hosted"),
    (triggers, "workflows/gpu-pr.yml", "types: [labeled]", "types: [labeled, synchronize]", "synchronize"),
    (triggers, "workflows/gpu-pr.yml", "  pull_request:\n", "  pull_request_target:\n", "pull_request_target"),
    (triggers, "workflows/release.yml", "types: [published]", "types: [created]", "created"),
    (
        unlocked,
        "workflows/ci.yml",
        "    if: github.event_name == 'schedule' || ",
        "    if: always() || ",
        "ci.yml: newest",
    ),
    (credentials, "workflows/release.yml", 'PIP_NO_CACHE_DIR: "1"', "TOKEN: ${{ secrets.PYPI }}", "names secrets"),
    (
        inputs,
        "workflows/release.yml",
        "          path: dist\n      - uses: pypa",
        "          paths: dist\n      - uses: pypa",
        "'paths'",
    ),
    (pins, "workflows/release.yml", "@dc37677b", "@dc37677c", "release.yml:"),
    (targets, "workflows/ci.yml", "run: make lint", "run: make lnt", "no target lnt"),
    (targets, "workflows/ci.yml", "run: make lint", "run: ruff check .", "ruff is not one of"),
    (targets, "workflows/ci.yml", "chromium --version", "chromium --version; id", "more than one command"),
    (targets, "workflows/ci.yml", "run: make test-numpy", "run: make test", "does not run make test-numpy"),
    (
        targets,
        "workflows/release.yml",
        "make dist\n          mv",
        "python -m build\n          mv",
        "python is not one of",
    ),
    (targets, "workflows/site.yml", "run: make evidence", "run: make lint", "does not run make evidence"),
    (targets, "workflows/gpu.yml", "PYTEST_ARGS=", "PYTEST_ARG=", "no variable PYTEST_ARG"),
]


@pytest.mark.parametrize(
    ("check", "file", "old", "new", "word"),
    SPOILED,
    ids=[f"{check.__name__}-{Path(file).stem}-{word.split()[-1]}" for check, file, _, _, word in SPOILED],
)
def test_a_spoiled_workflow_is_refused(check, file, old, new, word, tmp_path):
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    path = tmp_path / ".github" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    complaints = check(tmp_path)

    assert word in "\n".join(complaints)


def test_a_workflow_beside_the_known_ones_is_refused(tmp_path):
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    shutil.copy(tmp_path / ".github/workflows/ci.yml", tmp_path / ".github/workflows/more.yml")

    assert "more.yml" in "\n".join(triggers(tmp_path))


def test_every_check_has_been_seen_to_refuse():
    assert {case[0] for case in SPOILED} == set(CHECKS)


def test_every_pin_is_in_use():
    used = {step["uses"].partition("@")[0] for _, step in steps(ROOT) if "uses" in step}

    assert used == set(PINS)


# ------------------------------------------------------------------------------------------------- beside the workflows


def test_the_script_that_guards_a_change_is_sound_shell():
    assert tool("shellcheck", ROOT / ".ci/run") == []
