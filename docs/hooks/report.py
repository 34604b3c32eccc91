"""An error is reported where it is seen: below each snippet and at the foot of each page, in the reader's language.

The link opens a form of .github/ISSUE_TEMPLATE that knows the place and the commit already. Where it leads says
REPOSITORY_URL, which .github/workflows/site.yml sets: the site of a fork reports to the fork. Without it, no link.
"""

import html
import re
from pathlib import Path
from urllib.parse import urlencode, urljoin

from changed import git

ROOT = Path(__file__).parents[2]
SNIPPET = re.compile(
    r'(?P<snippet><div class="language-pycon highlight snippet" id="snippet-(?P<number>\d+)"'
    r'.*?</pre></div><p class="lanes"[^>]*><a .*?</a>)',
    re.DOTALL,
)
WORDS = {
    "zh": {"link": "报告错误", "page": "{title}：", "snippet": "{title}，代码 {number}："},
    "en": {"link": "Report an error", "page": "{title}: ", "snippet": "{title}, snippet {number}: "},
}
REPOSITORY = re.compile(r"\[(?P<words>[^\]]+)\]\(repository:\)")
state: dict = {}


def on_config(config):
    """Which commit a reader of this build sees; nothing is known of it without git."""
    state["commit"] = git(ROOT, "rev-parse", "--short=12", "HEAD").strip()


def on_page_markdown(markdown, config, **_):
    """`[words](repository:)` leads to the repository; where none is known, the words stay."""
    address = config.extra["repository"]
    return REPOSITORY.sub(rf"[\g<words>]({address})" if address else r"\g<words>", markdown)


def on_page_content(content, page, config, **_):
    """A link at each snippet, behind the words that say where it was verified."""
    if not config.extra["repository"]:
        return content

    def with_link(found):
        return f"{found['snippet']} {link(page, config, found['number'])}"

    return SNIPPET.sub(with_link, content)


def on_page_context(context, page, config, **_):
    """A link for the foot of the page."""
    if config.extra["repository"]:
        context["report"] = link(page, config)
    return context


def link(page, config, number=None) -> str:
    """A link to the form; its name says what it is about, for those who hear links out of their place."""
    words = WORDS[config.theme["language"]]
    title = words["snippet" if number else "page"].format(title=page.meta["title"], number=number)
    address = html.escape(form(page, config, title, f"#snippet-{number}" if number else ""))
    label = f' aria-label="{html.escape(title)}{words["link"]}"' if number else ""
    return f'<a class="report" href="{address}" rel="noopener"{label}>{words["link"]}</a>'


def form(page, config, title, anchor) -> str:
    """The address of the form in the page's language, with what is known filled in."""
    known = {
        "template": f"error-{config.theme['language']}.yml",
        "title": title,
        "where": urljoin(config.site_url, page.url) + anchor,
        "commit": state["commit"],
    }
    return f"{config.extra['repository'].rstrip('/')}/issues/new?{urlencode(known)}"
