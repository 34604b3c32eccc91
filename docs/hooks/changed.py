"""Each page says when it last changed: the date of the last commit that touched what the page is made of.

One call of git dates all pages. Without git there are no dates, and none without its history either (a shallow clone
would date everything by its only commit): then a page says nothing.
"""

import re
import subprocess
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATE = re.compile(r"\d{4}-\d\d-\d\d")
FIGURE = re.compile(r"\]\((?:\.\./)*figures/(?P<slug>[\w-]+)/[\w-]+\.svg")
DIRECTIVE = re.compile(r"^::: cnnref\.(?P<module>\w+)", re.MULTILINE)
PAPERS = {  # what else the build puts into a page
    "claims.md": ["docs/claims.yaml"],
    "verification.md": ["docs/evidence"],
    "changelog.md": ["CHANGELOG.md", "CHANGELOG.zh.md"],
}
MONTHS = ("January", "February", "March", "April", "May", "June", "July")
MONTHS += ("August", "September", "October", "November", "December")
state: dict = {}


def on_config(config):
    """Ask git anew for each build: `mkdocs serve` outlives commits."""
    state["dates"] = dates(ROOT)


def on_pre_page(page, config, **_):
    """The site map takes the date as well, in place of the date of the build."""
    if day := changed(page, config.theme["language"]):
        page.update_date = day
    return page


def on_page_context(context, page, config, **_):
    """Give the templates the day, for programs and for readers."""
    language = config.theme["language"]
    if day := changed(page, language):
        context["changed"] = {"date": day, "words": words(day, language)}
    return context


def dates(root) -> dict[str, str]:
    """The day on which each file of the repository last changed."""
    if git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return {}
    found, day = {}, ""
    for line in git(root, "-c", "core.quotePath=false", "log", "--format=%cs", "--name-only").splitlines():
        if DATE.fullmatch(line):
            day = line
        elif line:
            found[line] = max(day, found.get(line, ""))
    return found


def git(root, *arguments) -> str:
    """What git says; nothing where there is no git, or no repository."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def changed(page, language) -> str:
    """The day of the youngest change to anything that the page is made of; empty where nothing is known."""
    known = state["dates"]
    made_of = sources(page.file.src_uri, Path(page.file.abs_src_path).read_text(encoding="utf-8"), language)
    days = [day for path, day in known.items() if any(path == each or path.startswith(f"{each}/") for each in made_of)]
    return max(days, default="")


def sources(uri, text, language) -> list[str]:
    """The files and folders that a page is made of: its text, its figures, the docstrings and papers that it shows."""
    figures = {f"docs/figures/{slug.replace('-', '_')}.py" for slug in FIGURE.findall(text)}
    modules = {f"cnnref/{module}.py" for module in DIRECTIVE.findall(text)}
    return [f"docs/{language}/{uri}", *sorted(figures | modules), *PAPERS.get(uri, [])]


def words(day, language) -> str:
    """The day as a reader writes it."""
    each = date.fromisoformat(day)
    if language == "zh":
        return f"{each.year} 年 {each.month} 月 {each.day} 日"
    return f"{each.day} {MONTHS[each.month - 1]} {each.year}"
