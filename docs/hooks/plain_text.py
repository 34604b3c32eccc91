"""Each page once more as Markdown, beside it as `index.md`, and `llms.txt`, the list of them: for programs that read.

Made from what is published: the sums, counts and outputs that the build put in are there, the formulas are TeX.
"""

import inspect
import pkgutil
import re
from pathlib import Path
from urllib.parse import urljoin

from verifier.fences import change_prose

DIRECTIVE = re.compile(r"^::: (?P<module>[\w.]+)$(?:\n {4}.*|\n(?=\n {4}))*", re.MULTILINE)
LINK = re.compile(r"\]\((?P<target>(?!\w+:|#)[^)\s]+)\)")
NOTE = {
    "zh": "每一页都有 Markdown 版本，就在它的地址后面加 index.md。",
    "en": "Each page has a Markdown version: add index.md to its address.",
}
state: dict = {}


def on_env(env, config, files):
    """Begin a list of pages, and remember the files that they may link to."""
    state[config.theme["language"]] = {"pages": {}, "files": files}
    return env


def on_post_page(output, page, config, **_):
    """Write the page's Markdown beside it; a copy for reading from disk needs none."""
    if config.extra["offline"]:
        return output
    built = state[config.theme["language"]]
    text = plain(page, config.site_url, built["files"])
    target = Path(config.site_dir, page.url, "index.md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    built["pages"][page.file.src_uri] = page
    return output


def plain(page, site_url: str, files) -> str:
    """A page in Markdown that stands alone: title, description, text with full addresses."""
    text = re.sub(r"^(\s*`{3,})pycon$", r"\1python", page.markdown, flags=re.MULTILINE)
    text = DIRECTIVE.sub(lambda found: documented(found["module"]), text)

    def with_addresses(prose: str) -> str:
        return LINK.sub(lambda link: f"]({_address(link['target'], page, site_url, files)})", prose)

    text = change_prose(text, with_addresses)
    return f"> {page.meta.get('description', '')}\n> {urljoin(site_url, page.url)}\n\n{text.strip()}\n"


def _address(target: str, page, site_url: str, files) -> str:
    """Where a link of the source leads on the published site: to the Markdown of a page, or to a file."""
    path, _, anchor = target.partition("#")
    uri = urljoin(page.file.src_uri, path)
    file = files.get_file_from_path(uri)
    if file is None:
        return target
    address = urljoin(site_url, file.url)
    return (f"{address}index.md" if address.endswith("/") else address) + (f"#{anchor}" if anchor else "")


def documented(name: str) -> str:
    """What a reference page takes from the package: a module with its public names, or one function."""
    found = pkgutil.resolve_name(name)
    if not inspect.ismodule(found):
        return _entry(name.rpartition(".")[2], found)
    own = [key for key, each in vars(found).items() if key[0] != "_" and getattr(each, "__module__", "") == name]
    entries = [_entry(public, getattr(found, public)) for public in getattr(found, "__all__", own)]
    return "\n\n".join([inspect.getdoc(found) or "", *entries])


def _entry(name: str, found) -> str:
    signature = str(inspect.signature(found)) if callable(found) else ""
    return f"## `{name}{signature}`\n\n{inspect.getdoc(found)}"


def on_post_build(config):
    """Write the list of pages, in the order of the navigation's files."""
    if config.extra["offline"]:
        return
    pages = state[config.theme["language"]]["pages"]
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", "", NOTE[config.theme["language"]], ""]
    for uri in sorted(pages, key=lambda uri: (uri.count("/"), uri != "index.md")):
        page = pages[uri]
        address = urljoin(config.site_url, f"{page.url}index.md")
        lines.append(f"- [{page.title}]({address}): {page.meta.get('description', '')}")
    Path(config.site_dir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
