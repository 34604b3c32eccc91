"""`mkdocs serve` remembers what did not change: the HTML of a page while its Markdown stays, and its words for search;
also whether a page is a notebook.

MkDocs builds the whole site anew for each change, and these take most of that time. Every hook still runs for every
page, so what one page says about another is fresh; only three functions are not called again with what they were called
with before, and templates are not compiled again. What else the results depend on is code, and with other code the
server starts anew (restart.py).
A build from the command line remembers nothing.
"""

import copy
import functools
import logging
from pathlib import Path

import jinja2
from material.plugins.search.plugin import SearchIndex
from mkdocs.structure.pages import Page
from mkdocs_jupyter.plugin import Plugin as Notebooks

MADE = ("content", "toc", "_title_from_render", "present_anchor_ids")
pages: dict[str, tuple] = {}
entries: dict[str, tuple] = {}
state: dict = {}


def on_startup(command, dirty):
    """Put functions that remember in the place of those that do not."""
    if command == "serve":
        state["templates"] = Templates()
        Page.render = rendering(Page.render)
        SearchIndex.add_entry_from_context = indexing(SearchIndex.add_entry_from_context)
        Notebooks.should_include = telling(Notebooks.should_include)


def on_env(env, **_):
    """Compile a template only if it changed."""
    if state:
        env.bytecode_cache = state["templates"]
    return env


class Templates(jinja2.BytecodeCache):
    """Compiled templates; Jinja looks itself whether one is about the text that it has."""

    def __init__(self):
        self.compiled = {}

    def load_bytecode(self, bucket):
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket):
        self.compiled[bucket.key] = bucket.bytecode_to_string()


def rendering(render):
    """Render a page only if its Markdown changed, or the files that its links may lead to."""

    @functools.wraps(render)
    def remembered(page, config, files):
        known = (page.markdown, page.url, frozenset(files.src_uris))
        before, made, links = pages.get(page.file.src_uri, (None, None, None))
        if before != known:
            with Warnings() as warnings:
                render(page, config, files)
            made = {name: getattr(page, name) for name in MADE}
            links = {file.src_uri: anchors for file, anchors in page.links_to_anchors.items()}
            if not warnings.heard:  # a page with a fault says so each time
                pages[page.file.src_uri] = copy.deepcopy((known, made, links))
        else:
            vars(page).update(copy.deepcopy(made))
            page.links_to_anchors = {files.get_file_from_path(uri): anchors for uri, anchors in links.items()}

    return remembered


def indexing(add):
    """Cut a page into the words of the search index only if it changed, or the dictionary by which it is cut."""

    @functools.wraps(add)
    def remembered(index, page):
        known = (page.content, page.url, str(page.title), repr(page.meta), dictionary(index))
        before, found = entries.get(page.file.src_uri, (None, []))
        if before != known:
            first = len(index.entries)
            add(index, page)
            found = index.entries[first:]
            entries[page.file.src_uri] = known, copy.deepcopy(found)  # hooks give the entries tags and weights
        else:
            index.entries += copy.deepcopy(found)

    return remembered


def telling(is_notebook):
    """Read a file only if it changed, to tell whether it is a notebook."""
    told = {}

    @functools.wraps(is_notebook)
    def remembered(plugin, file):
        if file.abs_src_path is None:
            return is_notebook(plugin, file)
        found = Path(file.abs_src_path).stat()
        known = file.abs_src_path, found.st_mtime_ns, found.st_size
        if known not in told:
            told[known] = is_notebook(plugin, file)
        return told[known]

    return remembered


def dictionary(index) -> str:
    """The words that the search plugin does not cut."""
    return Path(index.config["jieba_dict_user"]).read_text(encoding="utf-8")


class Warnings(logging.Handler):
    """Notes whether MkDocs warns of anything."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.heard = False

    def emit(self, record):
        self.heard = True

    def __enter__(self):
        logging.getLogger("mkdocs").addHandler(self)
        return self

    def __exit__(self, *_):
        logging.getLogger("mkdocs").removeHandler(self)
