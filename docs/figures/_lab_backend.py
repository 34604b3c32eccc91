"""The matplotlib backend by which the build draws the figures of labs: `MPLBACKEND=module://_lab_backend`.

A lab says `plt.show()` as in any notebook; here it becomes an SVG with the site's ink, words left as text.
The light ink's colors are named so that the build can exchange them for the dark ones (docs/hooks/labs.py).
"""

import io
import logging
from unittest import mock

import matplotlib
from drawing import INKS, measure, readers_fonts, scalable
from IPython.display import display
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.textpath import TextToPath

INK = INKS["light"]
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # the reader's browser looks for fonts, not we
matplotlib.rcParams.update(
    INK.style
    | {
        "axes.prop_cycle": matplotlib.cycler(color=[*INK.accents, INK.muted]),
        "patch.edgecolor": INK.foreground,
        "hatch.color": INK.foreground,
        "legend.frameon": False,
        "savefig.facecolor": "none",
        "image.interpolation": "nearest",
    }
)


class FigureManager(FigureManagerBase):
    """What pyplot asks for: `show` hands every open figure to the notebook."""

    @classmethod
    def pyplot_show(cls, **_):
        """Draw and close the open figures, in the order in which they were made."""
        for manager in Gcf.get_all_fig_managers():
            display({"image/svg+xml": drawn(manager.canvas.figure)}, raw=True)
        Gcf.destroy_all()


class FigureCanvas(FigureCanvasSVG):
    """A canvas of SVG."""

    manager_class = FigureManager


def drawn(figure) -> str:
    """The SVG of a figure, the same bytes each time."""
    svg = io.StringIO()
    with mock.patch.object(TextToPath, "get_text_width_height_descent", measure):
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return readers_fonts(scalable(svg.getvalue()))
