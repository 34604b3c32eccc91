"""What the figures of every chapter share: ink for light and dark, text that needs no font, bytes that never change.

`docs/figures/<chapter>.py` holds one function per figure, `name(words, ink) -> Figure`, and `WORDS`, its texts in each
language. `render` turns one of them into SVG. The words stay text in the SVG, so the reader's own font draws them.
"""

import functools
import importlib.util
import inspect
import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from unittest import mock

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.textpath import TextToPath

HERE = Path(__file__).parent
LANGUAGES = ("zh", "en")
FONTS = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', system-ui, sans-serif"
WIDTH = 5.2  # inches: on a phone, 358 pixels wide, letters of 10.5 points come out 10 pixels high
PIXELS = 640  # the width at which a wide screen shows it


@dataclass(frozen=True)
class Ink:
    """The colors of one scheme: accents readable as text on their ground, and apart for color-blind readers."""

    ground: str
    foreground: str
    muted: str
    grid: str
    accents: tuple[str, str, str, str]  # blue, orange, green, purple

    def panels(self, rows: int = 1, columns: int = 1, *, height: float = 3.2, **options) -> tuple[Figure, list[Axes]]:
        """Give an empty figure and its panels, row by row."""
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        return figure, list(figure.subplots(rows, columns, squeeze=False, **options).flat)

    def name_axes(self, axes: Axes, *, x: str = "", y: str = "") -> None:
        """Write the name of the y axis above it, level: upright text is hard to read, in Chinese above all."""
        axes.set_xlabel(x)
        axes.set_title(y, loc="left")

    @property
    def style(self) -> dict:
        """What matplotlib must know to draw with this ink."""
        return {
            "font.size": 10.5,
            "axes.titlesize": 10.5,
            "text.color": self.foreground,
            "text.parse_math": False,
            "axes.labelcolor": self.foreground,
            "axes.titlecolor": self.foreground,
            "axes.edgecolor": self.muted,
            "axes.facecolor": "none",
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "figure.facecolor": "none",
            "grid.color": self.grid,
            "grid.linewidth": 0.7,
            "xtick.color": self.muted,
            "ytick.color": self.muted,
            "lines.linewidth": 2.2,
            "svg.fonttype": "none",
            "svg.hashsalt": "cnnref",
        }


INKS = {
    "light": Ink("#ffffff", "#1f2328", "#59636e", "#d9dee3", ("#0067a3", "#b34700", "#00735c", "#8a3b79")),
    "dark": Ink("#1e2129", "#e6e8eb", "#a3abb5", "#3a404b", ("#6cb8f0", "#f0a040", "#4cc9a0", "#e896c8")),
}


def names(slug: str) -> list[str]:
    """Name the figures of a chapter, in the order of its file."""
    functions = inspect.getmembers(chapter(slug), inspect.isfunction)
    own = [f for name, f in functions if f.__module__ == module_name(slug) and not name.startswith("_")]
    return [f.__name__.replace("_", "-") for f in sorted(own, key=lambda f: f.__code__.co_firstlineno)]


def render(slug: str, name: str, language: str, scheme: str) -> str:
    """Draw one figure as SVG text: `render("softmax", "temperature", "zh", "dark")`."""
    if name not in names(slug):
        raise ValueError(f"name must be a figure of {slug}, one of {names(slug)}, got {name!r}")
    draw = getattr(chapter(slug), name.replace("-", "_"))
    words = chapter(slug).WORDS[language][name]
    ink = INKS[scheme]
    svg = io.StringIO()
    with matplotlib.rc_context(), mock.patch.object(TextToPath, "get_text_width_height_descent", measure):
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(ink.style)
        draw(words, ink).savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return readers_fonts(scalable(svg.getvalue()))


@functools.cache
def chapter(slug: str) -> ModuleType:
    """Load `docs/figures/<chapter>.py`."""
    path = HERE / f"{slug.replace('-', '_')}.py"
    spec = importlib.util.spec_from_file_location(module_name(slug), path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ValueError(f"slug must name a file of figures, got {slug!r}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def module_name(slug: str) -> str:
    return f"figures_of_{slug.replace('-', '_')}"


def measure(_self, text: str, prop, _ismath) -> tuple[float, float, float]:
    """Guess width, height and descent of a text by its letters: the font that draws it is the reader's."""
    em = prop.get_size_in_points()
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return em * (wide + 0.6 * (len(text) - wide)), em * 0.95, em * 0.2


def scalable(svg: str) -> str:
    """Leave the size to the page: pixels that any width may overrule, in place of printer's points."""
    svg = svg[svg.index("<svg") :]
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    size = f'width="{PIXELS}" height="{round(PIXELS * height / width)}"'
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"|height="[\d.]+pt" width="[\d.]+pt"', size, svg, count=1)


def readers_fonts(svg: str) -> str:
    """Ask for fonts that readers have; only the browser looks for them, matplotlib never does."""
    return re.sub(r"font-family: [^;\"]*", f"font-family: {FONTS}", svg)
