"""Chinese search knows the words of this site: the glossary is the dictionary of whatever cuts text into words.

Left alone, jieba cuts 感受野 into 感受 and 野 when the index is made, and the browser cuts 反卷积 into 反 and 卷积 when
a reader types it: either way the term is not found.
"""

import os
import re
from pathlib import Path

import jieba
from mkdocs.plugins import event_priority

from verifier.glossary import terms

jieba.setLogLevel("WARNING")

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs/zh/glossary.md"
DICTIONARY = ROOT / ".cache/search-terms.txt"
WORD = re.compile(r"[\u4e00-\u9fff]{2,}")


def words(glossary):
    """What jieba must not cut: every Chinese name of every term, in the order of the glossary."""
    names = [name for term in terms(glossary) for name in term.names]
    return [name for name in dict.fromkeys(names) if WORD.fullmatch(name)]


def pieces(term):
    """What the browser must know to cut each Chinese name of a term nowhere: all but its last character."""
    return [name[:-1] for name in term.names if WORD.fullmatch(name) and len(name) > 2]


@event_priority(100)  # before the search plugin reads its configuration
def on_config(config):
    """Write the dictionary and hand it to the search plugin."""
    search = config.plugins["material/search"].config
    DICTIONARY.parent.mkdir(exist_ok=True)
    # A high frequency: the term wins over any way to cut it.
    lines = [f"{word} 1000000\n" for word in words(GLOSSARY.read_text(encoding="utf-8"))]
    aside = DICTIONARY.with_suffix(f".{os.getpid()}")  # renamed when whole: another build may be reading
    aside.write_text("".join(lines), encoding="utf-8")
    aside.replace(DICTIONARY)
    search.jieba_dict_user = str(DICTIONARY)
    if config.theme["language"] == "zh":
        search.pipeline = []  # Chinese has no stems, and with those of English the index has no `pooling`, only `pool`


@event_priority(50)  # before the search plugin writes its index
def on_post_build(config):
    """Let the browser cut a query where the glossary does.

    It takes the longest pieces that the index holds, but never tries a query as a whole; it knows all but the last
    character of a name from here, and searches for whatever begins with that. Results do not show this field.
    """
    if config.theme["language"] == "zh":
        index = config.plugins["material/search"].search_index
        index.config["fields"]["pieces"] = {"boost": 1}
        found = entries(index)
        for term in terms(GLOSSARY.read_text(encoding="utf-8")):
            found[f"glossary/#{term.id}"]["pieces"] = pieces(term)


def entries(index):
    """What search knows, by page and section; the copy for reading from disk has glossary.html, the site glossary/."""
    return {entry["location"].replace("index.html", "").replace(".html", "/"): entry for entry in index.entries}
