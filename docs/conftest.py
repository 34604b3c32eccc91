"""Every page, every snippet, every lane: one pytest item each, by Sybil."""

from pathlib import Path

from verifier.pages import collect_page

ROOT = Path(__file__).parent.parent
ENGLISH_LABS = ROOT / "docs/en/labs"  # their code is that of the Chinese ones (tests/test_twins.py): one run for both


def pytest_collect_file(file_path, parent):
    """Collect the snippets of a Markdown page, or the lab that it is, in every lane that runs."""
    return None if file_path.is_relative_to(ENGLISH_LABS) else collect_page(file_path, parent, ROOT)
