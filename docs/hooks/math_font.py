"""The site serves its own math font: the part of STIX Two Math (SIL Open Font License) that its formulas use.

The browser takes radicals and growing brackets from an OpenType math font, and phones have none.
"""

import hashlib
import html
import io
import os
import re
from importlib.util import find_spec
from pathlib import Path

import fontTools
from fontTools import subset
from fontTools.ttLib import TTFont
from mkdocs.exceptions import PluginError
from mkdocs.utils import get_relative_url

ZIAMATH = find_spec("ziamath").submodule_search_locations[0]  # for its font: importing it would draw with it
SOURCE = Path(ZIAMATH) / "fonts/STIXTwoMath-Regular.ttf"
FONT = "assets/fonts/math.woff2"
CACHE = Path(__file__).parents[2] / ".cache/fonts"
FORMULA = re.compile(r"<math[ >].*?</math>", re.DOTALL)
TAGS = re.compile(r"<[^>]+>")

# Present whether a page shows them or not: digits and operators, the radical, the overline, brackets that grow.
ALWAYS = "0123456789+-−=<>≤≥≠≈×·/()[]{}|‖⟨⟩√∑∏∫∂∞∈∉⊂∪∩→←↦⌊⌋⌈⌉…⋯,.;:!'′*^~‾¯ˆ˜_%"

# Dotless letters and flat accents under other accents. Not "ssty", special forms for scripts: it would double the font.
FEATURES = ["ccmp", "dtls", "flac"]


def on_post_page(output, page, config, **_):
    """Where there are formulas, fetch the font with the styles: one that comes later moves the lines."""
    if "<math" not in output or config.extra["offline"]:
        return output
    address = get_relative_url(FONT, page.url)
    ahead = f'<link rel="preload" href="{address}" as="font" type="font/woff2" crossorigin>'
    return output.replace('<link rel="stylesheet"', f'{ahead}\n<link rel="stylesheet"', 1)


def on_post_build(config):
    """Cut the font down to the characters of this site's formulas and lay it beside the style sheet."""
    pages = Path(config.site_dir).rglob("*.html")
    used = set(ALWAYS).union(*(characters(page.read_text(encoding="utf-8")) for page in pages))
    target = Path(config.site_dir) / FONT
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(cut_down(frozenset(map(ord, used))))


def characters(page):
    """Every character that a formula of the page can show: a single Latin or Greek letter is drawn slanted."""
    text = set(html.unescape("".join(TAGS.sub("", formula) for formula in FORMULA.findall(page))))
    return {glyph for letter in text for glyph in (letter, slanted(letter))} - set("\n\t \u2061\u2062\u2063")


def slanted(letter):
    """The mathematical italic of a letter, as the browser draws <mi>x</mi>; other characters stay."""
    for first, last, italic in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("Α", "Ω", 0x1D6E2), ("α", "ω", 0x1D6FC)):
        if first <= letter <= last:
            return "ℎ" if letter == "h" else chr(italic + ord(letter) - ord(first))
    return {"∂": "𝜕", "ϵ": "𝜖", "ϕ": "𝜙", "ϑ": "𝜗", "ϱ": "𝜚", "ϖ": "𝜛", "∇": "𝛻"}.get(letter, letter)


def cut_down(codepoints):
    """The font with these characters only, as woff2; kept in .cache/ for the next build."""
    key = hashlib.sha256(repr((sorted(codepoints), FEATURES, fontTools.version)).encode()).hexdigest()[:16]
    kept = CACHE / f"math-{key}.woff2"
    if not kept.exists():
        font = TTFont(SOURCE, recalcTimestamp=False)
        if missing := codepoints - set(font.getBestCmap()):
            raise PluginError(f"the math font lacks {' '.join(f'U+{c:04X} {chr(c)}' for c in sorted(missing))}")
        options = subset.Options(layout_features=FEATURES, flavor="woff2", hinting=False)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=codepoints)
        cutter.subset(font)
        font.flavor = "woff2"
        data = io.BytesIO()
        font.save(data)
        CACHE.mkdir(parents=True, exist_ok=True)
        aside = kept.with_suffix(f".{os.getpid()}")  # renamed when whole: another build may be reading
        aside.write_bytes(data.getvalue())
        aside.replace(kept)
    return kept.read_bytes()
