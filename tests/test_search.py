"""Search as readers use it: what they type, the page they mean, and that they can get there by keyboard and on a phone.

The queries are in search_queries.yaml. They are typed into one page, key by key where a keyboard has the characters.
"""

import functools
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import jieba
import pytest
import yaml
from mkdocs.exceptions import PluginError

sys.path.insert(0, str(Path(__file__).parents[1] / "docs/hooks"))
import search_order
import search_query

from verifier.glossary import terms

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
QUERIES = yaml.safe_load((HERE / "search_queries.yaml").read_text(encoding="utf-8"))
HOME = {"zh": "", "en": "en/"}
INDEX = re.compile(r"/search/search_index\.json$")
WORKER = re.compile(r"/workers/search\.\w+\.min\.js$")
ENOUGH = 0.95
# Found only because search_query.js reads the query: two scripts in one word, traditional characters, two words in one.
HELPED = {
    "zh": {"ReLU激活函数": "non-linearity", "特徵圖": "feature-maps"},
    "en": {
        "batchnormalization": "batch-normalization",
        "receptivefield": "receptive-field",
        "crossentropy": "softmax",
    },
}
HAN = re.compile("[\u3400-\u9fff]+")
BY_HAND = re.compile(r"[\x20-\x7e]+|[^\x20-\x7e]+")  # what a keyboard has, and what an input method makes

# Notes what the page asks its worker and what the worker answers, so that a test knows when the last answer is there.
LISTEN = """
window.search = { waiting: 0 };
window.Worker = class extends Worker {
  constructor(...all) {
    super(...all);
    this.addEventListener("message", ({ data }) => {
      if (data.type !== 3) return;
      search.waiting--;
      search.answer = data.query ?? (search.waiting ? null : search.query); // Material's own worker answers every query
    });
  }
  postMessage(message) {
    if (message.type === 2) Object.assign(search, { query: message.data, answer: null, waiting: search.waiting + 1 });
    super.postMessage(message);
  }
};
"""
SETTLED = """async (typed) => {
  const frame = () => new Promise(done => setTimeout(done, 16)); // no frame is drawn while nothing moves
  const end = performance.now() + 20000;
  while (search.answer !== typed && performance.now() < end) await frame();
  await frame();
  const links = item => [...item.querySelectorAll("a")].map(link => link.pathname + link.hash);
  return [...document.querySelectorAll(".md-search-result__item")].slice(0, 3).map(links);
}"""


@pytest.fixture
def box(page, address):
    """Opens the home page of a language, and its search."""

    def opened(language):
        page.add_init_script(LISTEN)
        page.goto(address + HOME[language])
        page.locator("input.md-search__input").click()
        page.wait_for_load_state("networkidle")
        return page

    return opened


def ask(page, query):
    """The links of the first three results, after what stood there before has gone."""
    page.keyboard.press("Control+a")
    page.keyboard.press("Backspace")
    assert page.evaluate(SETTLED, "") == []
    for part in BY_HAND.findall(query):
        if part.isascii():
            page.keyboard.type(part)
        else:
            page.keyboard.insert_text(part)
            page.keyboard.press("End")
    return page.evaluate(SETTLED, query)


def found(page, language, query):
    """The pages that the first three results lead to."""
    return [links[0].removeprefix("/cnnref/" + HOME[language]).split("#")[0] for links in ask(page, query)]


def share(page, language):
    """How many of the queries lead to a page that a reader would call right; and those that do not, with their kind."""
    missed, asked = {}, 0
    for kind, queries in QUERIES[language].items():
        for query, wanted in queries.items():
            asked += 1
            if not {f"{name}/" for name in wanted} & set(shown := found(page, language, query)):
                missed[query] = kind, shown
    return 1 - len(missed) / asked, missed


def test_the_queries_are_sixty_of_every_kind_and_name_pages_that_exist():
    for language, kinds in QUERIES.items():
        queries = [query for found in kinds.values() for query in found]
        assert len(queries) == len(set(queries)) >= 60
        assert {"term", "synonym", "half word", "other language", "case", "question", "spacing", "code"} <= set(kinds)
        for pages in (pages for found in kinds.values() for pages in found.values()):
            assert pages
            assert [name for name in pages if not (DOCS / language / f"{name}.md").exists()] == []


def test_the_worker_reads_queries_once_however_often_it_is_built(tmp_path):
    with pytest.raises(PluginError, match="no search worker"):
        search_query.on_post_build(SimpleNamespace(site_dir=tmp_path))
    worker = tmp_path / "assets/javascripts/workers/search.0a1b.min.js"
    worker.parent.mkdir(parents=True)
    worker.write_text("material()", encoding="utf-8")

    for _ in range(2):
        search_query.on_post_build(SimpleNamespace(site_dir=tmp_path))

    assert worker.read_text(encoding="utf-8") == search_query.READER.read_text(encoding="utf-8") + "material()"


def test_chapters_count_more_than_what_lists_them():
    for location, weight in {
        "softmax/#overflow": 2,
        "softmax.html": 2,
        "glossary.html#pooling": 1.5,
        "": 1,
        "index.html#install": 1,
        "labs/xor/": 1,
        "claims/#ledger": 0.5,
    }.items():
        index = SimpleNamespace(entries=[{"location": location}])
        plugin = SimpleNamespace(search_index=index)
        search_order.on_post_build(SimpleNamespace(plugins={"material/search": plugin}))
        assert index.entries[0]["boost"] == weight, location


def test_no_source_is_in_the_index_of_any_language(site):
    for folder in HOME.values():
        index = json.loads((site / folder / "search/search_index.json").read_text(encoding="utf-8"))
        reference = [entry for entry in index["docs"] if entry["location"].startswith("api/")]
        assert len(reference) > 50
        assert [entry["location"] for entry in reference if "def " in entry["text"]] == []


@pytest.mark.parametrize("language", QUERIES)
def test_the_right_page_is_among_the_first_three(box, language):
    page = box(language)
    right, missed = share(page, language)

    assert right >= ENOUGH, missed
    assert {
        query: name for query, name in HELPED[language].items() if f"{name}/" not in found(page, language, query)
    } == {}
    assert page.troubles == []


def test_without_the_glossary_the_right_page_is_missing_too_often(box, page, site):
    """The same site and the same queries, with the index as it were if no hook knew the glossary.

    The dictionary is used twice: jieba keeps its names whole, and they become names of sections. The index is the one
    of the site, cut again by the method of the search plugin with jieba as it comes, and without these names.
    """
    page.route(INDEX, lambda route: route.fulfill(json=without_glossary(site)))
    right, _ = share(box("zh"), "zh")

    assert right < ENOUGH


@functools.cache
def without_glossary(site):
    """The Chinese index of a site that has no glossary to go by."""
    plain = jieba.Tokenizer()
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    for entry in index["docs"]:
        entry.pop("tags", None)
        for field in ("title", "text"):
            text = entry[field].replace("\u200b", "")
            entry[field] = HAN.sub(lambda han: "\u200b".join(["", *plain.cut(han[0]), ""]), text)
    return index


@pytest.mark.parametrize("language", QUERIES)
def test_without_the_reader_of_queries_more_is_missed(box, page, site, language):
    """The same index, asked by Material's worker as it comes: what search_query.js is there for."""
    reader = (DOCS / "hooks/search_query.js").read_text(encoding="utf-8")
    (worker,) = (site / HOME[language]).glob("assets/javascripts/workers/search.*.min.js")
    text = worker.read_text(encoding="utf-8")
    assert text.startswith(reader)
    page.route(WORKER, lambda route: route.fulfill(body=text.removeprefix(reader), content_type="text/javascript"))
    page = box(language)

    assert [query for query in HELPED[language] if ask(page, query)] == []


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
    folder = "/cnnref/" + HOME[language]
    for term in terms((DOCS / language / "glossary.md").read_text(encoding="utf-8")):
        page, hash, anchor = term.explained.partition("#")
        yield term.id, {f"{folder}glossary/#{term.id}", f"{folder}{page.removesuffix('.md')}/{hash}{anchor}"}


@pytest.mark.parametrize("language", ELSEWHERE)
def test_search_knows_the_names_in_use_elsewhere(box, language):
    page, wanted, missed = box(language), dict(places(language)), {}
    for query, term in ELSEWHERE[language].items():
        found = [link for links in ask(page, query) for link in links]
        if missing := wanted[term] - set(found):
            missed[query] = missing, found[:8]

    assert missed == {}


def test_a_result_shows_the_name_that_was_typed_and_no_other(box):
    page = box("zh")
    ask(page, "批标准化")

    assert set(page.locator(".md-search-result__item .md-tag:visible").all_inner_texts()) == {"批标准化"}


def test_a_word_that_comes_without_a_key_is_searched_for(box):
    page = box("zh")
    page.keyboard.insert_text("感受野")

    assert page.evaluate(SETTLED, "感受野")[0][0] == "/cnnref/receptive-field/"


@pytest.mark.parametrize(
    ("language", "query", "words"),
    [
        ("zh", "感受野怎么算", "感受野|算"),
        ("zh", "最大池化", "最大池化"),
        ("zh", "感受", "感受野?"),  # half typed
        ("en", "receptive field", r"(receptive|field)\w*( fields?)?"),
    ],
)
def test_marks_are_on_whole_words_in_the_list_and_on_the_page(box, language, query, words):
    page = box(language)
    ask(page, query)
    listed = set(page.locator(".md-search-result__item mark").all_text_contents())
    page.keyboard.press("Enter")
    page.wait_for_url("**/*h=*")
    page.wait_for_selector("mark[data-md-highlight]")
    on_the_page = set(page.locator("article mark[data-md-highlight]").all_text_contents())

    assert listed
    assert [mark for mark in listed | on_the_page if not re.fullmatch(words, mark, re.IGNORECASE)] == []
    assert page.troubles == []


@pytest.mark.parametrize("language", QUERIES)
@pytest.mark.parametrize("width", [390, 1280])
def test_a_result_is_reached_by_keyboard(page, address, language, width):
    page.set_viewport_size({"width": width, "height": 780})
    page.add_init_script(LISTEN)
    page.goto(address + HOME[language])
    page.wait_for_load_state("networkidle")
    open_search(page)
    found = ask(page, "softmax")
    result = page.locator(".md-search-result__item").first
    assert result.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.pathname + document.activeElement.hash") == found[0][1]
    page.keyboard.press("Escape")
    assert not page.locator("#__search").is_checked()
    assert not result.is_visible()

    page.wait_for_timeout(100)  # nobody types faster; Material takes a moment to listen for "/" again
    open_search(page)
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{found[0][0]}*")
    assert page.troubles == []


def open_search(page):
    """By the key for it, or on a phone by the magnifier that the box hides behind."""
    magnifier = page.locator("label.md-header__button[for=__search]")
    if magnifier.is_visible():
        magnifier.click()
    else:
        page.keyboard.press("/")
    page.wait_for_selector("#__search:checked", state="attached")
