"""The papers of the project say what is so: their code runs, their links lead somewhere, twins agree."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import cnnref

ROOT = Path(__file__).parents[1]
PAPERS = sorted(path.name for path in ROOT.glob("*.md"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def code(name):
    """The fences of a paper, without the comments: those are prose."""
    return [(tag, re.sub(r"\s+#.*", "", text)) for tag, text in FENCE.findall(read(name))]


@pytest.mark.parametrize("name", PAPERS)
def test_links_lead_to_files_that_exist(name):
    assert [target for target in LINK.findall(read(name)) if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readme_prints_what_it_shows(name):
    text = "".join(text for tag, text in FENCE.findall(read(name)) if tag == "python")
    examples = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    said = []

    outcome = doctest.DocTestRunner(verbose=False).run(examples, out=said.append)

    assert outcome.attempted >= 3
    assert outcome.failed == 0, "".join(said)


def test_the_two_readmes_hold_the_same_code():
    assert code("README.md") == code("README.zh.md")


@pytest.mark.parametrize("name", PAPERS)
def test_every_make_target_named_exists(name):
    targets = set(re.search(r"^\.PHONY:(.*)", read("Makefile"), re.M)[1].split())

    assert set(re.findall(r"(?:^|`)make ([\w-]+)", read(name), re.M)) <= targets


def test_the_citation_fits_its_schema_and_the_package():
    tool = Path(sys.executable).parent / "check-jsonschema"
    command = [tool, "--builtin-schema", "vendor.citation-file-format", ROOT / "CITATION.cff"]

    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)

    assert done.returncode == 0, done.stdout
    assert yaml.safe_load(read("CITATION.cff"))["version"] == cnnref.__version__
