"""Labs: mkdocs-jupyter executes them, and the site renders them as any other page.

The plugin's own page would bring half a megabyte of styles and scripts from elsewhere. Taken from it are the outputs
alone: texts, and pictures, which become files in light and dark. They are put behind their cells in the Markdown of
the page, so that headings, links, formulas and boxes of a lab are made as everywhere on the site. What there is to see
in each picture says docs/figures/labs.yaml, beside the labs: a word changed in a lab executes it again.
"""

import base64
import functools
import hashlib
import html
import os
import re
import shutil
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import urljoin

import jupytext
import yaml
from bs4 import BeautifulSoup
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page

from verifier.fences import change_prose, fences
from verifier.labs import needs

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs/figures"
CACHE = ROOT / ".cache/labs"
LIBRARIES = ("numpy", "torch", "scikit-learn", "matplotlib", "mkdocs-jupyter", "ipykernel")
CAPTION = re.compile(r"\s*(?P<caption>\*\*(?:图|Figure) \d+[.。]\*\*.*?)(?=\n\n|\Z)", re.DOTALL)
HEADING_ID = re.compile(r"^(#{1,6} .*?)\s*\{ *#[^}]*\}$", re.MULTILINE)
BOX = re.compile(r"^///(?: \w+ \|(?P<title>.*))?(?:\n {4}attrs: .*)?$", re.MULTILINE)
LOCAL_LINK = re.compile(r"\]\((?P<target>(?!\w+:)[^)\s]+)\)")
DOWNLOAD = {
    "zh": "这一页是一份笔记本，建站时从头运行过。"
    "[下载 {name}]({name})，可以在自己的 Jupyter 里运行；要先装好 {needs}。",
    "en": "This page is a notebook, run from beginning to end when the site was built. "
    "[Download {name}]({name}) to run it in a Jupyter of your own; it needs {needs}.",
}
PICTURE = "image/svg+xml"
INSTALLED_AS = {"sklearn": "scikit-learn"}
OUTPUT = {"zh": "运行结果", "en": "Output"}

sys.path.insert(0, str(FIGURES))
import drawing  # noqa: E402  (docs/figures is on the path only from here on)
from _light import light  # noqa: E402


def on_config(config):
    """Keep what labs gave while the package and the versions last; the plugin sees to their own text."""
    kept = CACHE / f"{config.theme['language']}-{fingerprint()}"
    for old in CACHE.glob(f"{config.theme['language']}-*"):
        if old != kept:
            shutil.rmtree(old, ignore_errors=True)
    config.plugins["mkdocs-jupyter"].config["cache_dir"] = str(kept)
    # What the kernels inherit: how to draw, one thread, and the same order of sets each time.
    os.environ |= {"MPLBACKEND": "module://_lab_backend", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    paths = [str(FIGURES), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))


def fingerprint() -> str:
    """What the result of every lab depends on besides its text: the package, the drawing, versions, the device."""
    digest = hashlib.sha256()
    sources = [*sorted((ROOT / "cnnref").glob("*.py")), FIGURES / "drawing.py", FIGURES / "_lab_backend.py"]
    for source in sources:
        digest.update(source.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {installed(library)}\n".encode())
    digest.update(f"{sys.version_info[:3]} {os.environ.get('CNNREF_DEVICE')}".encode())
    return digest.hexdigest()[:16]


def installed(library: str) -> str | None:
    """The version of a library; None where it is absent, as torch may be."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def on_page_content(content, page, config, files):
    """Render the page from its Markdown, with what the plugin's execution gave behind each cell."""
    if "jupyter" not in page.meta:
        return content
    language, name = config.theme["language"], Path(page.file.src_uri).stem
    files.append(File.generated(config, f"labs/{name}.ipynb", content=notebook(page, config.site_url)))
    pictures = pictures_of(name, config, files)
    cells = [shown(cell, pictures, page.file.src_uri, language) for cell in executed(content)]
    needed = sorted(INSTALLED_AS.get(each, each) for each in needs(page.markdown) - set(sys.stdlib_module_names))
    download = DOWNLOAD[language].format(name=f"{name}.ipynb", needs=("、" if language == "zh" else ", ").join(needed))
    heading = re.search(r"^# .*$", page.markdown, re.MULTILINE)
    seen = yaml.safe_load((FIGURES / "labs.yaml").read_text(encoding="utf-8"))[name]
    page.markdown = captioned(with_outputs(page.markdown, cells), [each[language] for each in seen])
    page.markdown = page.markdown.replace(heading[0], f"{heading[0]}\n\n{download}", 1)
    Page.render(page, config, files)  # the class's own: on this page the plugin put its own in the place
    page.title = page.meta["title"]  # the plugin's has the id of the heading in it
    return page.content


@functools.lru_cache(maxsize=8)  # `mkdocs serve` asks again with each change of another page
def executed(content: str) -> list[list[tuple[str, str]]]:
    """What each code cell of the plugin's page gave."""
    return [outputs(cell) for cell in BeautifulSoup(content, "html.parser").select(".jp-Notebook > .jp-CodeCell")]


def outputs(cell) -> list[tuple[str, str]]:
    """The outputs of a cell: their kinds, and a picture as SVG, all else as text."""
    found = [(output["data-mime-type"], output) for output in cell.select(".jp-OutputArea-output")]
    return [(kind, _given(kind, output)) for kind, output in found]


def _given(kind: str, output) -> str:
    if kind == PICTURE:
        return light(base64.b64decode(output.img["src"].partition(",")[2]).decode())
    return (output.pre or output).get_text()


def shown(given, add_picture, where: str, language: str) -> str:
    """What a cell gave, as Markdown with HTML: its text in one box, then the picture, whose caption comes next."""
    text, drawings = "", []
    for kind, said in given:
        if kind == PICTURE:
            drawings.append(add_picture(said))
        elif kind == "text/plain":  # slow prints come in several pieces
            text += said
        else:
            raise PluginError(f"{where}: a cell gave {kind}, which a lab must not: {said.strip()[:500]}")
    return "\n\n".join([*([_box(text, language)] if text else []), *drawings])


def _box(text: str, language: str) -> str:
    label = f'role="region" aria-label="{OUTPUT[language]}" tabindex="0"'
    return f'<div class="cell-output" {label}><pre>{html.escape(text.rstrip(), quote=False)}</pre></div>'


def pictures_of(name: str, config, files):
    """A function that takes a drawing, adds it to the site in light and dark, and gives the Markdown that shows it."""
    count = 0

    def add(svg: str) -> str:
        nonlocal count
        count += 1
        uri = f"figures/labs/{name}/figure-{count}"
        files.append(File.generated(config, f"{uri}.svg", content=svg))
        files.append(File.generated(config, f"{uri}.dark.svg", content=dark(svg)))
        return f"![](../{uri}.svg)"

    return add


def dark(svg: str) -> str:
    """A drawing in light ink, in dark ink."""
    light, other = drawing.INKS["light"], drawing.INKS["dark"]
    pairs = dict(zip(light.accents, other.accents, strict=True)) | {
        getattr(light, part): getattr(other, part) for part in ("ground", "foreground", "muted", "grid")
    }
    return re.sub("|".join(pairs), lambda found: pairs[found[0]], svg)


def with_outputs(markdown: str, outputs: list[str]) -> str:
    """The page with each cell followed by what it gave."""
    cells = list(fences(markdown))
    for cell, output in reversed(list(zip(cells, outputs, strict=True))):
        end = markdown[: cell.end].rstrip("\n")
        markdown = f"{end}\n\n{output}\n\n{markdown[cell.end :].lstrip()}" if output else markdown
    return markdown


def captioned(markdown: str, alternatives: Sequence[str]) -> str:
    """Each picture with the paragraph behind it, its caption, and with what there is to see in it."""
    parts = re.split(r"!\[\]\((\.\./figures/labs/[^)]+)\)", markdown)
    if len(parts[1::2]) != len(alternatives):
        raise PluginError(f"labs.yaml describes {len(alternatives)} pictures of this lab; it draws {len(parts[1::2])}")
    done = [parts[0]]
    for uri, rest, alternative in zip(parts[1::2], parts[2::2], alternatives, strict=True):
        found = CAPTION.match(rest)
        if found is None:
            raise PluginError(
                f"{uri}: behind a picture of a lab comes a paragraph that begins **Figure N.** or **图 N.**"
            )
        below = f'<figcaption markdown="span">{found["caption"]}</figcaption>'
        done.append(f'<figure markdown="span">\n![{alternative}]({uri})\n{below}\n</figure>\n{rest[found.end() :]}')
    return "".join(done)


def notebook(page, site_url: str) -> str:
    """The page as a notebook for Jupyter: what only this site understands is gone, links lead to the site."""
    return _notebook(Path(page.file.abs_src_path).read_text(encoding="utf-8"), urljoin(site_url, page.file.src_uri))


@functools.lru_cache(maxsize=8)  # as above
def _notebook(text: str, here: str) -> str:
    def portable(prose: str) -> str:
        prose = HEADING_ID.sub(r"\1", prose)
        prose = BOX.sub(lambda box: f"**{box['title'].strip()}**" if box["title"] else "", prose)
        return LOCAL_LINK.sub(lambda link: f"]({urljoin(here, link['target']).replace('.md', '/')})", prose)

    text = change_prose(text, portable)
    book = jupytext.reads(text, fmt="md")
    book.cells = [cell for cell in book.cells if cell.cell_type != "raw"]  # title and description are the site's
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"  # jupytext draws them at random
    return jupytext.writes(book, fmt="ipynb")
