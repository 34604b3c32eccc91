"""Search reads a question the way the index was written: search_query.js goes in front of Material's search worker.

Left alone, the worker takes 1x1卷积 for one word, 特徵圖 and maxpooling for words that no page has, and looks for
everything that begins with 有 or `a` because the question has a 有 or an `a` in it.
"""

from pathlib import Path

from mkdocs.exceptions import PluginError

READER = Path(__file__).with_suffix(".js")
WORKERS = "assets/javascripts/workers/search.*.min.js"


def on_post_build(config):
    """Let the worker of this language read queries; a build into the same folder finds it done."""
    workers = list(Path(config.site_dir).glob(WORKERS))
    if not workers:
        raise PluginError(f"no search worker: {WORKERS}")
    reader = READER.read_text(encoding="utf-8")
    for worker in workers:
        text = worker.read_text(encoding="utf-8")
        if not text.startswith(reader):
            worker.write_text(reader + text, encoding="utf-8")
