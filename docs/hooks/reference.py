"""The reference pages: sources without the docstring that stands rendered above them, labels in the page's language."""

import re

SOURCE = re.compile(r'<details class="mkdocstrings-source">.*?</details>', re.DOTALL)
DOCSTRING_LINE = re.compile(r'^.*<span class="sd">.*\n', re.MULTILINE)
LABELS = {
    "References": "文献",
    "Note": "说明",
    "Notes": "说明",
}  # sections of docstrings that mkdocstrings leaves in English


def on_page_content(content, config, **_):
    """Leave signature and body of each source, on one screen; translate what mkdocstrings does not."""
    content = SOURCE.sub(lambda found: DOCSTRING_LINE.sub("", found[0]), content)
    if config.theme["language"] == "zh":
        for english, chinese in LABELS.items():
            content = content.replace(f"<summary>{english}</summary>", f"<summary>{chinese}</summary>")
        # Docstrings are English: a screen reader must not read them as Chinese.
        content = content.replace('<div class="doc doc-contents', '<div lang="en" class="doc doc-contents')
        content = content.replace('<p class="lanes"', '<p class="lanes" lang="zh"')  # our own words among them
    return content
