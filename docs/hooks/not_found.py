"""The page for unknown addresses lists every page in both languages, for a reader without scripts and for its script.

docs/theme/assets/javascripts/not-found.js shows the nearest of them and searches for the last words of the address.
"""

import re
from pathlib import Path
from types import SimpleNamespace

import yaml

DOCS = Path(__file__).parents[1]
FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)


def on_template_context(context, template_name, config, **_):
    """Tell the template the pages of each language, in the order of the navigation."""
    if template_name == "404.html":
        uris = list(files(config.nav))
        context["pages_by_language"] = {language: [listed(uri, language) for uri in uris] for language in ("zh", "en")}
    return context


def files(nav):
    """The sources that a navigation names, in its order."""
    for entry in nav:
        value = next(iter(entry.values())) if isinstance(entry, dict) else entry
        if isinstance(value, str):
            yield value
        else:
            yield from files(value)


def listed(uri, language):
    """A page: what it calls itself, and its address below the root of its language."""
    front = FRONT_MATTER.match((DOCS / language / uri).read_text(encoding="utf-8"))
    name = uri.removesuffix(".md")
    return SimpleNamespace(title=yaml.safe_load(front[1])["title"], url="" if name == "index" else f"{name}/")
