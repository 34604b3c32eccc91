"""One build, two languages: after the Chinese site is written, the English one is built into its folder `en/`.

MkDocs knows one configuration per build; an i18n plugin would merge both search indexes and break the labs.
"""

import posixpath
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

ENGLISH = Path(__file__).parents[1] / "mkdocs.en.yml"


def on_post_build(config):
    """Build the English site beside the Chinese one, as strictly as that."""
    english = load_config(
        str(ENGLISH),
        site_dir=str(Path(config.site_dir) / "en"),
        site_url=posixpath.join(config.site_url or "/", "en/"),
        strict=config.strict,
    )
    english.plugins.on_startup(command="build", dirty=False)
    try:
        build(english)
    except Abort as stop:
        raise Abort(f"the English site was not built: {stop}") from stop
    finally:
        english.plugins.on_shutdown()
