"""An error can be reported where it is seen: the link fits the form, and the form knows the place."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs/hooks"))
import report  # noqa: E402

FORMS = ROOT / ".github/ISSUE_TEMPLATE"
LINK = re.compile(r'<a class="report" href="([^"]+)" rel="noopener"(?: aria-label="([^"]+)")?>([^<]+)</a>')
SNIPPET = (
    '<div class="language-pycon highlight snippet" id="snippet-7" data-copy="x"><pre>1</pre></div>'
    '<p class="lanes" data-search-exclude><a href="verification/"><span>NumPy</span></a></p>'
)


def made(language, repository="https://github.com/someone/cnnref/", title="Min-Max 与 Softmax"):
    """What the hook makes of a page with one snippet, and what it gives the template."""
    config = SimpleNamespace(
        theme={"language": language}, extra={"repository": repository}, site_url="https://example.org/cnnref/"
    )
    page = SimpleNamespace(meta={"title": title}, url="softmax/")
    content = report.on_page_content(SNIPPET, page=page, config=config)
    return content, report.on_page_context({}, page=page, config=config).get("report", "")


@pytest.fixture(autouse=True)
def commit(monkeypatch):
    monkeypatch.setitem(report.state, "commit", "0123456789ab")


def known(link):
    """What a link fills in."""
    return {name: value for name, (value,) in parse_qs(urlsplit(html.unescape(link)).query).items()}


def test_the_link_of_a_snippet_names_page_snippet_language_and_commit():
    ((address, name, shown),) = LINK.findall(made("zh")[0])

    assert address.startswith("https://github.com/someone/cnnref/issues/new?template=error-zh.yml&amp;title=")
    assert known(address) == {
        "template": "error-zh.yml",
        "title": "Min-Max 与 Softmax，代码 7：",
        "where": "https://example.org/cnnref/softmax/#snippet-7",
        "commit": "0123456789ab",
    }
    assert (shown, name) == ("报告错误", "Min-Max 与 Softmax，代码 7：报告错误")


def test_a_page_can_lead_to_the_repository():
    where = {"": "fetch the repository", "https://github.com/x/y": "fetch [the repository](https://github.com/x/y)"}
    for repository, expected in where.items():
        config = SimpleNamespace(extra={"repository": repository})
        assert report.on_page_markdown("fetch [the repository](repository:)", config=config) == expected


@pytest.mark.parametrize("home", ["index.html", "en/index.html"])
def test_who_installs_finds_the_repository(site, home):
    page = (site / home).read_text(encoding="utf-8")
    install = page.partition('id="install"')[2].partition("<h2")[0]

    assert "repository:" not in page
    assert 'href="https://github.com/example/cnnref"' in install


def test_the_link_of_a_page_names_the_page():
    ((address, name, shown),) = LINK.findall(made("en", title='"R&D"')[1])

    assert known(address) == {
        "template": "error-en.yml",
        "title": '"R&D": ',
        "where": "https://example.org/cnnref/softmax/",
        "commit": "0123456789ab",
    }
    assert (shown, name) == ("Report an error", "")


def test_without_a_commit_the_form_leaves_it_to_the_reader(monkeypatch):
    monkeypatch.setitem(report.state, "commit", "")

    assert "commit" not in known(LINK.findall(made("zh")[0])[0][0])


def test_without_a_repository_there_is_no_link():
    assert made("zh", repository="") == (SNIPPET, "")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_form_has_the_fields_that_the_link_fills_in(language):
    link = known(LINK.findall(made(language)[0])[0][0])
    form = yaml.safe_load((FORMS / link["template"]).read_text(encoding="utf-8"))

    assert {field["id"] for field in form["body"]} == {"where", "commit", "what"}
    assert set(link) - {"template", "title"} == {"where", "commit"}
    assert bool(re.search(r"[\u4e00-\u9fff]", str(form))) == (language == "zh")


def test_the_forms_fit_the_schema():
    tool = Path(sys.executable).parent / "check-jsonschema"
    command = [tool, "--builtin-schema", "vendor.github-issue-forms", *sorted(FORMS.iterdir())]

    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)

    assert done.returncode == 0, done.stdout


def test_every_snippet_and_every_page_of_the_site_has_its_link(site):
    if "CNNREF_SITE" in os.environ and not LINK.search((site / "index.html").read_text(encoding="utf-8")):
        pytest.skip("this site was built without REPOSITORY_URL")
    for path in sorted(site.rglob("index.html")):
        page = path.read_text(encoding="utf-8")
        address = path.parent.relative_to(site).as_posix()
        links = [known(link) for link, _, _ in LINK.findall(page)]
        anchors = [urlsplit(link["where"]).fragment for link in links]
        assert anchors == [*re.findall(r'id="(snippet-\d+)"', page), ""], address
        places = {urlsplit(link["where"]).path for link in links}
        assert places == {f"/cnnref/{address}/".replace("/./", "/")}, address
        language = "en" if address == "en" or address.startswith("en/") else "zh"
        assert {link["template"] for link in links} == {f"error-{language}.yml"}, address
