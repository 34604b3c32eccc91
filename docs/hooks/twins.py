"""The language switch keeps the page: every page names its twin, by links that need no script and no host."""

import posixpath

from mkdocs.utils import get_relative_url

FOLDERS = {"zh": "", "en": "en/"}
NAMES = {"zh": "中文", "en": "English"}


def on_page_context(context, page, config, **_):
    """Tell the templates where this page stands in each language."""
    context["twins"] = twins(config, page.url)
    return context


def on_template_context(context, config, **_):
    """The page for unknown addresses has no twin: its switch leads to the home pages."""
    root = posixpath.join(context["base_url"], "../" if here(config) == "en" else "")
    context["twins"] = [twin | {"link": posixpath.join(root, FOLDERS[twin["lang"]])} for twin in twins(config, "")]
    return context


def here(config):
    """The language of the site that is being built."""
    return config.theme["language"]


def twins(config, url):
    """The page at `url` in each language: a relative link for readers, the full address for search engines."""
    current = FOLDERS[here(config)]
    root = (config.site_url or "").removesuffix(current)
    return [
        {
            "lang": language,
            "name": NAMES[language],
            "link": get_relative_url(folder + url, current + url),
            "address": root + folder + url,
            "here": language == here(config),
        }
        for language, folder in FOLDERS.items()
    ]
