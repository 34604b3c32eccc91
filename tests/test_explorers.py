"""The explorers: their numbers are those of cnnref, their programs print them, and every reader can use them.

`pytest tests/test_explorers.py -k convolution` runs one. What an explorer is held to stands in tests/explorers/NAME.py.
"""

import functools
import importlib
import math
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.explorers.pictures import pictures

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "docs/theme/assets"
NAMES = sorted(path.stem for path in (ROOT / "docs/explorers").glob("*.html") if path.stem != "frame")
CASES = 520  # for each explorer
STATE = "async ([url, selector]) => (await import(url)).stateOf(document.querySelector(selector + ' form'))"
NUMBERS = "async ([url, states]) => (await import(url)).numbers ? states.map((await import(url)).numbers) : null"

FOCUSED = "[document.activeElement.type ?? '', getComputedStyle(document.activeElement).outlineStyle]"


@functools.cache
def oracle_of(name):
    return importlib.import_module(f"tests.explorers.{name.replace('-', '_')}")


@functools.cache
def alone(chapter, name):
    """An explorer with nothing else on its page: long chapters take their time."""
    figure = re.search(rf'<figure class="explorer" id="explore-{name}">.*?</figure>', chapter, re.DOTALL)[0]
    style = re.search(r'<link[^>]*/explorers\.css">', chapter)[0]
    script = re.search(rf'<script[^>]*/{name}\.js"></script>', chapter)[0]
    return f'<!doctype html><html class="js"><meta charset="utf-8">{style}{figure}{script}</html>'


def open_alone(page, address, name, move="", folder=""):
    """Open an explorer in a state without the chapter around it."""
    chapter = f"{address}{folder}{oracle_of(name).PAGE}"
    body = alone(page.request.get(chapter).text(), name)
    place = re.compile(re.escape(chapter) + r"(\?.*)?$")
    page.route(place, lambda route: route.fulfill(body=body, content_type="text/html"))
    return open_explorer(page, address, name, move, folder)


def open_explorer(page, address, name, move="", folder=""):
    """Open the page of an explorer in a state, and wait until it lives."""
    page.goto(f"{address}{folder}{oracle_of(name).PAGE}?{name}={move}#explore-{name}")
    explorer = page.locator(f"#explore-{name}[data-live]")
    explorer.wait_for(state="visible")
    return explorer


def part(explorer, key):
    return explorer.locator(f"[data-part='{key}']")


def module(address, name):
    return f"{address}assets/javascripts/explorers/{name}.js"


def state_of(page, address, name):
    return page.evaluate(STATE, [module(address, "explorer"), f"#explore-{name}"])


def difference(here, there, place="", tolerance=1e-9):
    """The first place where two nested values are not the same, or None."""
    if isinstance(here, dict) and isinstance(there, dict):
        if here.keys() != there.keys():
            return place, sorted(here), sorted(there)
        pairs = [(f"{place}.{key}", here[key], there[key]) for key in here]
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        pairs = [(f"{place}[{i}]", *pair) for i, pair in enumerate(zip(here, there, strict=True))]
    elif isinstance(here, int | float) and isinstance(there, int | float) and not isinstance(here, bool):
        return None if math.isclose(here, there, rel_tol=tolerance, abs_tol=tolerance) else (place, here, there)
    else:
        return None if type(here) is type(there) and here == there else (place, here, there)
    return next(filter(None, (difference(a, b, at, tolerance) for at, a, b in pairs)), None)


# Numbers.


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_are_those_of_cnnref(page, address, name):
    oracle = oracle_of(name)
    states = [oracle.state(random.Random(seed)) for seed in range(CASES)]
    open_alone(page, address, name)
    admitted = state_of(page, address, name)

    drawn = page.evaluate(NUMBERS, [module(address, name), states])

    assert {key: type(value) for key, value in states[0].items()} == {
        key: {float: int}.get(type(value), type(value)) if type(states[0].get(key)) is int else type(states[0].get(key))
        for key, value in admitted.items()
    }
    wrong = {}
    for seed, (state, found) in enumerate(zip(states, drawn, strict=True)):
        if off := difference(found, oracle.numbers(state), tolerance=getattr(oracle, "TOLERANCE", 1e-9)):
            wrong[seed] = state, off
    assert len(drawn) == CASES >= 500
    assert wrong == {}


def test_the_pictures_are_what_they_are_called(page, address):
    page.goto(address)
    drawn = page.evaluate("async (url) => (await import(url)).pictures", module(address, "pictures"))

    assert drawn == pictures()


@pytest.mark.parametrize("name", NAMES)
def test_the_copied_program_runs_alone_and_prints_what_is_shown(page, address, name, tmp_path):
    running = []
    for i, move in enumerate(oracle_of(name).MOVES):
        explorer = open_alone(page, address, name, move, folder=["", "en/"][i % 2])
        part(explorer, "copy").click()
        part(explorer, "copied").get_by_text(re.compile("已复制|Copied")).wait_for()
        program = page.evaluate("navigator.clipboard.readText()")
        command = [sys.executable, "-W", "error", "-c", program]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        running.append((move, program, subprocess.Popen(command, cwd=tmp_path, **pipes)))

    programs = set()
    for move, program, process in running:
        printed, complaint = process.communicate()
        shown = re.findall(r"^# (.*)$", program.rstrip().rpartition("\n\n")[2], re.MULTILINE)
        assert (process.returncode, complaint) == (0, ""), (move, program)
        assert printed.splitlines() == shown, (move, program)
        assert shown
        assert "cnnref" in program
        programs.add(program)
    assert len(programs) == len(oracle_of(name).MOVES) >= 6


@pytest.mark.parametrize(
    ("x", "digits", "text"),
    [(2.0, 4, "2.0"), (-0.00001, 4, "-0.0"), (0.03125, 4, "0.0312"), (0.09375, 4, "0.0938"), (2.675, 2, "2.67"),
     (-0.03125, 4, "-0.0312"), (1e9, 4, "1000000000.0"), (0.1 + 0.2, 4, "0.3")],
)  # fmt: skip
def test_numbers_are_written_as_python_rounds_and_prints_them(page, address, x, digits, text):
    page.goto(address)
    written = page.evaluate(
        "async ([url, x, digits]) => (await import(url)).rounded(x, digits)", [module(address, "explorer"), x, digits]
    )

    assert written == text == str(round(x, digits))


# Readers.


@pytest.mark.parametrize("name", NAMES)
def test_the_address_keeps_the_state(page, address, name):
    for move in oracle_of(name).MOVES:
        open_alone(page, address, name, move)
        state = state_of(page, address, name)
        page.locator(f"#explore-{name} [data-part=copy]").focus()
        page.wait_for_timeout(300)  # the address is written after a pause
        saved = page.evaluate("location.search + location.hash")

        if saved != f"?{name}={move}#explore-{name}":  # an address that stays as it was has just been read
            page.goto("about:blank")
            page.goto(f"{address}{oracle_of(name).PAGE}{saved}")
            page.locator(f"#explore-{name}[data-live]").wait_for()

        assert state_of(page, address, name) == state, saved
        given = dict(pair.split(":") for pair in move.split(";") if pair)
        for key, value in given.items():
            kept = state[key] if not isinstance(state[key], list) else state[key][: value.count(",") + 1]
            assert [str(v) for v in (kept if isinstance(kept, list) else [kept])] == [
                {"true": "True", "false": "False"}.get(v, v) for v in value.split(",")
            ], (move, key)


@pytest.mark.parametrize("name", NAMES)
def test_nonsense_in_the_address_changes_nothing(page, address, name):
    open_alone(page, address, name)
    usual = state_of(page, address, name)
    fields = ";".join(f"{key}:%3Cb%3E,,x" for key in usual)

    open_alone(page, address, name, f"nobody:1;:;{fields};toString:2;length:3")

    assert state_of(page, address, name) == usual
    assert page.troubles == []


@pytest.mark.parametrize("name", NAMES)
def test_every_control_is_reached_and_works_by_keyboard(page, address, name):
    explorer = open_explorer(page, address, name)
    wanted = explorer.locator("form :is(input, select, button, summary):visible").count()
    steps, radios = 0, explorer.locator("form input[type=radio]:not(:checked):visible").count()
    explorer.locator("form :is(input, select, button, summary):visible").first.focus()
    seen, changed = [], []
    while page.evaluate(f"document.activeElement.closest('#explore-{name} form') !== null") and steps < 200:
        steps += 1
        before = part(explorer, "program").text_content()
        kind, outline = page.evaluate(FOCUSED)
        seen.append(kind)
        assert outline != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if kind == "range":
            for key in ("ArrowRight", "ArrowLeft"):  # one of them moves it, wherever it stands
                page.keyboard.press(key)
                changed.append(part(explorer, "program").text_content() != before)
        page.keyboard.press("Tab")

    assert len([kind for kind in seen if kind != "pre"]) >= wanted - radios, seen
    assert any(changed) or "range" not in seen
    assert page.troubles == []


@pytest.mark.parametrize("name", NAMES)
def test_without_a_script_a_figure_stays(browser, address, name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for folder in ("", "en/"):
        page.goto(f"{address}{folder}{oracle_of(name).PAGE}")
        explorer = page.locator(f"#explore-{name}")

        assert explorer.locator("form").is_visible() is False
        assert explorer.locator(".still img:visible").count() == 1
        assert len(explorer.locator("figcaption").inner_text()) > 20
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_on_paper_the_figure_stands(page, address, name):
    explorer = open_explorer(page, address, name)
    page.emulate_media(media="print")

    assert explorer.locator("form").is_visible() is False
    assert explorer.locator(".still img:visible").count() == 1


@pytest.mark.parametrize("name", NAMES)
def test_nothing_moves_when_the_script_takes_over(page, address, name):
    open_explorer(page, address, name)
    alive, still = page.evaluate(
        """name => {
          const figure = document.getElementById(`explore-${name}`);
          const place = () => [figure.offsetTop, figure.offsetLeft, figure.offsetWidth, figure.offsetHeight];
          const alive = place();
          delete figure.dataset.live;
          return [alive, place()];
        }""",
        name,
    )

    assert still == alive


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_say_the_same_in_their_own_words(page, address, name):
    said = {}
    for folder in ("", "en/"):
        explorer = open_explorer(page, address, name, oracle_of(name).MOVES[1], folder)
        text = explorer.locator("form").inner_text()
        said[folder] = part(explorer, "says").inner_text(), part(explorer, "program").text_content()
        names = explorer.locator("form :is(input, select, button, svg[role=img])").evaluate_all(
            "all => all.map(e => e.ariaLabel || [...e.labels ?? []].map(l => l.textContent).join() || e.textContent)"
        )
        assert all(names), names
        assert bool(re.search("[\u4e00-\u9fff]", text + "".join(names))) is (folder == "")
        assert not re.search(r"\{\d\}|undefined|NaN|\[object", text)

    numbers = [re.findall(r"[\d.]*\d", text) for text, _ in said.values()]
    assert sorted(numbers[0]) == sorted(numbers[1])
    assert said[""][0] != said["en/"][0]
    assert said[""][1] == said["en/"][1]


@pytest.mark.parametrize("name", NAMES)
def test_a_finger_can_use_it_on_a_narrow_phone(browser, address, name):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    explorer = open_explorer(page, address, name)
    before = part(explorer, "program").text_content()
    sizes = explorer.locator("form :is(button, select, summary):visible").evaluate_all(
        "all => all.map(e => Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height))"
    )

    slider = explorer.locator("form input[type=range]:visible").first
    box = slider.bounding_box()
    slider.tap(position={"x": box["width"] * 0.9, "y": box["height"] / 2})

    assert min(sizes) >= 24
    assert part(explorer, "program").text_content() != before
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_who_wants_less_motion_gets_single_steps(page, address, name):
    page.emulate_media(reduced_motion="reduce")
    explorer = open_explorer(page, address, name)
    if not part(explorer, "play").count():
        return  # nothing moves by itself
    before = part(explorer, "program").text_content()
    part(explorer, "play").click()
    once = part(explorer, "program").text_content()
    page.wait_for_timeout(900)

    assert before != once == part(explorer, "program").text_content()


def test_a_field_that_cannot_be_used_is_named_and_nothing_is_lost(page, address):
    for folder, sentence in (("", "“核的第 1 行第 1 列”要填 -9 到 9 之间的数，现在是 77。"),
                             ("en/", "“Kernel, row 1, column 1” takes a number from -9 to 9; it is 77.")):  # fmt: skip
        explorer = open_explorer(page, address, "convolution", "", folder)
        before = part(explorer, "program").text_content()
        cell = explorer.locator("[name=kernel]").first
        cell.fill("77")

        assert part(explorer, "says").inner_text() == sentence
        assert cell.get_attribute("aria-invalid") == "true"
        assert part(explorer, "program").text_content() == before

        cell.fill("2")
        assert part(explorer, "program").text_content() != before
        assert cell.get_attribute("aria-invalid") == "false"


def test_a_click_chooses_the_window(page, address):
    explorer = open_explorer(page, address, "convolution")
    output = part(explorer, "output")
    box = output.bounding_box()
    output.click(position={"x": box["width"] * 0.5, "y": box["height"] * 0.9})

    state = state_of(page, address, "convolution")
    assert (state["row"], state["column"]) == (4, 2)


# Weight.


def test_all_explorers_together_stay_small():
    files = [*(ASSETS / "javascripts/explorers").glob("*.js"), ASSETS / "stylesheets/explorers.css"]
    sizes = {path.name: path.stat().st_size for path in files}

    assert set(NAMES) <= {name.removesuffix(".js") for name in sizes}
    assert sum(sizes.values()) < 60 * 1024, sizes


def test_modules_import_nothing_but_each_other():
    for path in (ASSETS / "javascripts/explorers").glob("*.js"):
        imported = re.findall(r"""(?:from|import)\s*\(?["']([^"']+)""", path.read_text(encoding="utf-8"))
        assert set(imported) <= {"./explorer.js", "./pictures.js"}, path.name
