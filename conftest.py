"""Every test run: the verifier's options and evidence, and the package's own examples in each lane."""

from pathlib import Path

from verifier.pages import collect_docstrings

pytest_plugins = ["verifier.plugin"]

ROOT = Path(__file__).parent


def pytest_collect_file(file_path, parent):
    """Collect the examples of every module of the package."""
    return collect_docstrings(file_path, parent, ROOT) if file_path.is_relative_to(ROOT / "cnnref") else None
