"""What the hooks make of a page, without building the site."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs/hooks"))
import chinese_lines


@pytest.mark.parametrize(
    ("content", "joined"),
    [
        ("甲。\n乙", "甲。乙"),
        ("甲\n乙", "甲乙"),
        ('<span class="joined"><math>x</math>。</span>\n乙', '<span class="joined"><math>x</math>。</span>乙'),
        ("<strong>甲。</strong>\n乙", "<strong>甲。</strong>乙"),
        ('<a href="x">甲</a>\n乙', '<a href="x">甲</a>乙'),
        ("甲\n<strong>乙</strong>", "甲<strong>乙</strong>"),
        ("甲\nBN\n乙", "甲\nBN\n乙"),
        ("甲。</p>\n<p>乙", "甲。</p>\n<p>乙"),
        ("<pre>甲。\n乙</pre>", "<pre>甲。\n乙</pre>"),
    ],
)
def test_chinese_sentences_stand_side_by_side(content, joined):
    zh, en = (SimpleNamespace(theme={"language": language}) for language in ("zh", "en"))

    assert chinese_lines.on_page_content(content, config=zh) == joined
    assert chinese_lines.on_page_content(content, config=en) == content
