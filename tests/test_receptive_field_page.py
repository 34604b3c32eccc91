"""The receptive-field calculator of the site: its numbers are those of cnnref, and readers of all kinds can use it."""

import csv
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from cnnref.architectures import PRESETS
from cnnref.receptive_field import Branches, Flatten, GlobalPool, Layer, Pad, Upsample, receptive_field

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "docs/theme/assets/javascripts/receptive-field.js"
FOLLOW = """async ([url, cases]) => {
    const { parse, write, follow, toMarkdown } = await import(url);
    return cases.map(([text, input]) => {
        const layers = parse(text), network = follow(layers, input);
        if (network.fault) return null;
        return JSON.stringify({ text: write(layers), rows: network.rows, markdown: toMarkdown(network) });
    });
}"""


# What Python says.


def text_of(layers):
    """A network in the notation of the page."""
    return " ".join((f"{layer.name}=" if layer.name else "") + entry_of(layer) for layer in layers)


def entry_of(layer):
    if isinstance(layer, Branches):
        return f"{layer.join}({';'.join(map(text_of, layer.paths))})"
    return layer.text


def size_text(input_size):
    if input_size is None:
        return ""
    return "x".join(map(str, input_size)) if isinstance(input_size, tuple) else str(input_size)


def expected(layers, input_size):
    """The rows of Python and its Markdown, without reports; None where the network is refused."""
    try:
        table = receptive_field(layers, input_size)
    except ValueError:
        return None
    return table.to_dict()["rows"], table.to_markdown().split("\n\n")[0]


def drawn_case(seed):
    """A network of one or two axes and an input size, or none."""
    draw = random.Random(seed)
    axes = draw.choice([1, 2])
    layers = drawn_path(draw, axes, draw.randint(1, 5), graphs=seed % 2 == 0)
    size = draw.randint(1, 9) if draw.random() < 0.1 else draw.randint(10, 70)
    input_size = size if axes == 1 or draw.random() < 0.3 else (size, draw.randint(10, 70))
    return layers, None if draw.random() < 0.15 else input_size


def drawn_path(draw, axes, length, graphs):
    return [drawn_layer(draw, axes, graphs) for _ in range(length)]


def drawn_layer(draw, axes, graphs):
    kind = draw.random()
    if graphs and kind < 0.3:
        return drawn_branches(draw, axes)
    if kind < 0.36:
        return Upsample(each(draw, axes, 1, 3), draw.choice(["nearest", "bilinear"]))
    if kind < 0.42:
        return Pad(drawn_sides(draw, axes, -2, 3))
    if kind < 0.45:
        return draw.choice([GlobalPool(), Flatten(name="flat")])
    return drawn_window(draw, axes)


def drawn_window(draw, axes):
    transposed = draw.random() < 0.2
    return Layer(
        each(draw, axes, 1, 6),
        each(draw, axes, 1, 3),
        drawn_sides(draw, axes, 0, 5) if draw.random() < 0.7 else 0,
        each(draw, axes, 1, 3),
        name=draw.choice(["", "", f"conv{draw.randint(1, 99)}", "第一层"]),
        transposed=transposed,
        output_padding=each(draw, axes, 0, 2) if transposed else 0,
        ceil_mode=not transposed and draw.random() < 0.2,
    )


def drawn_branches(draw, axes):
    """Paths that often fit together: windows that keep the size, on either side unequally padded, and the identity."""

    def same():
        kernel_size, dilation = draw.randint(1, 5), draw.randint(1, 2)
        room = dilation * (kernel_size - 1)
        before = draw.randint(0, room)
        return Layer(kernel_size, 1, ((before, room - before),) * axes, dilation)

    paths = [[same() for _ in range(draw.randint(0, 2))] for _ in range(draw.randint(2, 3))]
    if draw.random() < 0.15:
        paths[0].append(drawn_layer(draw, axes, graphs=True))
    return Branches(paths, draw.choice(["add", "concat"]), name=draw.choice(["", "block"]))


def each(draw, axes, least, most):
    """A number for all axes, or one for each."""
    if axes == 1 or draw.random() < 0.5:
        return draw.randint(least, most)
    return tuple(draw.randint(least, most) for _ in range(axes))


def drawn_sides(draw, axes, least, most):
    if draw.random() < 0.4:
        return each(draw, axes, least, most)
    return tuple((draw.randint(least, most), draw.randint(least, most)) for _ in range(axes))


# The same numbers in Python and JavaScript.


@pytest.fixture
def follow(page, address):
    """Follow cases (text and input size) by the module, in the browser."""

    def follow(cases, address=address):
        page.goto(address)
        found = page.evaluate(FOLLOW, [address + "assets/javascripts/receptive-field.js", cases])
        return [answer and json.loads(answer) for answer in found]

    return follow


def test_every_number_of_2400_networks_is_that_of_python(follow):
    cases = [drawn_case(seed) for seed in range(2400)]
    answers = follow([(text_of(layers), size_text(size)) for layers, size in cases])

    refused = rows = misaligned = 0
    for (layers, size), answer in zip(cases, answers, strict=True):
        wanted, case = expected(layers, size), (text_of(layers), size)
        refused += wanted is None
        if wanted is None or answer is None:
            assert (wanted, answer) == (None, None), case
            continue
        assert [shared(row) for row in answer["rows"]] == [shared(row) for row in wanted[0]], case
        assert (answer["markdown"], answer["text"]) == (wanted[1], text_of(layers)), case
        rows += len(wanted[0])
        misaligned += any(not row["aligned"] for row in wanted[0])

    assert (refused < 600, refused > 60, rows > 6000, misaligned > 60) == (True,) * 4


@pytest.mark.parametrize("folder", ["", "en/"])
def test_the_presets_are_those_of_python(page, address, follow, folder):
    page.goto(f"{address}{folder}tools/receptive-field/")
    options = page.locator("[data-part=preset] option[data-layers]").evaluate_all(
        "options => options.map(o => [o.value, o.dataset.layers, o.dataset.input])"
    )
    presets = {name: (text, size) for name, text, size in options if name not in ("example", "dilated")}
    answers = follow(list(presets.values()))

    assert list(presets) == list(PRESETS)
    for (name, (_, size)), answer in zip(presets.items(), answers, strict=True):
        preset = PRESETS[name]
        wanted, _ = expected(preset.layers, preset.input_size)
        assert size == str(preset.input_size)
        assert [numbers(row) for row in answer["rows"]] == [numbers(row) for row in wanted], name
        named = {row["name"]: numbers(row) for row in answer["rows"]}
        assert {end: named[end] for end in preset.end_points} == {
            row["name"]: numbers(row) for row in wanted if row["name"] in preset.end_points
        }


def numbers(row):
    """All but the name: layers inside blocks have none on the page."""
    return {key: value for key, value in shared(row).items() if key != "name"}


def shared(row):
    """What both sides tell: paths and their offsets are told by Python only, and the page has more of its own."""
    return {key: value for key, value in row.items() if key not in ("misaligned", "depth", "along")}


# What a reader does.


def calculator(page, address, query="", folder=""):
    page.goto(f"{address}{folder}tools/receptive-field/{query}")
    page.wait_for_selector("#calculator:not([hidden])")
    return page.locator("#calculator")


def column(tool, number):
    return tool.locator(f"[data-part=rows] tr > :nth-child({number}):visible").all_inner_texts()


def layer_field(tool, layer, field):
    return tool.locator(f"[data-part=list] > :nth-child({layer}) [data-field={field}]")


def sizes(tool):
    return [line.split()[-1] for line in column(tool, 2)]


def copied(page, kind):
    """What a Copy button leaves in the clipboard."""
    page.evaluate("navigator.clipboard.writeText('')")
    page.locator(f"[data-give={kind}]").click()
    page.wait_for_function("navigator.clipboard.readText()")
    return page.evaluate("navigator.clipboard.readText()")


def line(tool):
    return tool.locator("[data-part=text]").input_value()


def test_the_table_follows_what_is_typed(page, address):
    tool = calculator(page, address, "?layers=3,3,2/2,3&input=32")
    before = sizes(tool)
    layer_field(tool, 1, "k").fill("3x5")
    layer_field(tool, 4, "d").fill("2")

    assert before == ["3", "5", "6", "10"]
    assert column(tool, 2) == ["3 x 5", "5 x 7", "6 x 8", "14 x 16"]
    assert line(tool) == "3x5 3 2/2 3d2"
    tool.locator("[data-part=input]").fill("")
    assert len(tool.locator("thead th:visible").all()) == 6
    tool.locator("[data-part=text]").fill("７，７")  # as a Chinese input method types it
    assert sizes(tool) == ["7", "13"]
    assert page.troubles == []


def test_a_layer_is_added_removed_and_moved_by_keyboard(page, address):
    tool = calculator(page, address, "?layers=a=3,b=2/2,c=5&input=32")
    tool.locator("[data-add='2/2']").press("Enter")
    assert line(tool) == "a=3 b=2/2 c=5 2/2"
    assert page.evaluate("document.activeElement.dataset.field") == "k"

    tool.locator("[data-part=list] > :nth-child(3) [data-move='-1']").press("Enter")
    assert line(tool) == "a=3 c=5 b=2/2 2/2"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "上移"
    page.keyboard.press("Enter")
    assert line(tool) == "c=5 a=3 b=2/2 2/2"
    assert "1" in tool.locator("[data-part=status]").inner_text()
    page.keyboard.press("Enter")  # the first stays the first
    tool.locator("[data-part=list] > :nth-child(2) [data-move='0']").press("Enter")
    assert line(tool) == "c=5 b=2/2 2/2"
    assert page.troubles == []


def test_a_layer_is_dragged_to_its_place(page, address):
    tool = calculator(page, address, "?layers=a=3,b=2/2,c=5,d=7&input=64")
    layers, grips = tool.locator("[data-part=list] > *"), tool.locator("[data-part=grip]")
    for start, goal, order in ((0, 2, "b=2/2 c=5 a=3 d=7"), (2, 0, "a=3 b=2/2 c=5 d=7")):
        grip, place = grips.nth(start).bounding_box(), layers.nth(goal).bounding_box()
        x, y = grip["x"] + 4, place["y"] + (place["height"] - 2 if goal > start else 2)
        page.mouse.move(x, grip["y"] + 4)
        page.mouse.down()
        page.mouse.move(x, y, steps=6)
        page.mouse.up()
        assert line(tool) == order
    assert page.troubles == []


def test_the_address_tells_everything(page, address):
    tool = calculator(page, address, folder="en/")
    tool.locator("[data-part=text]").fill("stem&1=7/2p3 add(3p1 3p1;) t4/2p1 3x5p0:1x2")
    tool.locator("[data-part=input]").fill("40x60")
    tool.locator("[data-pick='2']").click()
    tool.locator("[data-part=unit1]").fill("3")
    page.wait_for_timeout(500)
    link, table, caption = page.url, column(tool, 2), tool.locator("[data-part=caption]").inner_text()

    query = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert (copied(page, "link"), query["layers"]) == (link, ["stem&1=7/2p3,add(3p1,3p1;),t4/2p1,3x5p0:1x2"])
    assert len(table) == 4
    for go in (lambda: page.goto(link), lambda: page.locator("a.language").click()):
        page.wait_for_timeout(500)  # the address is written when typing rests
        go()
        page.wait_for_selector("#calculator:not([hidden])")
        assert column(tool, 2) == table
    page.goto(link)
    assert tool.locator("[data-part=caption]").inner_text() == caption
    assert page.troubles == []


def test_an_unreadable_address_says_so(page, address):
    tool = calculator(page, address, "?layers=3,oops&input=9", "en/")

    assert "“oops” cannot be read" in tool.locator("#calculator-error-text").inner_text()
    assert line(tool) == "3 oops"
    assert len(sizes(tool)) == 5
    assert page.troubles == []


@pytest.mark.parametrize(
    ("folder", "field", "typed", "sentence"),
    [
        ("", "k", "0", "要写成 3 或 3x5 这样的整数，从 1 到 999。"),
        ("", "s", "", "要写成 3 或 3x5 这样的整数，从 1 到 999。"),
        ("", "p", "-1", "要写成 1、1x2 或 0:1 这样的整数，从 0 到 999。"),
        ("", "entry", "3y", "读不懂“3y”；一层写成 3、2/2、3x5p1d2、t4/2p1、up2、pad1 或 global 这样。"),
        ("en/", "k", "3x3x3", "Whole numbers from 1 to 999, such as 3 or 3x5."),
        ("en/", "d", "1.5", "Whole numbers from 1 to 999, such as 3 or 3x5."),
        ("en/", "p", "0:1:2", "Whole numbers from 0 to 999, such as 1, 1x2 or 0:1."),
        ("en/", "name", "a b", "A name has no spaces, commas, semicolons"),
        ("en/", "entry", "add(3p1)", "add needs parentheses with at least two paths"),
        ("en/", "entry", "add 3", "a semicolon between them, as in add(3p1 3p1;)."),
    ],
)
def test_a_wrong_entry_is_explained_beside_its_field(page, address, folder, field, typed, sentence):
    tool = calculator(page, address, "?layers=3,5,pad1,7&input=64", folder)
    layer = 3 if field == "entry" else 2
    entry = layer_field(tool, layer, field)
    right = entry.input_value()
    entry.fill(typed)
    error = page.locator(f"#{entry.get_attribute('aria-describedby')}")

    assert sentence in error.inner_text()
    assert entry.get_attribute("aria-invalid") == "true"
    assert tool.locator("[aria-invalid=true]").count() == 1
    below = error.bounding_box()["y"] - entry.bounding_box()["y"]
    assert 0 < below < 90
    assert len(sizes(tool)) == layer - 1  # what lies below is still right
    entry.fill(right)
    assert len(sizes(tool)) == 4
    assert tool.locator("[aria-invalid=true]").count() == 0
    assert page.troubles == []


@pytest.mark.parametrize(
    ("layers", "size", "layer", "sentence"),
    [
        ("3 7", "8", 2, "7 is left with size 0: the map below has only 6"),
        ("3 sum=add(3;3p1)", "8", 2, "The paths that join at sum must have equal sizes, but they have 4, 6."),
        ("sum=add(3/2;3)", "", 1, "The paths that join at sum must have equal jumps, but they have 2, 1."),
        ("999d999", "", 1, "The field exceeds 20000 positions"),
    ],
)
def test_layers_that_do_not_fit_are_explained(page, address, layers, size, layer, sentence):
    tool = calculator(page, address, "?layers=3&input=", "en/")
    tool.locator("[data-part=input]").fill(size)
    tool.locator("[data-part=text]").fill(layers)

    assert sentence in tool.locator(f"[data-part=list] > :nth-child({layer}) .rf-error").inner_text()
    assert page.troubles == []


@pytest.mark.parametrize("text", ["999*999*3", "999*3 2*3", "9*add(99*3 99*3;)", "99*add(99*add(99*add(;););)"])
def test_a_link_cannot_ask_for_too_much(page, address, text):
    tool = calculator(page, address, "?" + urlencode({"layers": text, "input": "9"}), "en/")

    assert re.search("at most 1000 layers|cannot be read", tool.locator("#calculator-error-text").inner_text())
    assert len(sizes(tool)) == 5
    assert page.troubles == []


def test_a_wrong_input_size_is_explained_and_borders_are_left_out(page, address):
    tool = calculator(page, address, "?layers=3,3&input=9", "en/")
    for typed in ("0", "9x", "1x2x3", "100000"):
        tool.locator("[data-part=input]").fill(typed)
        assert "A size from 1 to 99999" in tool.locator("#calculator-error-input").inner_text()
        assert tool.locator("[data-part=input]").get_attribute("aria-invalid") == "true"
        assert sizes(tool) == ["3", "5"]
    assert page.troubles == []


@pytest.mark.parametrize(
    "query",
    [
        "?layers=conv1=3p1,conv2=3p1,pool=2/2c,3x5/2p1x2d2&input=32x48",
        "?layers=stem=7/2p0:1,t4/2p1o1,up2-bilinear,up2,pad-1,flatten&input=20",
        "?layers=a=add(3p1,3p1;),concat(3p1;b=2p0:1;),global&input=16",
        "?layers=a=3p0:1x2,3d2&input=",
        "?layers=3,global,1&input=",
        "?layers=unet&input=572",
        "?layers=googlenet&input=224",
    ],
)
def test_copies_agree_with_python(page, address, query, tmp_path):
    calculator(page, address, query)
    code, markdown, table = (copied(page, kind) for kind in ("python", "markdown", "csv"))
    lines = [[cell.strip(" ·") for cell in re.split(r"\s{2,}", line)] for line in run(code, tmp_path).splitlines()[2:]]
    rows = list(csv.DictReader(table.splitlines()))

    python = run(re.sub(r"print\((.*)\)", r"print(\1.to_markdown())", code), tmp_path).split("\n\n")[0].rstrip("\n")

    assert [list(row.values()) for row in rows] == lines[: len(rows)]
    assert markdown == python
    assert page.troubles == []


def run(code, folder):
    """What a program prints, run alone in another folder."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, (code, done.stderr)
    return done.stdout


# What a reader sees.


def test_the_picture_grows_layer_by_layer(page, address):
    tool = calculator(page, address, "?layers=3p1,3p1,2/2,3p1&input=32")
    frame, step = tool.locator("[data-part=frame]"), tool.locator("[data-part=step]")
    seen = []
    for layer in range(4):
        step.fill(str(layer))
        boxes = tool.locator("[data-part=earlier]").get_attribute("d").count("M")
        seen.append((frame.get_attribute("width"), frame.get_attribute("height"), boxes))
        assert tool.locator(".rf-chosen th").inner_text() == column(tool, 1)[layer]

    assert seen == [("3", "3", 0), ("5", "5", 1), ("6", "6", 2), ("10", "10", 3)]
    assert page.troubles == []


def test_the_picture_shows_holes_and_borders(page, address):
    tool = calculator(page, address, "?layers=3d2,3d2&input=32x24", "en/")
    bars = [tool.locator(f"[data-part={name}]").get_attribute("d") for name in ("seen-rows", "seen-columns")]
    row = receptive_field([Layer(3, dilation=2)] * 2, (32, 24))[-1].positions((12, 8))

    assert tuple(tuple(map(int, re.findall(r"M\S+ (\d+)H", bars[0]))) for _ in "x") == (row[0],)
    assert tuple(map(int, re.findall(r"M(\d+) ", bars[1]))) == row[1]
    assert (bars[0].count("v1"), bars[1].count("h1")) == (5, 5)

    tool.locator("[data-part=text]").fill("5p2 5p2")
    tool.locator("[data-part=unit0]").fill("0")
    assert "rows -4 – 4" in tool.locator("[data-part=caption]").inner_text()
    assert "The border cuts it." in tool.locator("[data-part=caption]").inner_text()
    whole, seen = (tool.locator(f"[data-part={name}-rows]").get_attribute("d") for name in ("whole", "seen"))
    assert re.findall(r"M\S+ (-?\d+)H\S+v(\d+)", whole) == [("-4", "9")]
    assert re.findall(r"M\S+ (-?\d+)H\S+v(\d+)", seen) == [("0", "5")]
    name = tool.locator("svg[role=img]").get_attribute("aria-labelledby")
    assert tool.locator(f"#{name}").inner_text() == tool.locator("[data-part=caption]").inner_text()
    assert page.troubles == []


def test_a_click_chooses_the_nearest_unit(page, address):
    tool = calculator(page, address, "?layers=3p1,2/2&input=16")
    svg = tool.locator("[data-part=svg]")
    svg.scroll_into_view_if_needed()
    box = tool.locator("[data-part=map]").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 13.5 / 16, box["y"] + box["height"] * 4.5 / 16)

    assert [tool.locator(f"[data-part=unit{side}]").input_value() for side in "01"] == ["2", "6"]
    assert page.troubles == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("folder", ["", "en/"])
def test_words_stand_out_in_both_schemes(page, address, folder, scheme):
    page.emulate_media(color_scheme=scheme)
    tool = calculator(page, address, "?layers=3,y=0&input=9" if scheme == "dark" else "?layers=3,9&input=4", folder)
    contrasts = tool.evaluate(CONTRASTS)

    assert len(contrasts) > 30
    assert [found for found in contrasts if found[0] < 4.5] == []


CONTRASTS = """root => {
    const channels = color => {
        const canvas = new OffscreenCanvas(1, 1).getContext("2d");
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] / 255 + below[i] * (1 - top[3] / 255));
    const light = color => color.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = element => {
        if (!element) return [255, 255, 255];
        const color = channels(getComputedStyle(element).backgroundColor);
        return color[3] === 255 ? color.slice(0, 3) : over(color, behind(element.parentElement));
    };
    return [...root.querySelectorAll("label, button, td, th, p, small, li, output, input")]
        .filter(e => e.offsetParent && e.textContent.trim() + (e.value ?? "") && getComputedStyle(e).fontSize !== "0px")
        .map(e => {
            const ground = behind(e), ink = over(channels(getComputedStyle(e).color), ground);
            const [a, b] = [light(ink), light(ground)].sort((a, b) => b - a);
            return [(a + 0.05) / (b + 0.05), e.outerHTML.slice(0, 80)];
        });
}"""


@pytest.mark.parametrize("folder", ["", "en/"])
def test_every_control_has_a_name(page, address, folder):
    tool = calculator(page, address, "?layers=3,t4/2p1,up2,add(3p1;)&input=32", folder)
    tree = tool.aria_snapshot()

    roles = "textbox|button|combobox|slider|spinbutton|checkbox|img|region|group"
    nameless = re.findall(rf"- (?:{roles})(?=:| \[|$)", tree, re.M)
    assert nameless == []
    assert len(re.findall(r"- (?:textbox|button|spinbutton) \"", tree)) > 25
    assert tool.locator("[role=status]").count() == 2


@pytest.mark.parametrize("width", [360, 390])
@pytest.mark.parametrize("layers", ["resnet50", "3x5/2p0:1x2,a_very_long_name_of_a_layer=t4/2p1,concat(1;1,3p1;3p1)"])
def test_a_phone_never_scrolls_sideways_whatever_the_network(page, address, width, layers):
    page.set_viewport_size({"width": width, "height": 780})
    tool = calculator(page, address, f"?layers={layers}&input=224x192", "en/")
    outside = tool.evaluate(
        """root => [...root.querySelectorAll("input, select, button, svg, label, p")].filter(e => e.offsetParent
            && !e.closest(".rf-scroll") && e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML)"""
    )

    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert outside == []


def test_nothing_moves_for_readers_who_ask_for_less_motion(page, address):
    moving = []
    for wish in ("no-preference", "reduce"):
        page.emulate_media(reduced_motion=wish)
        tool = calculator(page, address)
        moving.append(tool.locator("[data-part=frame]").evaluate("e => getComputedStyle(e).transitionDuration"))

    assert moving[0].startswith("0.3s")
    assert moving[1] == "0s"


def test_without_scripts_the_example_remains(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for folder in ("", "en/"):
        page.goto(f"{address}{folder}tools/receptive-field/")
        text = page.locator("article").inner_text()
        assert not page.locator("#calculator").is_visible()
        assert "dilated    18       18     2    1/2" in text
        assert "JavaScript" in text
    context.close()


def test_one_module_without_anything_inline(site):
    code = MODULE.read_text(encoding="utf-8")
    assert "import " not in re.sub(r"`[^`]*`|//.*", "", code)
    assert not re.search(r"innerHTML|\beval\b|new Function|setAttribute\(\"style|\bstyle=", code)
    assert len(MODULE.read_bytes()) < 25_000
    for folder in ("", "en/"):
        page = (site / folder / "tools/receptive-field/index.html").read_text(encoding="utf-8")
        block = page[page.index('<div id="calculator"') : page.index('<h2 id="how"')]
        assert not re.search(r"<script|\son\w+=|\sstyle=", block)
        modules = re.findall(r'<script type="module" src="([^"]+)"', page)
        assert modules == ["../../assets/javascripts/receptive-field.js"]
        home = (site / folder / "index.html").read_text(encoding="utf-8")
        assert "receptive-field.js" not in home
