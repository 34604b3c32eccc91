"""Sources hold one sentence per line; Chinese sentences stand side by side, without the space of a line break."""

import re

KEPT = re.compile(r"(<pre\b.*?</pre>|<math\b.*?</math>)", re.DOTALL)
WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"  # Chinese characters and full-width punctuation
STOPS = "。，、；：！？”’）》」』…"
BREAK = re.compile(rf"(?<=[{STOPS}])\n|(?<=[{WIDE}])\n(?=[{WIDE}“‘（《「『])")


def on_page_content(content, config, **_):
    """Join the lines of Chinese prose; code and formulas stay as they are."""
    if config.theme["language"] != "zh":
        return content
    return "".join(part if KEPT.fullmatch(part) else BREAK.sub("", part) for part in KEPT.split(content))
