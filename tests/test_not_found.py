"""The page for unknown addresses: language of the address first, the nearest pages, a search; a list in any case."""

import pytest


def lost(page, address):
    """Open an address that does not exist; the answer 404 is what is wanted."""
    page.goto(address)
    page.locator(".not-found form:visible").first.wait_for()
    page.troubles = [trouble for trouble in page.troubles if "404" not in trouble]
    return page.locator(".not-found > section").first


@pytest.mark.parametrize(
    ("path", "language", "nearest"),
    [
        ("max-poling/", "zh", "max-pooling/"),
        ("soft_max.html", "zh", "softmax/"),
        ("池化与信息/", "zh", "pooling-information-loss/"),
        ("docs/zh/batch-norm.md", "zh", "batch-normalization/"),
        ("en/api/convolutoin/", "en", "en/api/convolution/"),
        ("en/receptive%20fields", "en", "en/receptive-field/"),
    ],
)
def test_a_mistyped_address_is_offered_what_was_meant(page, address, path, language, nearest):
    section = lost(page, address + path)
    links = section.locator(".nearest a").evaluate_all("links => links.map(link => link.href)")

    assert section.get_attribute("lang") == language
    assert page.locator("h1 [lang]").first.get_attribute("lang") == language
    assert links[0] == address + nearest
    assert len(links) <= 3
    assert address + "api/scaling/" not in links  # ends as "poling" does, and is not near
    assert page.troubles == []


@pytest.mark.parametrize(("path", "root", "words"), [("no/xor-lab/", "", "xor lab"), ("en/stride", "en/", "stride")])
def test_the_search_opens_with_the_last_words_of_the_address(page, address, path, root, words):
    section = lost(page, address + path)
    assert section.locator("input").input_value() == words

    section.locator("button").click()
    page.wait_for_url(f"{address}{root}?q=*")
    page.wait_for_selector(".md-search-result__item a", timeout=10_000)

    assert page.locator("input.md-search__input").input_value() == words


def test_nothing_near_is_offered_nothing(page, address):
    section = lost(page, address + "qqqq/")

    assert not section.locator(".nearest").is_visible()


def test_the_list_of_all_pages_needs_no_script(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "no/such/page/")
    page.locator("summary").first.click()
    page.locator('.pages a[href$="/cnnref/max-pooling/"]').click()

    assert page.url == address + "max-pooling/"
    context.close()


def test_every_page_is_in_the_list_of_its_language(page, address, site):
    page.goto(address + "no/such/page/")
    listed = set(page.locator(".pages a").evaluate_all("links => links.map(link => link.href)"))

    folders = (path.parent.relative_to(site).as_posix() for path in site.rglob("index.html"))
    assert listed == {address if folder == "." else f"{address}{folder}/" for folder in folders}
