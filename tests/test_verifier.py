"""The verifier itself: pages that must fail do fail, at the right line; pages that hold pass, and are counted."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from verifier.output import agrees
from verifier.runnable import program
from verifier.snippets import PageError, docstring_snippets, page_snippets

ROOT = Path(__file__).parents[1]

GOOD = """# Page

```python
>>> import numpy as np
>>> from cnnref import relu
>>> relu(np.asarray([-1.0, 2.5])).tolist()
[0.0, 2.5]
```
"""


def verify(tmp_path, page, *options):
    """Run pytest as a maintainer would, on a project that holds one page; return the finished process."""
    docs = tmp_path / "docs"
    docs.mkdir(exist_ok=True)
    (docs / "page.md").write_text(textwrap.dedent(page), encoding="utf-8")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["verifier.plugin"]\n')
    (docs / "conftest.py").write_text(
        (ROOT / "docs/conftest.py").read_text().replace("Path(__file__).parent.parent", f"Path({str(tmp_path)!r})")
    )
    command = [sys.executable, "-m", "pytest", "docs", "-p", "no:doctest", "-p", "no:cacheprovider", "-v", *options]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)


def test_a_true_page_passes_in_its_lane(tmp_path):
    done = verify(tmp_path, GOOD, "--lane", "numpy")

    assert done.returncode == 0, done.stdout
    assert "docs/page.md::numpy:snippet-1 PASSED" in done.stdout
    assert "numpy: 1 of 1 snippets verified" in done.stdout
    assert "torch-cuda: not verified" in done.stdout


# What to replace in the good page, by what, and what must be said of it then.
SPOILED = [
    ("[0.0, 2.5]", "[0.0, 2.6]", '{page}", line 6, in'),  # a wrong digit
    ("[0.0, 2.5]", "[0.0, 2.5, 1]", '{page}", line 6, in'),  # one number too many
    ("[0.0, 2.5]", "(0.0, 2.5)", '{page}", line 6, in'),  # other words around equal numbers
    ("```python", "```py", "docs/{page}:3: a fence must be tagged exactly python"),
    ("```python", "```pycon", "docs/{page}:3: a fence must be tagged exactly python"),
    ("```python", '```python title="x"', "docs/{page}:3: a fence must be tagged exactly python"),
    ("```python", "``` { .python .annotate }", "docs/{page}:3: a fence must be tagged exactly python"),
    ("```python", "```", "docs/{page}:3: a fence must be tagged exactly python"),
    ("[0.0, 2.5]\n", "[0.0, 2.5]\n\nnever read\n", "docs/{page}:9: doctest would not compare"),
    (">>> import", "import", "docs/{page}:4: doctest would not compare"),
    ("[0.0, 2.5]\n", "", "docs/{page}:4: a snippet must show what it prints"),
    ("[0.0, 2.5]\n", "[0.0, 2.5]\n>>> for i in [7]:\n...     i, 1\n(7, 1)\n", "docs/{page}:9: a block must print"),
    ("[0.0, 2.5]\n", "[0.0, 2.5]\n>>> for i in [7]:\n...     abs(i)\n7\n", "docs/{page}:9: a block must print"),
    ("[0.0, 2.5]\n```", "[0.0, 2.5]\n>>> 3  # doctest: +SKIP\n4\n```", "docs/{page}:8: a snippet must not switch"),
    (">>> from cnnref import relu", ">>> relu = abs", "docs/{page}:4: a snippet must import cnnref and call it"),
    (
        ">>> relu(np.asarray([-1.0, 2.5]))",
        ">>> np.asarray([0.0, 2.5])",
        "docs/{page}:4: a snippet must import cnnref",
    ),
    (">>> import numpy as np\n", "", "NameError: name 'np' is not defined"),
    (".tolist()", ".tolist() +", "docs/{page}:6: not Python"),
    ("```python", "```text", "docs/{page}:3: a session must be tagged python, to be run, got 'text'"),
    ("[0.0, 2.5]\n", "[0.0, 2.5]\n>>> _\n[0.0, 2.5]\n", "docs/{page}:4: a snippet must not read _"),
]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """What is printed when every spoiled page is verified in one run."""
    project = tmp_path_factory.mktemp("spoiled")
    (project / "docs").mkdir()
    for i, (before, after, _) in enumerate(SPOILED):
        assert before in GOOD
        (project / f"docs/spoiled-{i}.md").write_text(GOOD.replace(before, after, 1), encoding="utf-8")
    done = verify(project, GOOD, "--lane", "numpy", "--continue-on-collection-errors")
    assert "docs/page.md::numpy:snippet-1 PASSED" in done.stdout
    return done.stdout


@pytest.mark.parametrize("case", range(len(SPOILED)), ids=[str(after) for _, after, _ in SPOILED])
def test_a_page_that_cannot_be_trusted_fails(verdicts, case):
    page, sentence = f"spoiled-{case}.md", SPOILED[case][2]

    assert re.search(rf"^(FAILED|ERROR) docs/{page}\b", verdicts, re.MULTILINE)
    assert f"docs/{page}::numpy:snippet-1 PASSED" not in verdicts
    assert sentence.replace("{page}", page) in verdicts


def test_a_snippet_that_leans_on_another_fails(tmp_path):
    second = "\n```python\n>>> from cnnref import sigmoid\n>>> sigmoid(np.asarray([0.0])).tolist()\n[0.5]\n```\n"

    done = verify(tmp_path, GOOD + second, "--lane", "numpy")

    assert "numpy:snippet-1 PASSED" in done.stdout
    assert "numpy:snippet-2 FAILED" in done.stdout
    assert "name 'np' is not defined" in done.stdout


def test_a_long_snippet_is_refused():
    long = GOOD.replace(">>> import numpy as np\n", ">>> import numpy as np\n" + ">>> x = 1\n" * 14)

    with pytest.raises(PageError, match="at most 16 lines of code, got 17"):
        list(page_snippets("docs/page.md", long))


INDENTED = """# Page

=== "first tab"

    Text.

    ```python
    >>> from cnnref import relu
    >>> import numpy as np

    >>> relu(np.asarray([3.0])).tolist()
    [3.0]
    ```

!!! note

    - item

        ```python
        >>> import numpy as np
        >>> from cnnref import relu
        >>> relu(np.asarray([3.0])).tolist()
        [4.0]
        ```

/// details | folded
```python
>>> import numpy as np
>>> from cnnref import relu
>>> relu(np.asarray([5.0])).tolist()
[6.0]
```
///
"""


def test_lines_are_true_inside_tabs_admonitions_and_folds(tmp_path):
    done = verify(tmp_path, INDENTED, "--lane", "numpy")

    assert "numpy:snippet-1 PASSED" in done.stdout
    assert 'page.md", line 22, in' in done.stdout
    assert 'page.md", line 30, in' in done.stdout


def test_what_stands_in_a_longer_fence_is_text():
    page = f"````markdown\n{GOOD}````\n"

    assert list(page_snippets("docs/page.md", page)) == []


def test_snippets_know_their_place_and_fingerprint():
    (snippet,) = page_snippets("docs/page.md", GOOD)
    (moved,) = page_snippets("docs/other.md", "\n\n" + GOOD.replace("\n", "\r\n"))
    (changed,) = page_snippets("docs/page.md", GOOD.replace("2.5", "2.6"))

    assert (snippet.number, snippet.line) == (1, 4)
    assert GOOD[snippet.start :].startswith("```python")
    assert GOOD[: snippet.end].endswith("```\n")
    assert snippet.sha256 == moved.sha256 != changed.sha256


def test_docstrings_give_one_snippet_each():
    module = (
        '"""Module."""\n\n\ndef f():\n    """One.\n\n    >>> 1 + 1\n    2\n    """\n\n\ndef g():\n    """None."""\n'
    )

    (snippet,) = docstring_snippets("cnnref/m.py", module)

    assert (snippet.number, snippet.line, len(snippet.examples)) == (1, 5, 1)


def test_docstrings_cannot_switch_the_comparison_off():
    module = 'def f():\n    """One.\n\n    >>> 1 + 1  # doctest: +SKIP\n    3\n    """\n'

    with pytest.raises(PageError, match=r"^cnnref/m.py:4: a snippet must not switch the comparison off"):
        list(docstring_snippets("cnnref/m.py", module))


@pytest.mark.parametrize(
    ("shown", "computed", "verdict"),
    [
        ("3", "3", True),
        ("3", "3.0", False),
        ("30", "31", False),
        ("-0", "0", False),
        ("0.67", "0.6652", False),
        ("0.67", "0.67", True),
        ("0.0", "-0.0", True),
        ("0.0", "0.04", False),
        ("0.665241", "0.6652412", True),
        ("0.66524096", "0.66524099", False),
        ("0.6652", "0.6653", False),
        ("1.0", "1.04", False),
        ("1.0", "0.9999999", True),
        ("2.5e-05", "2.50000004e-05", True),
        ("2.5e-05", "2.6e-05", False),
        ("1e3", "1000.0", True),
        ("1e3", "1000.4", False),
        ("nan", "nan", True),
        ("nan", "1.0", False),
        ("inf", "inf", True),
        ("inf", "-inf", False),
        ("1.0", "nan", False),
    ],
)
def test_numbers_agree_to_the_digits_shown(shown, computed, verdict):
    assert agrees(shown, computed) is verdict


def test_evidence_names_text_lane_outcome_and_versions(tmp_path):
    wrong = "\n```python\n>>> from cnnref import relu\n>>> relu(1)\n1\n```\n"
    verify(tmp_path, GOOD + wrong, "--lane", "numpy", "--evidence", "evidence.json")

    evidence = json.loads((tmp_path / "evidence.json").read_text())

    first, second = evidence["snippets"]
    assert first == {
        "page": "docs/page.md",
        "snippet": 1,
        "sha256": next(page_snippets("docs/page.md", GOOD)).sha256,
        "lane": "numpy",
        "outcome": "passed",
    }
    assert (second["snippet"], second["outcome"]) == (2, "failed")
    assert evidence["lanes"]["numpy"]["numpy"].count(".") >= 1


def test_evidence_of_nothing_is_a_failure(tmp_path):
    done = verify(tmp_path, "# No snippet\n", "--lane", "numpy", "--evidence", "evidence.json")

    assert done.returncode != 0


def test_a_lane_asked_for_and_absent_is_an_error(tmp_path):
    done = verify(tmp_path, GOOD, "--lane", "nowhere")

    assert done.returncode == 4
    assert "invalid choice: 'nowhere'" in done.stderr


def test_a_copied_snippet_prints_what_the_page_shows():
    text = textwrap.dedent("""\
        >>> x = [1,
        ...      2]
        >>> x  # shown
        [1, 2]
        >>> 'a'
        'a'
        >>> print(x[0])
        1
        >>> (1 + 1), x[1]
        (2, 2)
        >>> (1, 3)
        (1, 3)
        >>> for i in x:
        ...     print(i)
        1
        2
        >>> sum(
        ...     x
        ... )
        3
        """)

    done = subprocess.run([sys.executable, "-c", program(text)], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["[1, 2]", "'a'", "1", "(2, 2)", "(1, 3)", "1", "2", "3"]
    assert ">>>" not in program(text)


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("(1 + 1)", "2"),
        ("(1 +\n...     1)  # both", "2"),
        ("(y := 3)", "3"),
        ("(1, 2)[0];", "1"),
        ("numpy.float64(0.5)", "np.float64(0.5)"),
        ("numpy.bool_(True)", "np.True_"),
        ("numpy.dtype('float32')", "dtype('float32')"),
        ("Fraction(1, 2)", "Fraction(1, 2)"),
        ("[Fraction(1, 2)]", "[Fraction(1, 2)]"),
        ("range(2)", "range(0, 2)"),
    ],
)
def test_a_copied_value_reads_as_in_a_session(expression, shown, capsys):
    exec(program(f">>> import numpy\n>>> from fractions import Fraction\n>>> {expression}\n{shown}\n"), {})

    assert capsys.readouterr().out == f"{shown}\n"


def test_a_copied_snippet_survives_being_pasted_into_a_session():
    text = ">>> x = []\n>>> with open('/dev/null'):\n...     x += [3]\n>>> x\n[3]\n"

    done = subprocess.run([sys.executable, "-i", "-q"], input=program(text), capture_output=True, text=True, check=True)

    assert done.stdout == "[3]\n"
    assert "Error" not in done.stderr
