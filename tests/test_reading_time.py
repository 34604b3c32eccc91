"""How long a page takes to read: the rule, where it is shown, and that both languages take about as long."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs/hooks"))
import reading_time
from claims import CHAPTERS

SAID = re.compile(r'<p class="facts"><span>(?:约|About) (\d+) (?:分钟|minutes?)</span>')


@pytest.mark.parametrize(
    ("content", "what", "number"),
    [
        ("<p>池化，取最大。</p>", "character", 5),
        ("<p>Don't take the 2×2 max-pooling of x_1 for granted.</p>", "word", 11),
        ("<p>用 BN 之后</p>", "word", 1),
        ("<pre><code>&gt;&gt;&gt; relu(1)\n1\n\n&gt;&gt;&gt; 2\n</code></pre>", "line", 4),
        ("<p>so <math><mi>x</mi></math> and <math><mi>y</mi></math></p>", "inline", 2),
        ('<div><math display="block"><mi>x</mi></math></div>', "display", 1),
        ('<figure><img src="a"><img src="b"><figcaption>见图</figcaption></figure>', "figure", 1),
        ('<figure><img src="a"><img src="b"><figcaption>见图</figcaption></figure>', "character", 2),
    ],
)
def test_each_kind_is_counted(content, what, number):
    assert reading_time.counted(content)[what] == number


@pytest.mark.parametrize(
    "content",
    [
        "<details><summary>答案</summary><p>words</p><pre>1</pre></details>",
        '<p class="lanes" data-search-exclude><a href="x">已验证：NumPy</a></p>',
        '<div data-copy="import cnnref&#10;print(1)" class="snippet"></div>',
    ],
)
def test_what_is_not_read_does_not_count(content):
    assert set(reading_time.counted(content).values()) == {0}


@pytest.mark.parametrize(
    ("content", "minutes"),
    [
        ("", 1),
        ("池" * 350 * 7, 7),
        ("word " * 220 * 7, 7),
        ("<pre>1\n</pre>" * 20 * 7, 7),
        ("<figure></figure>" * 5 * 7, 7),
        ('<math display="block">x</math>' * 6 * 7, 7),
        ("<math>x</math>" * 30 * 7, 7),
        ("池" * (350 * 7 + 180), 8),
    ],
)
def test_the_rule(content, minutes):
    assert reading_time.minutes(content) == minutes


def test_chapters_and_labs_say_it_and_no_other_page(site):
    told = {}
    for path in site.rglob("index.html"):
        if found := SAID.search(path.read_text(encoding="utf-8")):
            told[path.parent.relative_to(site).as_posix()] = int(found[1])
    labs = {f"labs/{path.parent.name}" for path in (site / "labs").glob("*/index.html")}

    assert set(told) == {folder + name for folder in ("", "en/") for name in {*CHAPTERS, *labs}}
    for name in {*CHAPTERS, *labs}:
        assert 10 <= told[name] <= 90, name
        assert abs(told[name] - told[f"en/{name}"]) <= 0.15 * told[name] + 1, name
