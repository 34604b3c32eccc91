"""Every page, every snippet, every lane: one pytest item each, by Sybil."""

from pathlib import Path

from verifier.pages import collect_page

ROOT = Path(__file__).parent.parent


def pytest_collect_file(file_path, parent):
    """Collect the snippets of a Markdown page in every lane that runs."""
    return collect_page(file_path, parent, ROOT)
