"""The built site in a real browser, served under a path as GitHub Pages does: what a reader sees, presses and finds."""

import doctest
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from verifier.glossary import terms
from verifier.output import Checker

DOCS = Path(__file__).parents[1] / "docs"


OUTSIDE = """() => [...document.querySelectorAll("body *")].filter(element =>
    element.getBoundingClientRect().right > innerWidth + 1
    && getComputedStyle(element).position !== "fixed"
    && !element.closest(".formula, pre, .md-typeset__scrollwrap, .md-sidebar, .md-search, .md-header, .md-tabs")
).map(element => element.outerHTML.slice(0, 90))"""
PAGES = sorted(path.relative_to(DOCS / "zh").with_suffix("") for path in (DOCS / "zh").rglob("*.md"))
PATHS = [f"{folder}{page.as_posix()}/".removesuffix("index/") for folder in ("", "en/") for page in PAGES]


def visit(page, url):
    """Open a page and wait until its scripts and requests have settled."""
    page.goto(url)
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_quiet_and_stays_at_home(page, address, path):
    visit(page, address + path)
    page.locator("input.md-search__input").click()
    page.wait_for_load_state("networkidle")

    assert page.troubles == []
    assert re.findall(r"\\[a-zA-Z]+|\$[^$\n]{1,80}\$", page.locator("article").inner_text()) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_phone_never_scrolls_sideways(page, address, path):
    visit(page, address + path)
    for width in (390, 360):
        page.set_viewport_size({"width": width, "height": 780})

        too_wide = page.evaluate(OUTSIDE)
        scrolls = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

        assert (width, scrolls, too_wide) == (width, 0, [])


@pytest.mark.parametrize("path", PATHS)
def test_every_copy_button_gives_a_program_that_prints_what_the_page_shows(page, address, path, elsewhere):
    visit(page, address + path)
    blocks = page.locator(".snippet")
    buttons = blocks.count()
    assert buttons >= (8 if path.removeprefix("en/") == "softmax/" else 0)

    page.evaluate("document.querySelectorAll('details').forEach(box => { box.open = true })")
    copied = []
    with ThreadPoolExecutor(2) as pool:  # programs run while the next button is pressed
        for i in range(buttons):
            block = blocks.nth(i)
            block.hover()
            block.locator("button.md-clipboard, [data-clipboard-target]").first.click()
            code = page.evaluate("navigator.clipboard.readText()")
            page.evaluate("navigator.clipboard.writeText('')")
            shown = "".join(e.want for e in doctest.DocTestParser().get_examples(block.locator("code").inner_text()))
            copied.append((code, shown, pool.submit(run_alone, code, elsewhere)))

    for code, shown, run in copied:
        status, printed, complaint = run.result()
        assert status == 0, (code, complaint)
        assert shown.strip()
        assert Checker().check_output(shown, printed, 0), (code, shown, printed)


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory, worker_id):
    """A folder for all workers that holds no program: what runs there finds cnnref only where it is installed."""
    run = tmp_path_factory.getbasetemp()
    folder = (run if worker_id == "master" else run.parent) / "elsewhere"
    folder.mkdir(exist_ok=True)
    return folder


def run_alone(code, folder):
    """Run a program in a fresh Python, outside the repository; once for both languages, whose code is the same."""
    kept = folder / f"{hashlib.sha256(code.encode()).hexdigest()}.json"
    if not kept.exists():
        command = [sys.executable, "-"]
        done = subprocess.run(command, input=code, cwd=folder, capture_output=True, text=True, check=False)
        aside = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}")  # another worker may be reading
        aside.write_text(json.dumps([done.returncode, done.stdout, done.stderr]), encoding="utf-8")
        aside.replace(kept)
    return json.loads(kept.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("path", "twin"), [("softmax/", "en/softmax/"), ("glossary/", "en/glossary/"), ("", "en/")])
def test_the_language_switch_keeps_the_page(page, address, path, twin):
    visit(page, address + path)
    page.locator("a.language").click()
    page.wait_for_url(address + twin)
    assert page.locator("html").get_attribute("lang") == "en"

    page.locator("a.language").click()
    page.wait_for_url(address + path)
    assert page.locator("html").get_attribute("lang") == "zh"
    assert page.troubles == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_follows_the_system_and_shows_the_drawing_that_fits(page, address, scheme):
    page.emulate_media(color_scheme=scheme)
    visit(page, address + "softmax/")

    body = page.locator("body").get_attribute("data-md-color-scheme")
    visible = page.locator("article figure img:visible").evaluate_all(
        "images => images.map(i => i.getAttribute('src'))"
    )

    assert body == {"light": "default", "dark": "slate"}[scheme]
    assert len(visible) >= 4
    assert all(src.endswith(f"#only-{scheme}") for src in visible)


def test_the_toggle_walks_through_the_schemes_and_is_remembered(page, address):
    page.emulate_media(color_scheme="light")
    visit(page, address + "softmax/")
    seen = [page.locator("body").get_attribute("data-md-color-scheme")]
    for _ in range(2):
        page.locator("form[data-md-component=palette] label:visible").click()
        seen.append(page.locator("body").get_attribute("data-md-color-scheme"))
    visit(page, address + "glossary/")

    assert seen == ["default", "default", "slate"]
    assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("", "温度", "softmax/"),
        ("", "离群值", "softmax/"),
        ("", "溢出", "softmax/"),
        ("", "softmax", "softmax/"),
        ("", "SOFTMAX", "softmax/"),
        ("", "感受野", "receptive-field/"),
        ("", "汇聚", "glossary/"),
        ("", "批标准化", "glossary/"),
        ("", "交叉熵", "softmax/"),
        ("en/", "temperature", "en/softmax/"),
        ("en/", "outlier", "en/softmax/"),
        ("en/", "overflow", "en/softmax/"),
        ("en/", "receptive field", "en/receptive-field/"),
        ("en/", "cross-entropy", "en/softmax/"),
    ],
)
def test_search_finds_the_page(page, address, path, query, target):
    visit(page, address + path)
    page.locator("input.md-search__input").click()
    page.keyboard.insert_text(query)  # as an input method does; the key that ends it makes the page search
    page.keyboard.press("End")
    page.wait_for_selector(".md-search-result__item a", timeout=10_000)
    found = page.locator(".md-search-result__item > a").evaluate_all("links => links.slice(0, 3).map(a => a.pathname)")

    assert any(link == "/cnnref/" + target for link in found), found


# What readers type who learned another name, and the term they mean.
ELSEWHERE = {
    "zh": {
        "汇聚": "pooling",
        "批标准化": "batch-normalization",
        "批量归一化": "batch-normalization",
        "BN": "batch-normalization",
        "步长": "stride",
        "均值池化": "average-pooling",
        "mean pooling": "average-pooling",
        "稠密层": "linear-layer",
        "反卷积": "transposed-convolution",
        "过滤器": "filter",
        "特征映射": "feature-map",
        "下采样": "downsampling",
        "残差连接": "skip-connection",
        "信息熵": "entropy",
        "归一化指数函数": "softmax",
        "异常值": "outlier",
        "移动平均": "running-statistics",
        "膨胀卷积": "dilated-convolution",
        "接受域": "receptive-field",
        "参数共享": "weight-sharing",
        "线性整流函数": "relu",
        "椒盐噪声": "salt-and-pepper",
        "核技巧": "kernel-trick",
    },
    "en": {
        "mean pooling": "average-pooling",
        "BN": "batch-normalization",
        "batchnorm": "batch-normalization",
        "field of view": "receptive-field",
        "fully connected layer": "linear-layer",
        "dense layer": "linear-layer",
        "deconvolution": "transposed-convolution",
        "atrous convolution": "dilated-convolution",
        "shortcut": "skip-connection",
        "neuron": "unit",
        "nonlinearity": "non-linearity",
        "logistic function": "sigmoid",
        "log loss": "cross-entropy",
        "moving averages": "running-statistics",
        "subsampling": "downsampling",
        "back-propagation": "backpropagation",
        "z-score": "standardization",
        "parameter sharing": "weight-sharing",
        "swish": "silu",
        "rectified linear unit": "relu",
    },
}


def places(language):
    """For each term the two places that a search must lead to: its entry, and what explains it."""
    folder = {"zh": "/cnnref/", "en": "/cnnref/en/"}[language]
    for term in terms((DOCS / language / "glossary.md").read_text(encoding="utf-8")):
        page, hash, anchor = term.explained.partition("#")
        yield term.id, {f"{folder}glossary/#{term.id}", f"{folder}{page.removesuffix('.md')}/{hash}{anchor}"}


@pytest.mark.parametrize("language", ELSEWHERE)
def test_search_knows_the_names_in_use_elsewhere(page, address, language):
    visit(page, address + {"zh": "", "en": "en/"}[language])
    wanted, missed = dict(places(language)), {}
    for query, term in ELSEWHERE[language].items():
        page.locator("input.md-search__input").fill("")
        page.locator(".md-search-result__item").first.wait_for(state="detached")
        page.locator("input.md-search__input").click()
        page.keyboard.insert_text(query)
        page.keyboard.press("End")
        page.wait_for_selector(".md-search-result__item a", timeout=10_000)
        links = "item => [...item.querySelectorAll(':scope > a')].map(link => link.pathname + link.hash)"
        found = page.locator(".md-search-result__item").evaluate_all(f"all => all.slice(0, 3).flatMap({links})")
        if missing := wanted[term] - set(found):
            missed[query] = missing, found[:8]

    assert missed == {}


def test_a_result_shows_the_name_that_was_typed_and_no_other(page, address):
    visit(page, address)
    page.locator("input.md-search__input").click()
    page.keyboard.insert_text("批标准化")
    page.keyboard.press("End")
    page.wait_for_selector(".md-search-result__item .md-tag mark", timeout=10_000)

    assert set(page.locator(".md-search-result__item .md-tag:visible").all_inner_texts()) == {"批标准化"}


@pytest.mark.parametrize("path", ["", "en/"])
def test_the_home_page_leads_to_all_chapters(page, address, path):
    visit(page, address + path)
    questions = page.locator(".questions li")
    tiles = page.locator(".counts strong").all_inner_texts()

    assert questions.count() == 7
    assert page.locator(".questions li a").count() == 8
    assert len(tiles) == 4
    assert min(map(int, tiles)) > 50


def test_an_unknown_address_gets_a_page_in_both_languages(page, address):
    page.goto(address + "no/such/page/")

    text = page.locator("article").inner_text()
    page.locator("article a").first.click()

    assert "这一页不存在" in text
    assert "No such page" in text
    assert page.url == address


def test_formulas_are_drawn_with_the_site_s_own_font(page, address):
    visit(page, address + "softmax/")

    loaded = page.evaluate(
        "document.fonts.ready.then(() => [...document.fonts].filter(f => f.status === 'loaded').length)"
    )
    heights = page.locator(".formula math").evaluate_all("all => all.map(m => m.getBoundingClientRect().height)")

    assert loaded >= 1
    assert len(heights) >= 3
    assert min(heights) > 12


@pytest.mark.parametrize("path", ["claims/", "en/claims/"])
def test_the_ledger_is_filtered_without_a_script(browser, address, path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + path)
    everything = page.locator(".claim").count()

    page.locator('input[name="verdict"][value="wrong"]').check()
    wrong = page.locator(".claim:visible")
    verdicts = [wrong.nth(i).get_attribute("data-verdict") for i in range(wrong.count())]
    page.locator('input[name="chapter"][value="softmax"]').check()
    wrong_here = page.locator(".claim:visible").count()
    shown = page.locator("table tbody tr:last-child td strong").all_inner_texts()
    context.close()

    assert everything > 100
    assert set(verdicts) == {"wrong"}
    assert 0 < wrong_here < len(verdicts) < everything
    assert [shown[-1], shown[-3]] == [str(everything), str(len(verdicts))]
