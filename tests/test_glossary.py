"""The glossary and the pages agree: every term is explained, has one name on all pages, and its others are known."""

import functools
import re
from pathlib import Path

import pytest

from verifier.fences import fences
from verifier.glossary import Term, terms

DOCS = Path(__file__).parents[1] / "docs"
LANGUAGES = ("zh", "en")
PAGES = sorted(
    path.relative_to(DOCS).as_posix()
    for language in LANGUAGES
    for path in (DOCS / language).rglob("*.md")
    if path.name != "glossary.md"
)

# Names from elsewhere that are ordinary words besides: looked for in the lines that match the pattern, and only there.
ORDINARY = {
    "步长": r"卷积|池化|窗口|核",  # an update has a 步长 as well: running statistics, gradient descent
    "组卷积": r"(?<![一几两三四每])组卷积",  # 一组卷积 is a set of them: 组 is also what Chinese counts sets with
    "线性层": r"(?!)",  # where layers collapse, any layer that is linear is meant, a convolution too
    "shift invariance": r"image|pixel|pool|convol|map",  # scores that go into softmax may be shifted too
}
QUOTED = (
    r"“[^”]*”",
    r'(?<!\w)"[^"\n]*"',
    r"^\*\*(?:常说|笔记写|Often said|The notes say|The notes)\*\*.*$",  # what others say, in their words
    r"^.*(?:也叫|又叫|叫做|这叫|英文叫|也称|又称|俗称|说全了|本章称|本站称).*$",  # a line that gives a name as a name
    r"^.*(?:\bcalled\b|also known as|in full|in this chapter|for short).*$",
)
SILENT = (
    r"^## .*\{ #references \}(?s:.*)",  # titles of papers
    r"\$\$(?s:.*?)\$\$|\$[^$\n]+\$",
    r"`[^`\n]+`",
    r"(?<=\])\([^)\s]+\)|<https?:[^>]+>",
    r"<[^<>]*>|\{ #[\w-]+ \}|^ +attrs: .*$|^:::.*(?:\n    .*)*",
)
NO_PROSE = [re.compile("|".join(forms), re.MULTILINE) for forms in (QUOTED, SILENT)]


@functools.cache
def glossary(language: str) -> list[Term]:
    return list(terms(read(f"{language}/glossary.md")))


@functools.cache
def read(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


@functools.cache
def vocabulary(language: str) -> tuple[re.Pattern, dict[str, str]]:
    """A pattern for every name, the longest first, and for each name from elsewhere the one to use."""
    ours = {name.lower() for term in glossary(language) for name in (term.name, term.other, *term.short)}
    theirs = {name.lower(): term.name for term in glossary(language) for name in term.synonyms}
    names = sorted(ours | theirs.keys(), key=len, reverse=True)
    return re.compile("|".join(map(wording, names)), re.IGNORECASE), theirs


def wording(name: str) -> str:
    """A name as it may stand in prose: Latin ones as whole words, in the plural, with hyphens for spaces."""
    before = "(?<![A-Za-z])" if name[0].isascii() else ""
    after = "(?:e?s)?(?![A-Za-z])" if name[-1].isascii() else ""
    return before + "(" + re.escape(name).replace(r"\ ", "[ -]") + ")" + after


@functools.cache
def prose(page: str) -> str:
    """What the page says in its own words; everything else is blank, so that lines keep their numbers."""
    for fence in reversed(list(fences(page))):
        page = page[: fence.start] + "\n" * page.count("\n", fence.start, fence.end) + page[fence.end :]
    for pattern in NO_PROSE:
        page = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), page)
    return page


def foreign(page: str, language: str, ordinary: dict[str, str] = ORDINARY):
    """Yield the names from elsewhere that a page uses: line, name, and the name to use instead."""
    pattern, theirs = vocabulary(language)
    for number, line in enumerate(prose(page).splitlines(), start=1):
        spaced = line.lower().replace("-", " ")
        if not any(name.replace("-", " ") in spaced for name in theirs):
            continue  # nearly every line, and the pattern is long
        for found in pattern.finditer(line):
            name = spelled(next(filter(None, found.groups())), theirs)
            if name and re.search(ordinary.get(name, ""), line):
                yield number, name, theirs[name]


def spelled(words: str, theirs: dict[str, str]) -> str | None:
    """The name from elsewhere that these words are, as the glossary spells it; None if they are one of ours."""
    return next((name for name in (words.lower(), words.lower().replace("-", " ")) if name in theirs), None)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_uses_the_names_of_the_glossary(page):
    assert list(foreign(read(page), page[:2])) == []


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_word_is_in_the_glossary_and_on_a_page(name):
    others = {key: pattern for key, pattern in ORDINARY.items() if key != name}

    assert any(name == used for page in PAGES for _, used, _ in foreign(read(page), page[:2], others))


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("zh", "这里用平均汇聚。", [(1, "平均汇聚", "平均池化")]),
        ("zh", "一\n\n批标准化之后", [(3, "批标准化", "批归一化")]),
        ("zh", "卷积的步长是 2。", [(1, "步长", "步幅")]),
        ("zh", "每次更新的步长是 0.1。", []),
        ("zh", "深度可分离卷积", []),
        ("zh", "可分离卷积", [(1, "可分离卷积", "深度可分离卷积")]),
        ("zh", "一组卷积", []),
        ("zh", "组卷积", [(1, "组卷积", "分组卷积")]),
        ("zh", "“反卷积”这个俗名", []),
        ("zh", "**常说**：神经元都相连。", []),
        ("zh", "池化也叫汇聚。", []),
        ("zh", "`汇聚` [池化](汇聚.md) $汇聚$ <b title='汇聚'>", []),
        ("zh", "```python\n>>> 汇聚\n```\n汇聚", [(4, "汇聚", "池化")]),
        ("zh", "![汇聚的图](a.svg)", [(1, "汇聚", "池化")]),
        ("zh", "用 Swish 试试", [(1, "swish", "Sigmoid 线性单元")]),
        ("en", "Mean pooling and mean-pooling", [(1, "mean pooling", "average pooling")] * 2),
        ("en", "two fully connected layers", [(1, "fully connected layer", "linear layer")]),
        ("en", "a nonlinear layer", [(1, "nonlinear", "non-linearity")]),
        ("en", "max-pooling, non-linear, zero-padding", []),
        ("en", '"mean pooling" is heard', []),
        ("en", "average pooling, also called mean pooling", []),
        ("en", "softmax and its shift invariance", []),
        ("en", "shift invariance of pooling", [(1, "shift invariance", "translation invariance")]),
        ("en", "back-propagation", [(1, "back-propagation", "backpropagation")]),
        ("en", "## References { #references }\n\n- Efficient BackProp.", []),
    ],
)
def test_names_from_elsewhere_are_caught_where_they_are_used(language, text, found):
    assert list(foreign(text, language)) == found


def test_both_languages_have_the_same_terms():
    zh, en = ([(term.id, term.explained) for term in glossary(language)] for language in LANGUAGES)
    names = [(term.name, term.other) for term in glossary("zh")]

    assert zh == en
    assert names == [(term.other, term.name) for term in glossary("en")]
    assert len(zh) >= 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_heading_is_a_term(language):
    page = read(f"{language}/glossary.md")

    assert len(glossary(language)) == page.count("\n### ")
    for term in glossary(language):
        assert term.definition.endswith("。" if language == "zh" else "."), term.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_of_the_glossary_is_understood(language):
    """A line with a slip in its first word would be taken for nothing, and its names for unknown."""
    read_back = {
        line
        for term in glossary(language)
        for line in (term.definition, *listed(language, term.short, 0), *listed(language, term.synonyms, 1))
    }
    bodies = re.findall(r"^### .+\n\n(.+(?:\n.+)*)", read(f"{language}/glossary.md"), flags=re.MULTILINE)
    lines = {line for body in bodies for line in body.splitlines()}

    assert all(re.fullmatch(r"(?:见|See )\[[^\]]+\]\([^)]+\)[。.]", line) for line in lines - read_back)


def listed(language: str, names: tuple[str, ...], which: int) -> list[str]:
    """The line that gives these names: short forms come first, names in use elsewhere second."""
    word, comma, stop = {"zh": (("简称：", "又名："), "、", "。"), "en": (("Short: ", "Also called: "), ", ", ".")}[
        language
    ]
    return [word[which] + comma.join(names) + stop] if names else []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_belongs_to_two_terms(language):
    owners: dict[str, set[str]] = {}
    for term in glossary(language):
        for name in term.names:
            owners.setdefault(name.lower(), set()).add(term.id)

    assert {name: ids for name, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("term", glossary("zh"), ids=lambda term: term.id)
def test_a_term_is_explained_where_the_glossary_says(language, term):
    page, _, anchor = (term.explained or "").partition("#")
    assert (DOCS / language / page).is_file()
    own = next(each for each in glossary(language) if each.id == term.id)
    section = section_of(read(f"{language}/{page}"), anchor)
    names = (own.name, own.other, *own.short)

    named = any(re.search(wording(name), section, flags=re.IGNORECASE) for name in names)
    assert named or f"glossary.md#{own.id})" in section, (page, anchor, names)


def section_of(page: str, anchor: str) -> str:
    """A page from the heading with this id to the next of the same rank; the whole page, if there is no anchor."""
    if not anchor:
        return page
    found = re.search(rf"^(?P<marks>#+) .*\{{ #{anchor} \}}$", page, flags=re.MULTILINE)
    assert found, f"no #{anchor}"
    rest = page[found.start() :]
    following = re.search(rf"\n#{{1,{len(found['marks'])}}} [^\n]*\{{ #", rest)
    return rest[: following.start()] if following else rest
