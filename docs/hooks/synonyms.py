"""Search finds a term under every name it has, in the glossary and where a page explains it.

The names become tags of these two entries of the search index. Tags weigh more than the words of a page, and a result
shows the one that matched, so that a reader sees why 汇聚 led to 池化; the page itself does not change.
"""

from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from search_terms import entries

from verifier.glossary import terms

TYPED = {"zh": ("zh", "en"), "en": ("en",)}  # whose names a reader knows: Chinese readers type English ones as well


@event_priority(50)  # before the search plugin writes its index
def on_post_build(config):
    """Give the names of every term to the sections that a reader looks for."""
    index = entries(config.plugins["material/search"].search_index)
    docs = Path(config.docs_dir).parent
    pages = [docs / language / "glossary.md" for language in TYPED[config.theme["language"]]]
    for location, names in tags(*(page.read_text(encoding="utf-8") for page in pages)).items():
        if location not in index:
            raise PluginError(f"the glossary looks for {', '.join(names)} in {location}, which search does not know")
        index[location]["tags"] = names


def tags(*glossaries):
    """The names to find each section by: the glossary's own, and those that explain one term or several."""
    found = {}
    for term in (term for glossary in glossaries for term in terms(glossary)):
        for section in (f"glossary.md#{term.id}", term.explained):
            found.setdefault(location(section), []).extend(term.names)
    return {section: list(dict.fromkeys(names)) for section, names in found.items()}


def location(link):
    """Where the search index has what a page links to: `softmax.md#overflow` is `softmax/#overflow`."""
    page, hash, anchor = link.partition("#")
    return ("" if page == "index.md" else page.replace(".md", "/")) + hash + anchor
