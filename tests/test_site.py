"""The built site, as files: both languages, every Python block verified, formulas as MathML, nothing from elsewhere."""

import functools
import html
import json
import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml

from verifier import evidence, labs
from verifier.runnable import program
from verifier.snippets import docstring_snippets, page_snippets

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(
    r'<div class="(?P<class>[^"]*\bhighlight\b[^"]*)"(?P<attributes>[^>]*)>(?P<block>.*?</pre></div>)', re.S
)
PYTHON = re.compile(r"\blanguage-(python|pycon|py|python3|ipython)\b")
TAGS = re.compile(r"<[^>]+>")


def pages(site: Path) -> dict[str, str]:
    """The published pages by address below the root, without the machine's other files."""
    return {p.relative_to(site).as_posix(): p.read_text(encoding="utf-8") for p in sorted(site.rglob("*.html"))}


def source(address: str) -> Path | None:
    """The Markdown file behind an address; None for the page of unknown addresses."""
    language, rest = ("en", address[3:]) if address.startswith("en/") else ("zh", address)
    if rest == "404.html":
        return None
    return ROOT / "docs" / language / ((rest.removesuffix("index.html").rstrip("/") or "index") + ".md")


def text_of(markup: str) -> str:
    """What a reader sees of a piece of a page."""
    return html.unescape(TAGS.sub("", markup))


def test_both_languages_are_built_from_every_page(site):
    expected = set()
    for language, folder in (("zh", ""), ("en", "en/")):
        for path in (ROOT / "docs" / language).rglob("*.md"):
            name = path.relative_to(ROOT / "docs" / language).with_suffix("").as_posix()
            expected.add(folder + ("index.html" if name == "index" else f"{name}/index.html"))
        expected.add(f"{folder}404.html")

    assert set(pages(site)) == expected
    assert not list(site.rglob("*.py"))


def sessions(page: str) -> list[re.Match]:
    """The Python that a page shows, leaving out signatures and sources of the reference: they are no examples."""
    page = re.sub(r'<details class="mkdocstrings-source">.*?</details>', "", page, flags=re.S)
    return [m for m in BLOCK.finditer(page) if PYTHON.search(m["class"]) and "doc-signature" not in m["class"]]


def docstring_examples() -> set[str]:
    """The examples of every docstring of the package, as the reference shows them."""
    modules = [(path.name, path.read_text(encoding="utf-8")) for path in (ROOT / "cnnref").glob("*.py")]
    return {"".join(lines(snippet)) for name, text in modules for snippet in docstring_snippets(name, text)}


def lines(snippet):
    """The lines of the examples of a docstring, as the reference shows them."""
    for example in snippet.examples:
        first, *rest = example.source.splitlines(keepends=True)
        yield f">>> {first}" + "".join(f"... {line}" for line in rest) + example.want


def test_every_python_block_that_is_shown_is_run(site):
    """Count with the renderer, not with the collector: a snippet that silently stops being tested fails here."""
    verified, seen = docstring_examples(), 0
    for address, page in pages(site).items():
        if (markdown := source(address)) and not labs.is_lab(markdown.read_text(encoding="utf-8")):
            shown = [text_of(m["block"]) for m in sessions(page)]
            own = [s.text for s in page_snippets(str(markdown), markdown.read_text(encoding="utf-8"))]
            assert shown[: len(own)] == own, address
            assert set(shown[len(own) :]) <= verified, address
            assert shown[len(own) :] == [] or address.removeprefix("en/").startswith("api/"), address
            seen += len(shown)

    assert seen >= 16


@functools.cache
def built_labs(site) -> dict[str, tuple[str, Path]]:
    """The page of each lab by its address, with its source."""
    sources = {address: source(address) for address in pages(site)}
    return {
        address: (pages(site)[address], path)
        for address, path in sources.items()
        if path and labs.is_lab(path.read_text(encoding="utf-8"))
    }


def test_every_cell_of_a_lab_is_shown_and_nothing_of_the_plugin(site):
    found = built_labs(site)

    assert len(found) == 2 * len(list((ROOT / "docs/zh/labs").glob("*.md")))
    for address, (page, path) in found.items():
        cells = [cell.text for cell in labs.cells(address, path.read_text(encoding="utf-8"))]
        assert [text_of(m["block"]) for m in sessions(page)] == cells, address
        assert "jp-" not in page, address
        assert len(page.encode()) < 300_000, address
        assert 'class="cell-output"' in page, address
        book = json.loads((site / address.replace("/index.html", ".ipynb")).read_text(encoding="utf-8"))
        code = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
        assert [each.rstrip() for each in code] == [each.rstrip() for each in cells], address


def printed(page: str) -> dict[str, str]:
    """What the cells of each section of a lab printed, by the id of the section."""
    parts = re.split(r'<h[1-6] id="([\w-]+)">', page)
    boxes = re.compile(r'<div class="cell-output"[^>]*><pre>(.*?)</pre>', re.S)
    sections = zip(parts[1::2], parts[2::2], strict=True)
    return {name: "\n".join(map(html.unescape, boxes.findall(part))) for name, part in sections}


def test_a_lab_prints_what_the_ledger_says_it_finds(site):
    claims = yaml.safe_load((ROOT / "docs/claims.yaml").read_text(encoding="utf-8"))
    decided = [(c["id"], c["decided_by"]) for c in claims if "lab" in c["decided_by"] and "finds" in c["decided_by"]]
    by_lab = {address: printed(page) for address, (page, _) in built_labs(site).items()}

    assert decided
    for name, by in decided:
        lab, _, section = by["lab"].partition("#")
        for folder in ("", "en/"):
            assert str(by["finds"]) in by_lab[f"{folder}{lab}/index.html"][section], name


def test_no_session_is_shown_outside_the_verified_blocks(site):
    """Neither in an indented block nor in raw HTML, which no collector reads."""
    for address, page in pages(site).items():
        page = re.sub(r'<details class="mkdocstrings-source">.*?</details>', "", page, flags=re.S)
        blocks = [text_of(block) for block in re.findall(r"<pre\b.*?</pre>", page, flags=re.S)]
        shown = [block for block in blocks if re.search(r"^\s*>>>( |$)", block, flags=re.M)]
        assert len(shown) == (0 if address in built_labs(site) else len(sessions(page))), address


def test_the_copy_button_gives_the_program_of_its_snippet(site):
    copied = 0
    for address, page in pages(site).items():
        for found in [] if address in built_labs(site) else sessions(page):  # the code of a lab is a program already
            code = html.unescape(re.search(r'data-copy="([^"]*)"', found["attributes"])[1])
            assert code == program(text_of(found["block"])), address
            assert ">>>" not in code
            copied += 1

    assert copied >= 16


def test_snippets_have_places_to_link_to(site):
    for address, page in pages(site).items():
        numbers = re.findall(r'id="snippet-(\d+)"', page)
        assert numbers == [str(n + 1) for n in range(len(numbers))], address


def test_formulas_are_mathml_and_no_tex_is_left(site):
    formulas = 0
    for address, page in pages(site).items():
        assert "arithmatex" not in page, address
        prose = re.sub(r"<(pre|code|script)\b.*?</\1>|data-copy=\"[^\"]*\"", "", page, flags=re.S)
        words = re.findall(r'\b(?:alt|title|aria-label|content)="([^"]*)"', prose)
        # A lone dollar as well: a bar inside a formula ends the cell of a table, and half of the formula is gone.
        assert re.findall(r"\\[a-zA-Z]+|\\[()\[\]]|\$", " ".join([text_of(prose), *words])) == [], address
        formulas += page.count("<math")

    assert formulas >= 20


def test_nothing_is_fetched_from_elsewhere(site):
    """Addresses that a browser would load by itself; links that a reader may follow are no requests."""
    loads = re.compile(r'<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|data)="([^"]+)"', re.S)
    sheets = re.compile(
        r'<link\b(?=[^>]*rel="(?:stylesheet|icon|preload|preconnect|modulepreload|dns-prefetch)")[^>]*?href="([^"]+)"'
    )
    for address, page in pages(site).items():
        found = loads.findall(page) + sheets.findall(page)
        assert found, address
        assert [url for url in found if urlsplit(url).netloc or url.startswith("//")] == [], address
    for sheet in (site / "assets/stylesheets").glob("*.css"):
        urls = re.findall(r"url\(\s*[\"']?([^\"')]+)", sheet.read_text(encoding="utf-8"))
        assert [url for url in urls if re.match(r"(https?:)?//", url)] == [], sheet


HOSTS = {"arxiv.org", "doi.org", "github.com", "www.deeplearningbook.org"}  # where links may lead a reader


def test_links_to_other_hosts_are_few_and_safe(site):
    """They cannot be followed offline; so each is listed here by its host, and must be encrypted."""
    links = {
        html.unescape(link)
        for page in pages(site).values()
        for link in re.findall(r'<a\b[^>]*?\bhref="([a-z]+:[^"]+)"', page)
        if not link.startswith("http://127.0.0.1:8000/")
    }

    assert {urlsplit(link).netloc for link in links} <= HOSTS
    assert {link for link in links if urlsplit(link).scheme != "https"} == set()


def test_every_link_within_the_site_leads_somewhere(site):
    built = pages(site)
    ids = {address: set(re.findall(r'\bid="([^"]+)"', page)) for address, page in built.items()}
    dead = []
    for address, page in built.items():
        for link in re.findall(r'<(?:a|link|img|script)\b[^>]*?\b(?:href|src)="([^"]+)"', page, flags=re.S):
            target = urlsplit(urljoin(f"http://site/cnnref/{address}", html.unescape(link)))
            if target.netloc != "site":
                continue
            path = unquote(target.path.removeprefix("/cnnref/"))
            path += "index.html" if path.endswith("/") or not path else ""
            missing = (
                target.fragment and path.endswith(".html") and unquote(target.fragment) not in ids.get(path, set())
            )
            if not target.path.startswith("/cnnref/") or not (site / path).exists() or missing:
                dead.append((address, link))

    assert dead == []


def test_every_page_leads_to_its_twin(site):
    for address in pages(site):
        twin = address[3:] if address.startswith("en/") else f"en/{address}"
        if source(address) is None:
            continue
        page = (site / address).read_text(encoding="utf-8")
        link = re.search(r'<a class="language" href="([^"]+)"', page)[1]
        path = urlsplit(urljoin(f"http://site/{address}", link)).path.lstrip("/")
        assert path + "index.html" == twin
        assert set(re.findall(r'hreflang="(\w+)" href="http', page)) == {"zh", "en"}


def test_the_page_for_unknown_addresses_speaks_both_languages(site):
    for address in ("404.html", "en/404.html"):
        page = (site / address).read_text(encoding="utf-8")
        assert '<p lang="zh">' in page
        assert '<p lang="en">' in page


@pytest.mark.parametrize(("folder", "language"), [("", "zh"), ("en", "en")])
def test_each_language_has_its_own_search_index(site, folder, language):
    index = json.loads((site / folder / "search/search_index.json").read_text(encoding="utf-8"))
    text = " ".join(entry["title"] + entry["text"] for entry in index["docs"])
    chinese = len(re.findall(r"[\u4e00-\u9fff]", text))

    assert not any(entry["location"].startswith("en/") for entry in index["docs"])
    assert (chinese > 2000) if language == "zh" else (chinese < 0.05 * len(text))


def test_chinese_terms_are_whole_words_of_the_index(site):
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    words = {word for entry in index["docs"] for word in re.split(r"[\s\u200b]+", entry["title"] + " " + entry["text"])}

    assert {"感受野", "特征图", "批归一化", "池化", "步幅", "温度"} <= words


def test_titles_and_descriptions_are_in_the_page_s_language(site):
    for address, page in pages(site).items():
        if source(address) is None:
            continue
        language = "en" if address.startswith("en/") else "zh"
        assert re.search(rf'<html lang="{language}"', page), address
        description = html.unescape(re.search(r'<meta name="description" content="([^"]+)"', page)[1])
        assert bool(re.search(r"[\u4e00-\u9fff]", description)) == (language == "zh"), address


def test_the_math_font_holds_every_character_of_every_formula(site):
    from fontTools.ttLib import TTFont

    for folder in ("", "en"):
        font = site / folder / "assets/fonts/math.woff2"
        glyphs = set(map(chr, TTFont(font).getBestCmap()))
        shown = {
            c for page in pages(site).values() for m in re.findall(r"<math.*?</math>", page, re.S) for c in text_of(m)
        }
        assert shown - glyphs - set("\n \u2061\u2062\u2063") == set()
        assert {"√", "‾", "∑", "{", "⟨", "𝑥"} <= glyphs
        assert font.stat().st_size < 40_000


def test_figures_come_in_pairs_with_text_alternatives(site):
    seen = 0
    for address, page in pages(site).items():
        images = re.findall(r"<img [^>]*figures/[^>]*>", page)
        for light, dark in zip(images[::2], images[1::2], strict=True):
            assert "#only-light" in light, address
            assert "#only-dark" in dark, address
            assert re.search(r'alt="([^"]{20,})"', light)[1] == re.search(r'alt="([^"]{20,})"', dark)[1]
            assert re.search(r'width="\d+" height="\d+"', light)
            seen += 1

    assert seen >= 8


@pytest.mark.parametrize(("folder", "language"), [("", "zh"), ("en/", "en")])
def test_the_home_page_counts_what_is_there(site, folder, language):
    """Count with the renderer what docs/hooks/counts.py counts in the sources."""
    built = {address: page for address, page in pages(site).items() if address.startswith("en/") == (language == "en")}
    home, ledger = built[f"{folder}index.html"], built[f"{folder}claims/index.html"]
    shown = {
        text_of(session["block"])
        for address, page in built.items()
        if not address.startswith(f"{folder}api/")
        for session in sessions(page)
        if ">>> " in text_of(session["block"])
    }
    drawn = {each for page in built.values() for each in re.findall(r'src="[^"]*(figures/[^"]+)#only-light"', page)}
    named = re.findall(r"<h3 ", built[f"{folder}glossary/index.html"])
    judged = re.findall(r'<div class="claim"[^>]* data-verdict="([\w-]+)"', ledger)

    tiles = re.search(r'<div class="counts">.*?</div>', home, re.S)[0]
    assert [int(n) for n in re.findall(r"<strong>(\d+)</strong>", tiles)] == [*map(len, (shown, judged, drawn, named))]
    shares = re.findall(r'<li class="claim" data-verdict="([\w-]+)"><strong>(\d+)</strong>', home)
    assert {verdict: int(n) for verdict, n in shares} == {verdict: judged.count(verdict) for verdict, _ in shares}
    assert sum(int(n) for _, n in shares) == len(judged) > 100
    assert "<!-- count" not in home


@pytest.mark.parametrize(("folder", "never"), [("", "不算验证过"), ("en/", "not verified")])
def test_the_home_page_claims_no_gpu_without_a_record(site, folder, never):
    home = pages(site)[f"{folder}index.html"]
    rows = dict(re.findall(r"<td[^>]*>((?:NumPy|PyTorch)[^<]*)</td>\s*<td[^>]*>([^<]+)</td>", home))

    assert list(rows) == ["NumPy", "PyTorch CPU", "PyTorch CUDA"]
    assert (never in rows["PyTorch CUDA"]) == (not evidence.read("torch-cuda").passed)
    assert never not in rows["NumPy"] + rows["PyTorch CPU"]
