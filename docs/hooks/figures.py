"""Figures are drawn while the site is built, by code that calls cnnref, in the page's language, light and dark.

A page shows `figures/<slug>/<name>.svg`; the build draws it and its dark twin, and the page carries both.
A drawing is kept in .cache/ and used again while neither its code, nor cnnref, nor a library changed.
"""

import ast
import hashlib
import os
import re
import sys
from importlib import metadata
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs/figures"
CACHE = ROOT / ".cache/figures"
LIBRARIES = ("matplotlib", "numpy", "scikit-learn")
IMAGE = re.compile(r'<img (?P<before>[^>]*?)src="(?P<path>[^"]*figures/[^"]+)\.svg"(?P<after>[^>]*?)/?>')
SIZE = re.compile(r'viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"')
loaded: dict[str, str] = {}  # the code by which each chapter was last drawn: `mkdocs serve` outlives it

sys.path.insert(0, str(FIGURES))
import drawing  # noqa: E402  (docs/figures is on the path only from here on)
from _light import light  # noqa: E402


def on_files(files, config):
    """Add every figure of every chapter, light and dark, in the language of this site."""
    language = config.theme["language"]
    for module in sorted(FIGURES.glob("[a-z]*.py")):
        if module.stem != "drawing":
            slug = module.stem.replace("_", "-")
            known = fingerprint(module)
            for name in names(module):
                for scheme, suffix in (("light", ""), ("dark", ".dark")):
                    svg = drawn(known, slug, name, language, scheme)
                    uri = f"figures/{slug}/{name}{suffix}.svg"
                    files.append(File.generated(config, uri, content=svg))
    return files


def on_page_content(content, files, **_):
    """Show each figure as a pair: the light and the dark drawing, with its size, so that nothing jumps."""
    return IMAGE.sub(lambda found: _pair(found, files), content)


def names(module):
    """The figures of a chapter as `drawing.names` gives them, without running it: most often all lie in the cache."""
    functions = [each.name for each in ast.parse(module.read_bytes()).body if isinstance(each, ast.FunctionDef)]
    return [name.replace("_", "-") for name in functions if not name.startswith("_")]


def drawn(known, slug, name, language, scheme):
    """The SVG of one figure, from the cache if nothing that it depends on changed."""
    kept = CACHE / f"{known}-{name}-{language}-{scheme}.svg"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        if loaded.setdefault(slug, known) != known:
            drawing.chapter.cache_clear()  # only now: what a chapter has computed serves all of its figures
            loaded[slug] = known
        # Written aside and then renamed: another build at the same time must never read half a drawing.
        aside = kept.with_suffix(f".{os.getpid()}")
        aside.write_text(light(drawing.render(slug, name, language, scheme)), encoding="utf-8")
        aside.replace(kept)
    return kept.read_text(encoding="utf-8")


def fingerprint(module):
    """What a figure depends on: its code, the common style, the package, what computes and what draws."""
    sources = [module, FIGURES / "drawing.py", FIGURES / "_light.py", *sorted((ROOT / "cnnref").glob("*.py"))]
    digest = hashlib.sha256("".join(f"{library} {metadata.version(library)}\n" for library in LIBRARIES).encode())
    for source in sources:
        digest.update(source.read_bytes())
    return f"{module.stem}-{digest.hexdigest()[:16]}"


def _pair(found, files):
    uri = found["path"].split("figures/")[-1]
    size = SIZE.search(files.get_file_from_path(f"figures/{uri}.svg").content_string)
    shape = f'width="{round(float(size["width"]))}" height="{round(float(size["height"]))}"'
    return "".join(
        f'<img {found["before"]}src="{found["path"]}{suffix}.svg#only-{scheme}"{found["after"]} {shape} loading="lazy">'
        for scheme, suffix in (("light", ""), ("dark", ".dark"))
    )
