"""The locks: complete, hashed, silent about hosts, at peace with pyproject.toml and with each other.

Each check takes the locks (text by file name) and returns what is wrong; each is shown a lock that it must refuse.
"""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "requirements").glob("*.txt"))}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DEPENDENCIES = PYPROJECT["project"]["dependencies"]
OLDEST = "oldest.txt"
CPU_BUILD = re.search(r'CPU_BUILD = "(\S+)"', (ROOT / "requirements/lock.py").read_text(encoding="utf-8"))[1]
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^\s;]+)(?: ; (?P<marker>.*?))?(?P<rest> \\\n(?:    .*\n?)+)"
)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def entries(text):
    """The entries of a lock: a line that starts with a name, and the indented lines below it."""
    return re.split(r"\n(?=\S)", text.rstrip("\n"))


def pins(locks):
    """Every (file, name, version, marker) of the locks."""
    found = [(file, ENTRY.match(entry)) for file, text in locks.items() for entry in entries(text)]
    return [(file, m["name"], m["version"], m["marker"] or "") for file, m in found if m]


def requirements():
    """Every requirement of pyproject.toml, of whatever group."""
    project = PYPROJECT["project"]
    groups = [
        PYPROJECT["build-system"]["requires"],
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PYPROJECT["dependency-groups"].values(),
    ]
    return [Requirement(text) for group in groups for text in group]


def names_a_place(locks):
    """A lock says what, never where from: a reader's own index or mirror serves as well as any."""
    place = re.compile(r"://|--(?:extra-)?index|--find-links|--trusted-host|\bfile:|\s@\s|^-[a-z]|^\.", re.M)
    return [f"{file}: {found[0]!r}" for file, text in locks.items() for found in place.finditer(text)]


def goes_unhashed(locks):
    """Every entry is exact and has at least one SHA-256, else pip would install what nobody looked at."""
    return [
        f"{file}: {entry.splitlines()[0]}"
        for file, text in locks.items()
        for entry in entries(text)
        if not (ENTRY.match(entry) and HASH.search(entry))
    ]


def misplaces_torch(locks):
    """torch alone in torch.txt, in both builds (a CPU-only one beside the public ones); nowhere else."""
    wrong = [f"{file}: torch" for file, name, *_ in pins(locks) if name == "torch" and file != "torch.txt"]
    here = entries(locks["torch.txt"])
    if len(here) != 1 or not here[0].startswith("torch=="):
        wrong.append(f"torch.txt: {len(here)} entries, not torch alone")
    if len(set(HASH.findall(locks["torch.txt"]))) < 2 or CPU_BUILD not in locks["torch.txt"]:
        wrong.append("torch.txt: the hash of one build only")
    return wrong


def leaves_unmet(locks):
    """Each requirement is pinned, and every version pinned for it is one that it allows."""
    pinned = {}
    for _, name, version, _ in pins(locks):
        pinned.setdefault(canonicalize_name(name), set()).add(version)
    needs = [(r, pinned.get(canonicalize_name(r.name), set())) for r in requirements()]
    return [
        f"{need}: {sorted(found)}"
        for need, found in needs
        if not found or not all(need.specifier.contains(v) for v in found)
    ]


def contradicts_itself(locks):
    """A package pinned in two locks has one version in both: they are installed one after another.

    Not the oldest ones: they take the place of what dev.txt put there.
    """
    versions = {}
    for file, name, version, _ in pins({file: text for file, text in locks.items() if file != OLDEST}):
        versions.setdefault(name, {}).setdefault(file, set()).add(version)
    return [f"{name}: {files}" for name, files in versions.items() if len({frozenset(v) for v in files.values()}) > 1]


CHECKS = [names_a_place, goes_unhashed, misplaces_torch, leaves_unmet, contradicts_itself]
A_HASH = "--hash=sha256:" + "0" * 64
SPOILED = [
    # check, file, what stands there (a pattern), what stands there now, a word of the complaint
    (names_a_place, "dev.txt", r"\A", "--index-url mirror\n", "--index"),
    (names_a_place, "dev.txt", r"\A", "--find-links wheels\n", "--find-links"),
    (names_a_place, "torch.txt", r"==2\S+", " @ https://host/torch.whl", "://"),
    (names_a_place, "torch.txt", r"==2\S+", " @ wheels/torch.whl", " @ "),
    (names_a_place, "torch-needs.txt", r"\A", "-e .\n", "-e"),
    (goes_unhashed, "dev.txt", r"(?m)^jieba==.*\n.*\n", "jieba==0.42.1\n", "jieba"),
    (goes_unhashed, "dev.txt", r"jieba==", "jieba>=", "jieba"),
    (
        goes_unhashed,
        "torch-cuda.txt",
        r"sha256:[0-9a-f]{64}( \\\n    --hash=sha256:[0-9a-f]{64})*",
        "md5:0",
        "cuda-bindings",
    ),
    (misplaces_torch, "torch.txt", r"\Z", f"numpy==2.4.6 \\\n    {A_HASH}\n", "2 entries"),
    (misplaces_torch, "dev.txt", r"\A", f"torch==2.13.0 \\\n    {A_HASH}\n", "dev.txt: torch"),
    (misplaces_torch, "torch.txt", CPU_BUILD, "sha256:" + "0" * 64, "one build only"),
    (leaves_unmet, "dev.txt", r"sybil==10\.", "sybil==11.", "sybil"),
    (leaves_unmet, "dev.txt", r"zizmor==", "zizmor-x==", "zizmor"),
    (leaves_unmet, "torch.txt", r"torch==\S+", "torch==2.3.1", "torch"),
    (contradicts_itself, "torch-needs.txt", r"jinja2==\S+", "jinja2==3.0.0", "jinja2"),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_no_lock(check):
    assert check(LOCKS) == []


@pytest.mark.parametrize(
    ("check", "file", "old", "new", "word"), SPOILED, ids=[f"{case[0].__name__}-{case[4]}" for case in SPOILED]
)
def test_a_spoiled_lock_is_refused(check, file, old, new, word):
    spoiled, count = re.subn(old, lambda _: new, LOCKS[file], count=1)
    assert count == 1

    complaints = check({**LOCKS, file: spoiled})

    assert word in "\n".join(complaints)


def test_every_lock_is_read_to_its_last_entry():
    assert {*LOCKS} == {OLDEST, "dev.txt", "bench.txt", "torch.txt", "torch-needs.txt", "torch-cuda.txt"}
    assert {file: sum(pin[0] == file for pin in pins(LOCKS)) for file in LOCKS} == {
        file: len(re.findall(r"^[^\s#]", text, re.M)) for file, text in LOCKS.items()
    }


def test_the_oldest_versions_are_those_that_pyproject_allows():
    floors = {canonicalize_name(r.name): next(iter(r.specifier)).version for r in map(Requirement, DEPENDENCIES)}
    locked = {name: version for file, name, version, _ in pins(LOCKS) if file == OLDEST}

    assert floors.keys() == locked.keys()
    assert all((locked[name] + ".0").startswith(f"{floors[name]}.") for name in floors)


def test_every_check_has_been_seen_to_refuse():
    assert {case[0] for case in SPOILED} == set(CHECKS)


def loose(lock):
    """The packages of npm's lock without a hash, or with a host."""
    packages = {path: each for path, each in lock["packages"].items() if path}
    sealed = {path for path, each in packages.items() if each.get("integrity", "").startswith("sha512-")}
    return sorted({path for path, each in packages.items() if "resolved" in each} | (packages.keys() - sealed))


def test_the_lock_of_lighthouse_is_complete_and_silent_about_hosts():
    text = (ROOT / "requirements/lighthouse/package-lock.json").read_text(encoding="utf-8")
    asked = json.loads((ROOT / "requirements/lighthouse/package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = json.loads(text)

    assert loose(lock) == []
    assert lock["packages"][""]["dependencies"] == asked
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in asked.values())
    for field, value in (("resolved", "https://a.host/lighthouse.tgz"), ("integrity", "")):
        spoiled = json.loads(text)
        spoiled["packages"]["node_modules/lighthouse"][field] = value
        assert loose(spoiled) == ["node_modules/lighthouse"]
