"""Search shows first what explains: chapters before labs and tools, and the ledger of claims, which names all, last.

The source of a function, which the reference shows beside it, is no answer to any question.
"""

from mkdocs.plugins import event_priority

BOOSTS = {"claims/": 0.5, "glossary/": 1.5, "api/": 1, "labs/": 1, "tools/": 1}
ABOUT_THE_SITE = ("", "verification/", "contributing/", "changelog/")
CHAPTER = 2
SOURCE = '<details class="mkdocstrings-source"'


def on_page_content(content, **_):
    """Keep the sources out of the index; the search plugin takes the mark away from the page."""
    return content.replace(SOURCE, f'{SOURCE} data-search-exclude="source"')


@event_priority(40)  # after the hooks that look entries up, before the search plugin writes its index
def on_post_build(config):
    """Give every entry the weight of its page."""
    for entry in config.plugins["material/search"].search_index.entries:
        entry["boost"] = boost(entry["location"].replace("index.html", "").replace(".html", "/"))


def boost(location: str) -> float:
    """What an entry counts: `softmax/#overflow` belongs to a chapter."""
    page = location.partition("#")[0]
    if page in ABOUT_THE_SITE:
        return 1
    return next((weight for folder, weight in BOOSTS.items() if page.startswith(folder)), CHAPTER)
