"""Each page has a picture that shows where a link to it is posted: its title, its part of the site, a 3×3 kernel.

Drawn while the site is built, with the letters of docs/fonts/cards.ttf, which holds those of our titles and no more:
build machines have no Chinese font. A picture is kept in .cache/ while neither its words nor the drawing changed.
"""

import functools
import hashlib
import io
import os
import re
from pathlib import Path
from urllib.parse import urljoin

import PIL
from fontTools.ttLib import TTFont
from mkdocs.exceptions import PluginError
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[2]
FONT = ROOT / "docs/fonts/cards.ttf"
CACHE = ROOT / ".cache/cards"
SIZE = WIDTH, HEIGHT = 1200, 630
MARGIN, COLUMN = 80, 720  # the words stand to the left of the kernel
GROUND, FOREGROUND, QUIET, FAINT, CENTER = "#004d40", "#ffffff", "#b2dfdb", "#337168", "#ffb74d"
KERNEL = ((1, 1, 0), (1, 2, 0), (0, 0, 0))  # as in the logo
SIZES = {1: range(108, 75, -4), 2: range(92, 63, -4), 3: range(76, 47, -4)}  # of a title on so many lines
PART = re.compile(r"\S+?(?:：|\s|$)\s*|\S+$")  # where a title may be broken
LOCALES = {"zh": "zh_CN", "en": "en_US"}


def on_page_context(context, page, config, **_):
    """Tell the template where the picture of the page is, and in which languages the page is."""
    if not config.extra["offline"]:  # nobody posts a file of their own disk
        language = config.theme["language"]
        others = [locale for name, locale in LOCALES.items() if name != language]
        address = urljoin(config.site_url, target(page))
        context["card"] = {"address": address, "width": WIDTH, "height": HEIGHT} | {
            "locale": LOCALES[language],
            "others": others,
        }
    return context


def on_post_page(output, page, config, **_):
    """Write the picture of the page."""
    if not config.extra["offline"]:
        path = Path(config.site_dir, target(page))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept(*words(page, config)))
    return output


def target(page) -> str:
    """Where the picture of a page is published."""
    return f"assets/cards/{page.file.src_uri.removesuffix('.md').replace('/', '-')}.png"


def words(page, config) -> tuple[str, str, str]:
    """The words of a picture: title, part of the site, name of the site."""
    return page.meta["title"], page.parent.title if page.parent else "", config.site_name


def kept(*words) -> bytes:
    """The picture with these words, from the cache where it is there."""
    known = (words, PIL.__version__, FONT.read_bytes(), Path(__file__).read_bytes())
    path = CACHE / f"{hashlib.sha256(repr(known).encode()).hexdigest()[:20]}.png"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")  # renamed when whole: another build may be reading
        aside.write_bytes(drawn(*words))
        aside.replace(path)
    return path.read_bytes()


def drawn(title, part, site) -> bytes:
    """The picture as PNG: few colors, so few bytes."""
    if missing := lacking(title + part + site):
        raise PluginError(f"{FONT.relative_to(ROOT)} lacks {' '.join(missing)} of {title!r}: run `make card-font`")
    picture = Image.new("RGB", SIZE, GROUND)
    pen = ImageDraw.Draw(picture)
    kernel(pen, left=WIDTH - MARGIN - 256, top=(HEIGHT - 256) // 2)
    pen.text((MARGIN, MARGIN), part, QUIET, font(40))
    size, lines = fitted(title)
    for number, line in enumerate(lines):
        middle = HEIGHT / 2 + (number - (len(lines) - 1) / 2) * 1.3 * size
        pen.text((MARGIN, middle), line, FOREGROUND, font(size), anchor="lm")
    pen.text((MARGIN, HEIGHT - MARGIN), site, QUIET, font(34), anchor="ls")
    data = io.BytesIO()
    picture.quantize(64, method=Image.Quantize.FASTOCTREE).save(data, "PNG")
    return data.getvalue()


def kernel(pen, left, top):
    """The mark of the site: a 3×3 kernel."""
    for row, cells in enumerate(KERNEL):
        for column, cell in enumerate(cells):
            x, y = left + 92 * column, top + 92 * row
            pen.rounded_rectangle((x, y, x + 71, y + 71), 12, (FAINT, FOREGROUND, CENTER)[cell])


def fitted(title) -> tuple[int, list[str]]:
    """The largest size in which a title fits, and its lines: one if it can be, three at most."""
    for number, sizes in SIZES.items():
        for size in sizes:
            lines = broken(title, size)
            if len(lines) == number and all(font(size).getlength(line) <= COLUMN for line in lines):
                return size, lines
    raise PluginError(f"{title!r} does not fit on its picture")


def broken(title, size) -> list[str]:
    """The lines of a title: as many parts on each as there is room for."""
    lines = [""]
    for part in PART.findall(title):
        if font(size).getlength((lines[-1] + part).rstrip()) > COLUMN:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


@functools.cache
def font(size) -> ImageFont.FreeTypeFont:
    """The font in one size; laid out by Pillow itself, alike on every machine."""
    return ImageFont.truetype(FONT, size, layout_engine=ImageFont.Layout.BASIC)


@functools.cache
def glyphs() -> frozenset[int]:
    """The characters that the font has."""
    return frozenset(TTFont(FONT).getBestCmap())


def lacking(text) -> list[str]:
    """The characters of a text that the font has not."""
    return [character for character in dict.fromkeys(text) if ord(character) not in glyphs()]
