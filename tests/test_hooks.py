"""What the hooks make of a page, without building the site."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs/hooks"))
import chinese_lines
import counts
import search_terms
import synonyms
from mkdocs.exceptions import PluginError

from verifier import evidence
from verifier.glossary import terms


@pytest.mark.parametrize(
    ("content", "joined"),
    [
        ("甲。\n乙", "甲。乙"),
        ("甲\n乙", "甲乙"),
        ('<span class="joined"><math>x</math>。</span>\n乙', '<span class="joined"><math>x</math>。</span>乙'),
        ("<strong>甲。</strong>\n乙", "<strong>甲。</strong>乙"),
        ('<a href="x">甲</a>\n乙', '<a href="x">甲</a>乙'),
        ("甲\n<strong>乙</strong>", "甲<strong>乙</strong>"),
        ("甲\nBN\n乙", "甲\nBN\n乙"),
        ("甲。</p>\n<p>乙", "甲。</p>\n<p>乙"),
        ("<pre>甲。\n乙</pre>", "<pre>甲。\n乙</pre>"),
    ],
)
def test_chinese_sentences_stand_side_by_side(content, joined):
    zh, en = (SimpleNamespace(theme={"language": language}) for language in ("zh", "en"))

    assert chinese_lines.on_page_content(content, config=zh) == joined
    assert chinese_lines.on_page_content(content, config=en) == content


POOLING = """# 术语表 { #glossary }

## 池化 { #group }

### 池化 (pooling) { #pooling }

用一个数概括一小块。
简称：P 层。
又名：汇聚、下采样层。
见[构造](cnn-anatomy.md#pooling)。

### 首页 (home) { #home }

第一页。
见[首页](index.md)。
"""
ENGLISH = """### pooling (池化) { #pooling }

One number for a small region.
Also called: subsampling layer, spatial pooling.
See [anatomy](cnn-anatomy.md#pooling).
"""


def test_a_term_is_read_with_all_its_names():
    pooling, home = terms(POOLING)

    assert (pooling.name, pooling.other, pooling.id) == ("池化", "pooling", "pooling")
    assert pooling.definition == "用一个数概括一小块。"
    assert pooling.names == ("池化", "P 层", "汇聚", "下采样层")
    assert pooling.explained == "cnn-anatomy.md#pooling"
    assert (home.names, home.explained) == (("首页",), "index.md")


def test_search_knows_the_chinese_names_as_words():
    assert search_terms.words(POOLING) == ["池化", "汇聚", "下采样层", "首页"]


def test_the_names_of_a_term_lead_to_the_glossary_and_to_what_explains_it():
    assert synonyms.tags(POOLING) == {
        "glossary/#pooling": ["池化", "P 层", "汇聚", "下采样层"],
        "cnn-anatomy/#pooling": ["池化", "P 层", "汇聚", "下采样层"],
        "glossary/#home": ["首页"],
        "": ["首页"],
    }


def searchable(tmp_path, language, *locations):
    """A configuration as the search hooks see it after the pages are built, with these sections in the index."""
    for folder, glossary in (("zh", POOLING), ("en", ENGLISH)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "glossary.md").write_text(glossary, encoding="utf-8")
    index = SimpleNamespace(config={"fields": {}}, entries=[{"location": location} for location in locations])
    plugin = SimpleNamespace(search_index=index)
    return SimpleNamespace(
        theme={"language": language}, docs_dir=str(tmp_path / language), plugins={"material/search": plugin}
    )


def test_chinese_readers_find_terms_by_english_names_as_well(tmp_path):
    config = searchable(tmp_path, "zh", "", "softmax/", "glossary/#home", "glossary/#pooling", "cnn-anatomy/#pooling")
    index = config.plugins["material/search"].search_index

    synonyms.on_post_build(config)

    names = ["池化", "P 层", "汇聚", "下采样层", "pooling", "subsampling layer", "spatial pooling"]
    assert [entry.get("tags") for entry in index.entries] == [["首页"], None, ["首页"], names, names]


def test_english_readers_find_terms_by_english_names(tmp_path):
    config = searchable(tmp_path, "en", "glossary/#pooling", "cnn-anatomy/#pooling")

    synonyms.on_post_build(config)

    entries = config.plugins["material/search"].search_index.entries
    assert [entry["tags"] for entry in entries] == [["pooling", "subsampling layer", "spatial pooling"]] * 2


def test_a_term_that_is_explained_nowhere_stops_the_build(tmp_path):
    with pytest.raises(PluginError, match=r"the glossary looks for pooling, .* in cnn-anatomy/#pooling, which search"):
        synonyms.on_post_build(searchable(tmp_path, "en", "glossary/#pooling"))


@pytest.fixture
def small_site(tmp_path, monkeypatch):
    """Two pages that share one of two snippets, a figure shown twice, a lab, and three claims."""
    session = "```python\n>>> from cnnref import relu\n>>> relu({})\n1\n```\n"
    picture = "![words](figures/a/b.svg)\n"
    for language, glossary in (("zh", POOLING), ("en", ENGLISH)):
        (tmp_path / language / "labs").mkdir(parents=True)
        (tmp_path / language / "glossary.md").write_text(glossary, encoding="utf-8")
        (tmp_path / language / "one.md").write_text(session.format(1) + picture, encoding="utf-8")
        (tmp_path / language / "two.md").write_text(session.format(1) + session.format("1.0") + picture, "utf-8")
        (tmp_path / language / "labs/three.md").write_text("```python\n1 + 1\n```\n", encoding="utf-8")
    monkeypatch.setattr(counts, "DOCS", tmp_path)
    return [{"verdict": verdict} for verdict in ("wrong", "holds", "wrong")]


def test_the_home_page_counts_each_thing_once(small_site):
    assert counts.summary("zh", small_site).count("\n- ") == 4
    for number in ("**2** 段代码", "**3** 条论断", "**1** 幅图", "**2** 个术语"):
        assert number in counts.summary("zh", small_site)
    for number in ("**2** snippets", "**3** claims", "**1** figures", "**1** terms"):
        assert number in counts.summary("en", small_site)


def test_the_home_page_counts_the_verdicts(small_site):
    shown = counts.verdicts("en", small_site)

    assert shown.count("<rect ") == shown.count("<li ") == 5
    assert '<li class="claim" data-verdict="wrong"><strong>2</strong> wrong</li>' in shown
    assert '<li class="claim" data-verdict="opinion"><strong>0</strong> opinion</li>' in shown
    assert '<rect class="claim" data-verdict="wrong" x="1" width="2" height="1"/>' in shown
    assert 'viewBox="0 0 3 1"' in shown


@pytest.mark.parametrize(
    ("recorded", "said"), [(0, "not verified: there is no record of a run"), (1, "1 of 2, by the record of a run")]
)
def test_a_gpu_is_named_as_verified_by_its_record_only(small_site, monkeypatch, recorded, said):
    passed = {*sorted(counts.fingerprints("en"))[:recorded], "of a snippet that is gone"}
    empty = evidence.Record("none")
    record = evidence.Record("torch-cuda", passed=passed)
    monkeypatch.setattr(evidence, "read", lambda lane: record if lane == "torch-cuda" else empty)

    rows = counts.lanes("en").splitlines()

    assert rows[-1] == f"| PyTorch CUDA | {said} |"
    tested = "no record; the tests run all 2 with every change"
    assert rows[2:4] == [f"| NumPy | {tested} |", f"| PyTorch CPU | {tested} |"]


def test_an_unknown_count_stops_the_build():
    with pytest.raises(PluginError, match="a page counts summary, lanes or verdicts, got 'pages'"):
        counts.shown("pages", "en", [])
