"""`mkdocs serve` and the two processes of a build: quick, and what they show is what a fresh build would show."""

import logging
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("mkdocs", reason="the site is built with the extra `docs` of cnnref")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "docs/hooks"), str(ROOT / "docs/figures")]
import drawing  # noqa: E402  (docs/figures and docs/hooks are on the path only from here on)
import figures  # noqa: E402
import policy  # noqa: E402
import remembered  # noqa: E402
import restart  # noqa: E402
from material.plugins.search.plugin import SearchIndex  # noqa: E402
from mkdocs.commands.build import build  # noqa: E402
from mkdocs.config import load_config  # noqa: E402
from mkdocs.livereload import LiveReloadServer  # noqa: E402
from mkdocs.structure.pages import Page  # noqa: E402

JIEBA = "ignore:Exception ignored in.*search-terms.txt:pytest.PytestUnraisableExceptionWarning"  # it leaves files open
SESSION = "```python\n>>> from cnnref import relu\n>>> relu({})\n1\n```\n"
PAGES = {
    "index.md": "---\ntitle: 首页\n---\n# 首页\n\n<!-- count: summary -->\n\n## 验证 { #how-it-is-verified }\n\n"
    "## 问题 { #questions }\n",
    "one.md": "---\ntitle: 一\n---\n# 一\n\n半径 $r$，见[二](two.md#deep)。\n\n" + SESSION.format(1),
    "two.md": "---\ntitle: 二\n---\n# 二\n\n## 深处 { #deep }\n\n深处很深，反卷积也深。\n",
    "claims.md": "---\ntitle: 论断\n---\n# 论断\n",
    "glossary.md": "---\ntitle: 术语\n---\n# 术语\n\n### 深处 (deep) { #deep }\n\n很深。\n见[二](two.md#deep)。\n",
}
SETTINGS = """
    site_name: small
    site_url: http://127.0.0.1:8000/small/
    docs_dir: docs/zh
    theme: { name: material, language: zh, font: false, custom_dir: docs/theme }
    plugins: { search: {} }
    markdown_extensions: { attr_list: {}, md_in_html: {}, pymdownx.arithmatex: { generic: true },
        pymdownx.superfences: {}, pymdownx.highlight: { pygments_lang_class: true } }
    validation: { links: { anchors: warn } }
    hooks: [HOOKS]
"""


# What `mkdocs serve` remembers.


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small site with the hooks of ours in which one page tells something about another."""
    names = ("remembered", "search_terms", "synonyms", "counts", "formulas", "snippets")
    hooks = ", ".join(f"docs/hooks/{name}.py" for name in names)
    shutil.copytree(ROOT / "docs/hooks", tmp_path / "docs/hooks")
    for language in ("zh", "en"):
        for name, text in PAGES.items():
            write(tmp_path / "docs" / language / name, text)
    write(tmp_path / "docs/claims.yaml", "[]\n")
    write(tmp_path / "mkdocs.yml", textwrap.dedent(SETTINGS.replace("HOOKS", hooks)))
    write(tmp_path / "docs/theme/main.html", '{% extends "base.html" %}{% block footer %}<p>foot</p>{% endblock %}')
    monkeypatch.setattr(Page, "render", Page.render)  # what the hook replaces is put back at the end
    monkeypatch.setattr(SearchIndex, "add_entry_from_context", SearchIndex.add_entry_from_context)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def memory():
    """The hook that remembers, as it was loaded for this site."""
    return sys.modules["docs/hooks/remembered.py"]


def site(project, caplog):
    """All files of the site as `mkdocs serve` builds them now, and the warnings."""
    caplog.clear()
    target = project / "site"
    with caplog.at_level(logging.INFO, logger="mkdocs"):
        config = load_config(str(project / "mkdocs.yml"), site_dir=str(target))
        if not memory().state:
            config.plugins.on_startup(command="serve", dirty=False)
        build(config)
    files = {path.relative_to(target): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    return {name: text for name, text in files.items() if name.suffix != ".gz"}, warnings


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


TERM = "### 反卷积 (deconvolution) { #deconv }\n\n反的。\n见[二](two.md#deep)。\n\n### 深处"
CHANGES = {  # a file, what is in it, what is in its place afterwards, and another page on which that shows
    "a word": ("two.md", "很深", "不浅", "two/index.html"),
    "a snippet": ("one.md", SESSION.format(1), SESSION.format(1) + SESSION.format(2), "index.html"),
    "a title": ("two.md", "title: 二", "title: 贰", "one/index.html"),
    "a formula": ("one.md", "$r$", "$r^2$", "one/index.html"),
    "a term": ("glossary.md", "### 深处", TERM, "search/search_index.json"),
    "a template": ("../theme/main.html", "foot", "boot", "one/index.html"),
    "a new page": ("three.md", "", "---\ntitle: 三\n---\n# 三\n", "one/index.html"),
    "a name that a link needs": ("two.md", "#deep", "#deeper", "two/index.html"),
    "a page that a link needs": ("two.md", "", "", "one/index.html"),
}


def edit(path, old, new):
    """Change a file, or write a new one; with nothing in the place of nothing, delete it."""
    if old:
        change(path, old, new)
    elif new:
        write(path, new)
    else:
        path.unlink()


@pytest.mark.filterwarnings(JIEBA)
@pytest.mark.parametrize("name", CHANGES)
def test_what_is_shown_after_a_change_is_what_a_fresh_build_shows(project, caplog, name):
    file, old, new, shows = CHANGES[name]
    change(project / "mkdocs.yml", ", docs/hooks/synonyms.py", "")  # it would stop where a link of the glossary is dead
    before, _ = site(project, caplog)
    edit(project / "docs/zh" / file, old, new)
    after, warnings = site(project, caplog)
    for each in (memory().pages, memory().entries, memory().state["templates"].compiled):
        assert each
        each.clear()
    fresh, wanted = site(project, caplog)

    assert before[Path(shows)] != after[Path(shows)]
    assert [str(path) for path in fresh if fresh[path] != after.get(path)] == []
    assert set(after) == set(fresh)
    assert warnings == wanted
    assert bool(wanted) == ("that a link needs" in name)


@pytest.mark.filterwarnings(JIEBA)
def test_a_warning_is_repeated_until_its_cause_is_gone(project, caplog):
    change(project / "docs/zh/one.md", "two.md", "too.md")
    heard = [site(project, caplog)[1] for _ in range(2)]
    change(project / "docs/zh/one.md", "too.md", "two.md")

    assert heard[0] == heard[1] != []
    assert site(project, caplog)[1] == []


ADDING = """
from mkdocs.plugins import event_priority

def on_page_content(content, page, **_):
    page.present_anchor_ids.add(f"id-{len(page.present_anchor_ids)}")
    return f"{content} {len(page.present_anchor_ids)}"

@event_priority(50)  # before the search plugin writes its index
def on_post_build(config):
    for entry in config.plugins["material/search"].search_index.entries:
        entry["title"] += "!"
"""


@pytest.mark.filterwarnings(JIEBA)
def test_what_hooks_add_is_not_remembered(project, caplog):
    write(project / "docs/hooks/adding.py", ADDING)
    change(project / "mkdocs.yml", "hooks: [", "hooks: [docs/hooks/adding.py, ")
    first, second, third = (site(project, caplog)[0] for _ in range(3))

    assert first == second == third


@pytest.mark.filterwarnings(JIEBA)
def test_only_what_changed_is_rendered_again(project, caplog, monkeypatch):
    rendered = []
    render = Page.render

    def noted(page, config, files):
        rendered.append(page.url)
        render(page, config, files)

    monkeypatch.setattr(Page, "render", noted)
    site(project, caplog)
    everything = sorted(rendered)
    rendered.clear()
    change(project / "docs/zh/two.md", "很深", "不浅")
    site(project, caplog)

    assert everything == ["", "claims/", "glossary/", "one/", "two/"]
    assert rendered == ["two/"]


def test_only_what_changed_is_read_to_see_whether_it_is_a_notebook(project):
    asked = []

    def noted(plugin, file):
        asked.append(file.src_uri)
        return False

    told = remembered.telling(noted)
    paths = sorted(project.glob("docs/zh/*.md"))
    pages = [SimpleNamespace(abs_src_path=str(path), src_uri=path.name) for path in paths]
    for _ in range(2):
        assert not any(told(None, page) for page in pages)
    change(project / "docs/zh/two.md", "很深", "不浅")
    assert not any(told(None, page) for page in pages)

    assert len(pages) > 2
    assert asked == [page.src_uri for page in pages] + ["two.md"]


# Programs that changed while they were running.


def test_a_changed_program_starts_the_server_anew(tmp_path, monkeypatch):
    write(tmp_path / "cnnref/pooling.py", "a = 1\n")
    write(tmp_path / "mkdocs.yml", "site_name: small\n")
    started, ended = [], []
    monkeypatch.setattr(restart, "ROOT", tmp_path)
    monkeypatch.setattr(restart, "state", {})
    monkeypatch.setattr(restart.os, "execv", lambda *command: started.append(command))
    config = SimpleNamespace(
        site_dir=str(tmp_path / "site"), plugins=SimpleNamespace(on_shutdown=lambda: ended.append(1))
    )
    restart.on_startup(command="build", dirty=False)
    restart.on_config(config)
    restart.on_startup(command="serve", dirty=False)
    restart.on_config(config)
    assert (started, ended) == ([], [])

    write(tmp_path / "cnnref/pooling.py", "a = 1 +\n")
    with pytest.raises(SyntaxError, match="invalid syntax"):
        restart.on_config(config)
    for changed in ("cnnref/pooling.py", "mkdocs.yml"):
        write(tmp_path / changed, "b = 2\n")
        restart.on_config(config)
        restart.on_startup(command="serve", dirty=False)
    assert started == [(sys.executable, [sys.executable, *sys.orig_argv[1:]])] * 2
    assert len(ended) == 2


CHAPTER = """
    WORDS = {"zh": {"line": {}}}

    def line(words, ink):
        figure, (axes,) = ink.panels()
        axes.plot([0, NUMBER])
        return figure
"""


def test_a_changed_figure_is_drawn_by_its_new_code(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "HERE", tmp_path)
    monkeypatch.setattr(figures, "CACHE", tmp_path / "cache")
    drawn = []
    for number in ("1", "1", "2"):
        write(tmp_path / "some.py", textwrap.dedent(CHAPTER).replace("NUMBER", number))
        known = figures.fingerprint(tmp_path / "some.py")
        drawn.append(figures.drawn(known, "some", "line", "zh", "light"))
    drawing.chapter.cache_clear()

    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("path", sorted((ROOT / "docs/figures").glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_the_figures_of_a_chapter_are_known_without_running_it(path):
    if path.stem != "drawing":
        assert figures.names(path) == drawing.names(path.stem.replace("_", "-"))


def test_the_policy_admits_the_script_that_loads_a_changed_page():
    server = SimpleNamespace()
    server._inject_js_into_html = lambda page, epoch: LiveReloadServer._inject_js_into_html(None, page, epoch)
    policy.on_serve(server)
    page = policy.guarded('<meta charset="utf-8"><script>a()</script><body></body>', "page").encode()
    for epoch in (1, 2):
        served = server._inject_js_into_html(page, epoch).decode()
        rule = re.search("script-src [^;]*", served)[0]

        assert len(policy.scripts(served)) == 2
        assert all(f"'sha256-{policy.digest(script)}'" in rule for script in policy.scripts(served))
        assert "unsafe" not in rule


# Two languages at the same time.


@pytest.fixture
def pair(tmp_path):
    """A site in two languages, without any hook but the one that builds the second."""
    write(tmp_path / "docs/hooks/english.py", (ROOT / "docs/hooks/english.py").read_text(encoding="utf-8"))
    write(tmp_path / "docs/zh/index.md", "# 一\n")
    write(tmp_path / "docs/en/index.md", "# One\n")
    chinese = "site_name: pair\nsite_url: http://h/p/\ndocs_dir: docs/zh\nplugins: []\nhooks: [docs/hooks/english.py]\n"
    write(tmp_path / "mkdocs.yml", chinese)
    write(tmp_path / "docs/mkdocs.en.yml", "INHERIT: ../mkdocs.yml\ndocs_dir: en\nhooks: []\n")
    return tmp_path


def built(project):
    """Build it as from the command line: the exit status, and what was said."""
    command = [Path(sys.executable).with_name("mkdocs"), "build", "--strict"]
    done = subprocess.run(command, cwd=project, env=os.environ, capture_output=True, text=True, check=False)
    assert list((project / ".cache").iterdir()) == []  # nothing is left of the second process
    return done.returncode, done.stdout + done.stderr


def test_one_command_builds_both_languages(pair):
    status, said = built(pair)

    assert status == 0, said
    assert "一" in (pair / "site/index.html").read_text(encoding="utf-8")
    english = (pair / "site/en/index.html").read_text(encoding="utf-8")
    assert "One" in english
    assert '<link rel="canonical" href="http://h/p/en/">' in english
    assert said.count("Building documentation to directory") == 2


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_warning_in_either_language_fails_the_build(pair, language):
    change(pair / f"docs/{language}/index.md", "\n", "\n\n[x](nothing.md)\n")
    status, said = built(pair)

    assert status == 1
    assert said.count("contains a link 'nothing.md', but the target is not found") == 1
    assert ("the English site was not built" in said) == (language == "en")


def test_an_error_in_english_fails_the_build_with_its_traceback(pair):
    write(pair / "docs/hooks/broken.py", "def on_env(env, **_):\n    raise KeyError('odd')\n")
    change(pair / "docs/mkdocs.en.yml", "hooks: []", "hooks: [hooks/broken.py]")
    status, said = built(pair)

    assert status == 1
    assert "KeyError: 'odd'" in said


def test_a_process_that_ends_without_an_answer_fails_the_build(pair):
    write(pair / "docs/hooks/broken.py", "def on_env(env, **_):\n    raise SystemExit\n")
    change(pair / "docs/mkdocs.en.yml", "hooks: []", "hooks: [hooks/broken.py]")
    status, said = built(pair)

    assert status == 1
    assert "the English site was not built: its process ended" in said
