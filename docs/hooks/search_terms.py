"""Chinese search knows the words of this site: the glossary is the dictionary by which text is cut into words.

Left alone, jieba cuts 感受野 into 感受 and 野 when the index is made, and no word of any page is 感受野. What a reader
types is cut by the words of the index, in the browser: search_query.js.
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


def entries(index):
    """What search knows, by page and section; the copy for reading from disk has glossary.html, the site glossary/."""
    return {entry["location"].replace("index.html", "").replace(".html", "/"): entry for entry in index.entries}
