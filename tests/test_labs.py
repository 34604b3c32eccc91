"""Labs: what is one, that both languages share its code, that it runs as a whole in its lanes, and how it is shown."""

import ast
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
from mkdocs.exceptions import PluginError

from verifier import labs, lanes, twins
from verifier.snippets import PageError

ROOT = Path(__file__).parents[1]
LABS = sorted(path.stem for path in (ROOT / "docs/zh/labs").glob("*.md"))
sys.path.insert(0, str(ROOT / "docs/hooks"))
import labs as hook  # noqa: E402  (the hook of the same name: what the build does with labs)

PAGE = """---
title: A lab
jupyter:
  kernelspec:
    language: python
---

# A lab { #lab }

```python
import numpy as np
import cnnref
```

```python
words = {"step": "step", "plots": {"left": "loss"}}
```

## Finding { #finding }

```python
print(words["step"], cnnref.relu(np.asarray([-1.0, 2.0])).tolist())
assert %s
```
"""
GOOD = PAGE % "1 < 2"


def read(language, name):
    return (ROOT / "docs" / language / "labs" / f"{name}.md").read_text(encoding="utf-8")


def test_the_six_labs_are_there():
    expected = ["bn-training", "effective-receptive-field", "learned-filters", "pooling-noise"]
    assert sorted([*expected, "softmax-temperature", "xor"]) == LABS


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", LABS)
def test_a_lab_asserts_what_it_found(language, name):
    page = read(language, name)
    tree = ast.parse(labs.program(page))

    assert labs.is_lab(page)
    assert sum(isinstance(node, ast.Assert) for node in ast.walk(tree)) >= 3
    assert "cnnref" in labs.needs(page)


@pytest.mark.parametrize("name", LABS)
def test_the_code_of_a_lab_is_the_same_in_both_languages(name):
    assert labs.without_words(read("zh", name)) == labs.without_words(read("en", name))


def test_a_reader_without_torch_can_run_the_xor_lab():
    assert "torch" not in labs.needs(read("zh", "xor"))


def test_an_ordinary_page_is_no_lab():
    assert labs.is_lab(GOOD)
    assert not labs.is_lab("# Page\n\njupyter: is a program\n")
    assert not labs.is_lab("---\ntitle: about jupyter\n---\n\njupyter: none\n")


def test_a_fence_that_would_not_run_is_refused():
    with pytest.raises(PageError, match="a fence of a lab must be tagged exactly python, got 'bash'"):
        labs.cells("lab.md", GOOD + "\n```bash\nls\n```\n")


def test_the_program_keeps_every_line_in_its_place():
    line = next(i for i, text in enumerate(GOOD.splitlines()) if text.startswith("assert"))

    assert labs.program(GOOD).splitlines()[line] == "assert 1 < 2"


def test_words_may_differ_between_twins_and_nothing_else():
    words = GOOD.replace('"step": "step"', '"step": "步"').replace('"left": "loss"', '"left": "损失"')
    key = GOOD.replace('"step": "step"', '"steps": "step"')
    code = GOOD.replace("2.0", "3.0")

    assert list(twins.differences(GOOD, words)) == []
    assert labs.without_words(GOOD) == labs.without_words(words)
    for other in (key, code):
        assert ["the fence differs" in found.sentence for found in twins.differences(GOOD, other)] == [True]
        assert labs.without_words(GOOD) != labs.without_words(other)


def test_a_lab_that_brings_tensors_says_nothing_about_numpy():
    torch = GOOD.replace("import cnnref", "import torch\nimport cnnref")
    able = {name: [labs.runs_in(page, lanes.LANES[name]) for page in (GOOD, torch)] for name in lanes.PAGE_LANES}

    assert able == {"numpy": [True, False], "torch-cpu": [True, True], "torch-cuda": [True, True]}


def verify(project, pages):
    """Run pytest as a maintainer would, on a project that holds these labs."""
    docs = project / "docs/zh/labs"
    docs.mkdir(parents=True)
    for name, page in pages.items():
        (docs / f"{name}.md").write_text(page, encoding="utf-8")
    (project / "conftest.py").write_text('pytest_plugins = ["verifier.plugin"]\n')
    (project / "docs/conftest.py").write_text((ROOT / "docs/conftest.py").read_text())
    command = [sys.executable, "-m", "pytest", "docs", "-p", "no:doctest", "-p", "no:cacheprovider", "-v"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [*command, "--lane", "numpy", "--evidence", "e.json"],
        cwd=project,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    return done, json.loads((project / "e.json").read_text())["snippets"]


def test_a_lab_is_one_item_with_its_evidence(tmp_path):
    done, rows = verify(tmp_path, {"lab": GOOD})

    assert done.returncode == 0, done.stdout
    assert "docs/zh/labs/lab.md::numpy:lab PASSED" in done.stdout
    assert [(row["page"], row["lane"], row["outcome"]) for row in rows] == [("docs/zh/labs/lab.md", "numpy", "passed")]
    other_words = GOOD.replace('"step": "step"', '"step": "步"')
    assert [row["sha256"] for row in rows] == [next(labs.lab("x", other_words)).sha256]


FAILING = {
    "wrong-finding": (PAGE % "1 > 2", 'wrong-finding.md", line 23'),
    "warning": (GOOD + "\n```python\nimport warnings\nwarnings.warn('odd')\n```\n", "UserWarning: odd"),
    "noise": (GOOD + "\n```python\nimport sys\nprint('much noise', file=sys.stderr)\n```\n", "much noise"),
    "early-end": (GOOD + "\n```python\nraise SystemExit(3)\n```\n", "in lane numpy"),
}


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """What is printed when all of these are verified in one run, and what is recorded of each."""
    done, rows = verify(tmp_path_factory.mktemp("labs"), {name: page for name, (page, _) in FAILING.items()})
    assert done.returncode == 1, done.stdout
    return done.stdout, {Path(row["page"]).stem: row["outcome"] for row in rows}


@pytest.mark.parametrize("name", FAILING)
def test_a_lab_that_does_not_hold_fails(failures, name):
    printed, outcomes = failures
    report = printed.partition(f"{name}.md line=")[2].partition("\n_____")[0]

    assert outcomes[name] == "failed"
    assert FAILING[name][1] in report, printed


def test_the_lane_reaches_the_lab(monkeypatch):
    monkeypatch.setenv("CNNREF_DEVICE", "mps")

    assert "CNNREF_DEVICE" not in labs.environment(lanes.LANES["numpy"])
    assert labs.environment(lanes.LANES["torch-cpu"])["CNNREF_DEVICE"] == "cpu"
    assert labs.environment(lanes.LANES["torch-cuda"])["CNNREF_DEVICE"] == "cuda"
    assert labs.environment(lanes.LANES["torch-cuda"])["NVIDIA_TF32_OVERRIDE"] == "0"


def test_outputs_stand_behind_their_cells():
    page = "a\n\n```python\n1\n```\n\nb\n\n```python\n2\n```\n\nc\n"

    assert hook.with_outputs(page, ["<div>1</div>", ""]) == page.replace("1\n```\n", "1\n```\n\n<div>1</div>\n")
    with pytest.raises(ValueError, match="zip"):
        hook.with_outputs(page, ["<div>1</div>"])


def test_the_paragraph_behind_a_picture_is_its_caption():
    page = "![](../figures/labs/x/figure-1.svg)\n\n**Figure 1.** The `loss` falls, see [here](../a.md).\n\nNext.\n"
    done = hook.captioned(page, ["A falling line"])

    assert "![A falling line](../figures/labs/x/figure-1.svg)" in done
    assert '<figcaption markdown="span">**Figure 1.** The `loss` falls, see [here](../a.md).</figcaption>' in done
    assert done.endswith("</figure>\n\n\nNext.\n")
    with pytest.raises(PluginError, match="behind a picture of a lab comes a paragraph"):
        hook.captioned(page.replace("**Figure 1.**", "Figure 1."), ["A falling line"])
    with pytest.raises(PluginError, match="describes 0 pictures of this lab; it draws 1"):
        hook.captioned(page, [])


def test_the_dark_twin_exchanges_every_color_of_the_ink():
    light, dark = hook.drawing.INKS["light"], hook.drawing.INKS["dark"]

    assert hook.dark(" ".join([*light.accents, light.foreground])) == " ".join([*dark.accents, dark.foreground])


def cell(markup):
    return hook.outputs(hook.BeautifulSoup(f"<div>{markup}</div>", "html.parser"))


def test_what_a_lab_writes_to_stderr_fails_the_build():
    noise = '<div class="jp-OutputArea-output" data-mime-type="application/vnd.jupyter.stderr"><pre>odd</pre></div>'

    with pytest.raises(PluginError, match=r"lab\.md: a cell gave application/vnd\.jupyter\.stderr.*odd"):
        hook.shown(cell(noise), None, "lab.md", "en")


def test_text_is_shown_as_text():
    text = '<div class="jp-OutputArea-output" data-mime-type="text/plain"><pre>1 &lt; 2\n</pre></div>'

    assert "<pre>1 &lt; 2</pre>" in hook.shown(cell(text), None, "lab.md", "en")


def test_the_notebook_holds_the_code_and_leads_to_the_site(tmp_path):
    source = tmp_path / "lab.md"
    text = GOOD.replace("# A lab { #lab }", "# A lab { #lab }\n\nSee [it](../softmax.md#scores), [there](xor.md).")
    front = """\
        jupyter:
          jupytext:
            text_representation: {extension: .md, format_name: markdown, format_version: '1.3'}
          kernelspec: {display_name: Python 3, language: python, name: python3}
        """
    text = text.replace("jupyter:\n  kernelspec:\n    language: python\n", textwrap.dedent(front))
    source.write_text(text, encoding="utf-8")
    page = SimpleNamespace(file=SimpleNamespace(abs_src_path=str(source), src_uri="labs/lab.md"))
    book = json.loads(hook.notebook(page, "https://site/cnnref/en/"))
    prose = "".join("".join(each["source"]) for each in book["cells"] if each["cell_type"] == "markdown")
    code = ["".join(each["source"]) for each in book["cells"] if each["cell_type"] == "code"]

    assert "[it](https://site/cnnref/en/softmax/#scores), [there](https://site/cnnref/en/labs/xor/)" in prose
    assert "{ #" not in prose
    assert [each.rstrip("\n") for each in code] == [each.text.rstrip("\n") for each in labs.cells("lab", text)]
    assert hook.notebook(page, "https://site/") == hook.notebook(page, "https://site/")


def test_a_change_of_the_package_runs_the_labs_again(monkeypatch, tmp_path):
    package = tmp_path / "cnnref"
    package.mkdir()
    for name in ("drawing.py", "_lab_backend.py"):
        (tmp_path / name).write_text("")
    (package / "pooling.py").write_text("a = 1\n")
    monkeypatch.setattr(hook, "ROOT", tmp_path)
    monkeypatch.setattr(hook, "FIGURES", tmp_path)
    before = hook.fingerprint()

    assert hook.fingerprint() == before
    (package / "pooling.py").write_text("a = 2\n")
    assert hook.fingerprint() != before


@pytest.mark.parametrize("change", ["version", "device"])
def test_another_version_or_device_runs_the_labs_again(monkeypatch, change):
    before = hook.fingerprint()
    if change == "version":
        monkeypatch.setattr(hook, "installed", lambda library: "another")
    else:
        monkeypatch.setenv("CNNREF_DEVICE", "elsewhere")

    assert hook.fingerprint() != before
