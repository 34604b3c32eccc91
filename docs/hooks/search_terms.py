"""Chinese search knows the words of this site: the glossary is jieba's dictionary.

Left alone, jieba cuts 感受野 into 感受 and 野, and a reader who types the term finds nothing.
"""

import os
import re
from pathlib import Path

import jieba
from mkdocs.plugins import event_priority

jieba.setLogLevel("WARNING")

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs/zh/glossary.md"
DICTIONARY = ROOT / ".cache/search-terms.txt"
HEADING = re.compile(r"^### (?P<term>.+?)\s*(?:\(.*\))?\s*\{", re.MULTILINE)
SYNONYMS = re.compile(r"^又名：(?P<terms>.+?)。?$", re.MULTILINE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def terms(glossary):
    """The Chinese terms and their synonyms, in the order of the glossary."""
    found = [match["term"] for match in HEADING.finditer(glossary)]
    for match in SYNONYMS.finditer(glossary):
        found += match["terms"].split("、")
    return [term.strip() for term in dict.fromkeys(found) if CHINESE.search(term) and " " not in term.strip()]


@event_priority(100)  # before the search plugin reads its configuration
def on_config(config):
    """Write the dictionary and hand it to the search plugin."""
    DICTIONARY.parent.mkdir(exist_ok=True)
    # A high frequency: the term wins over any way to cut it.
    lines = [f"{term} 1000000\n" for term in terms(GLOSSARY.read_text(encoding="utf-8"))]
    aside = DICTIONARY.with_suffix(f".{os.getpid()}")  # renamed when whole: another build may be reading
    aside.write_text("".join(lines), encoding="utf-8")
    aside.replace(DICTIONARY)
    config.plugins["material/search"].config.jieba_dict_user = str(DICTIONARY)
