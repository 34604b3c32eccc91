"""Explorers: figures that a reader can change. A page shows a drawing in `<figure class="explorer" id="explore-NAME">`.

The hook lays the live form of `docs/explorers/NAME.html` over that drawing, and the page loads the module NAME.
Both lie in one cell of a grid: nothing moves when the script takes over. Without it, and in print, the drawing stays.
A template says each word in both languages at once, `say("步幅", "stride")`: they cannot drift apart.
"""

import functools
import re
from pathlib import Path

import jinja2

TEMPLATES = Path(__file__).parents[1] / "explorers"
EXPLORER = re.compile(
    r'<figure class="explorer" id="explore-(?P<name>[a-z-]+)">(?P<still>.*?)(?=<figcaption)', re.DOTALL
)
LANGUAGES = ("zh", "en")


def on_page_content(content, page, config, **_):
    """Lay the form of each explorer over its drawing, and tell the page which modules to load."""
    language = config.theme["language"]
    page.meta["explorers"] = [found["name"] for found in EXPLORER.finditer(content)]
    return EXPLORER.sub(lambda found: staged(found["name"], found["still"], language), content)


def staged(name: str, still: str, language: str) -> str:
    """The drawing and the live form, one upon the other."""
    return (
        f'<figure class="explorer" id="explore-{name}"><div class="stage">'
        f'<div class="still">{still.strip()}</div>{live(name, language)}</div>'
    )


def live(name: str, language: str) -> str:
    """The form of an explorer in one language."""
    return re.sub(r"\s*\n\s*", "\n", rooms(language).get_template(f"{name}.html").render())


@functools.cache
def rooms(language: str) -> jinja2.Environment:
    """Where templates say their words in one language; one that changed is read anew."""
    which = LANGUAGES.index(language)
    made = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined)
    made.globals["say"] = lambda *words: words[which]
    return made
