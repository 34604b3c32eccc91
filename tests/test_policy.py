"""The policy of each page: what it admits, what it refuses, and that a browser keeps to it."""

import html
import re
import sys
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs/hooks"))
import policy  # noqa: E402

PAGE = '<head><meta charset="utf-8"></head><body><script>first()</script>{}</body>'
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


def rules(page):
    """The rules of a page's policy, by name."""
    return dict(rule.split(" ", 1) for rule in html.unescape(POLICY.search(page)[1]).split("; "))


def test_a_script_is_admitted_by_its_hash_and_by_nothing_else():
    guarded = rules(policy.guarded(PAGE.format(""), "x.md"))

    # echo -n 'first()' | openssl dgst -sha256 -binary | base64
    assert guarded["script-src"] == "'self' 'sha256-fDYmfWjvur9AxjhDbjHe6RvExc05MbXhhrbgz2vvy/A='"
    assert guarded["default-src"] == "'none'"
    assert guarded["style-src"] == "'self'"


@pytest.mark.parametrize(
    ("extra", "hashes"),
    [
        ("<script>second()</script>", 2),
        ("<script>first()</script>", 1),
        ('<script type="application/json">{}</script>', 1),
        ('<script src="x.js"></script>', 1),
    ],
)
def test_only_what_runs_is_hashed(extra, hashes):
    assert rules(policy.guarded(PAGE.replace("{}", extra), "x.md"))["script-src"].count("sha256-") == hashes


@pytest.mark.parametrize(
    "inline",
    ['<p style="color: red">', "<td style='x'>", '<a href="#" onclick="x()">', "<style>p {}</style>", '<i\nstyle="x">'],
)
def test_what_would_need_an_exception_stops_the_build(inline):
    with pytest.raises(PluginError, match="the policy admits no inline"):
        policy.guarded(PAGE.replace("{}", inline), "x.md")


def test_code_may_show_what_a_page_may_not_do():
    shown = '<pre>&lt;p style="x"></pre><code>a style="b"</code><div data-copy="<p style=\'x\'>"></div>'

    assert POLICY.search(policy.guarded(PAGE.replace("{}", shown), "x.md"))


def test_every_page_has_a_policy_without_exceptions(site):
    pages = sorted(site.rglob("*.html"))
    for path in pages:
        page = path.read_text(encoding="utf-8")
        found = rules(page)
        assert found["default-src"] == "'none'", path
        assert not re.search(r"unsafe|https?:|\*", POLICY.search(page)[1]), path
        # The policy stands before all that it is about.
        assert page.index("Content-Security-Policy") < min(page.index("<script"), page.index("<link")), path

    assert len(pages) >= 40
    assert (
        (site / "_headers")
        .read_text(encoding="utf-8")
        .startswith("/*\n  Content-Security-Policy: frame-ancestors 'none'")
    )


def test_a_script_slipped_into_a_page_does_not_run(page, address):
    """A browser that ignored the policy would set the mark."""

    def slip_in(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</body>", "<script>window.mark = 1</script></body>"))

    page.route(f"{address}glossary/", slip_in)
    page.goto(f"{address}glossary/")

    assert page.evaluate("window.mark") is None
    assert any("Content Security Policy" in trouble for trouble in page.troubles)
    page.troubles.clear()
