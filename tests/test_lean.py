"""What the build leaves out: marks and rules that nobody sees. What is seen stays."""

import base64
import io
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")
from mkdocs.exceptions import PluginError
from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"
sys.path[:0] = [str(DOCS / "hooks"), str(DOCS / "figures")]
import lean  # noqa: E402
import lean_style  # noqa: E402
import table_boxes  # noqa: E402
from _light import light  # noqa: E402


def test_marks_without_a_color_of_their_own_go_and_the_text_stays():
    code = '<span class="n">x</span><span class="w"> </span><span class="mi">1</span><span class="p">)</span>'

    assert lean.lean(code) == 'x <span class="mi">1</span>)'


@pytest.mark.parametrize(("article", "kept"), [("<p>", False), ('<div class="doc doc-object">', True)])
def test_only_the_reference_keeps_the_style_of_the_reference(article, kept):
    page = f'<link rel="stylesheet" href="../assets/_mkdocstrings.css">{article}'

    assert ("_mkdocstrings" in lean.lean(page)) == kept


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".a,.b:hover,p{x:1}", ".a,p{x:1}"),
        (".a.b{x:1}p>.a{x:2}", "p>.a{x:2}"),
        ("@media print{.b{x:1}}@media screen{.a{x:1}.b{x:2}}", "@media screen{.a{x:1}}"),
        ("@keyframes b{0%{x:1}}", "@keyframes b{0%{x:1}}"),
        ("p:not(.b){x:1}", "p:not(.b){x:1}"),
        (":is(.a,.b) p{x:1}", ""),
        ('[data-x=".b"]{x:1}', '[data-x=".b"]{x:1}'),
        ('.a{content:"}.b{"}.b{x:1}', '.a{content:"}.b{"}'),
        (".md-w\\.x{x:1}", ""),
        (
            ':root{--used:url("d");--idle:url("e")}.a{x:var(--used)}.b{x:var(--idle)}',
            ':root{--used:url("d");}.a{x:var(--used)}',
        ),
    ],
)
def test_a_rule_stays_if_its_classes_are_named(sheet, left):
    assert lean_style.lean(sheet, {"a"}) == left


def test_a_picture_stays_that_another_sheet_shows():
    assert lean_style.lean(":root{--icon:url(d)}", set(), "p{x:var(--icon)}") == ":root{--icon:url(d)}"


def test_each_table_that_material_moves_has_a_box_of_its_own():
    tables = "<p>a</p><table><tr></table><p>b</p><table class='own'></table><table>\n</table>"

    assert table_boxes.on_page_content(tables) == (
        "<p>a</p><div><table><tr></table></div><p>b</p><table class='own'></table><div><table>\n</table></div>"
    )


def test_a_site_without_the_sheet_stops_the_build(tmp_path):
    with pytest.raises(PluginError, match="no style sheet of Material"):
        lean_style.on_post_build(type("Config", (), {"site_dir": str(tmp_path)}))


def test_the_sheet_is_a_part_of_material_s_own(site):
    """Nothing is added, nothing of what pages use is lost, and it stays well below its size."""
    import material

    whole = next(Path(material.__file__).parent.glob("templates/assets/stylesheets/main.*.min.css"))
    built = [site / folder / "assets/stylesheets" / whole.name for folder in ("", "en")]
    theirs = set(re.findall(r"\.(md-[\w-]+)", whole.read_text(encoding="utf-8")))
    pages = "".join(page.read_text(encoding="utf-8") for page in site.rglob("*.html"))
    used = {name for classes in re.findall(r'class="([^"]*)"', pages) for name in classes.split()} & theirs

    for sheet in built:
        left = sheet.read_text(encoding="utf-8")
        assert whole.read_text(encoding="utf-8").count(lean_style.TABLES) == 1
        assert lean_style.TABLES not in left
        assert len(left) < 0.75 * whole.stat().st_size
        assert used <= set(re.findall(r"\.(md-[\w-]+)", left))
        assert {"md-search-result__item", "md-dialog--active", "focus-visible", "md-tooltip"} <= set(
            re.findall(r"\.([\w-]+)", left)
        )


def picture(colors):
    """An SVG that shows a picture of so many colors."""
    image = Image.new("RGBA", (40, 40))
    image.putdata([(n % colors % 256, n % colors // 256, 7, 255) for n in range(1600)])
    data = io.BytesIO()
    image.save(data, "PNG")
    return image, f'<image href="data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"/>'


@pytest.mark.parametrize("colors", [3, 256, 300])
def test_a_picture_keeps_every_pixel(colors):
    image, svg = picture(colors)
    kept = re.search(r"base64,([^\"]+)", light(svg))[1]
    again = Image.open(io.BytesIO(base64.b64decode(kept))).convert("RGBA")

    assert again.tobytes() == image.tobytes()
    assert len(light(svg)) < len(svg) if colors == 3 else light(svg) == svg


def test_only_places_are_cut_and_no_scale_nor_word():
    svg = (
        '<path d="M 1.23456 2.3"/><use x="3.98765" xlink:href="#a"/><g transform="scale(0.012345)"><text>0.12345</text>'
    )

    assert light(svg) == svg.replace("1.23456", "1.23").replace("3.98765", "3.98")
