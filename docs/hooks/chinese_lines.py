"""Sources hold one sentence per line; Chinese sentences stand side by side, without the space of a line break."""

import re

KEPT = re.compile(r"(<pre\b.*?</pre>|<math\b.*?</math>)", re.DOTALL)
WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"  # Chinese characters and full-width punctuation
STOPS = "。，、；：！？”’）》」』…"
ENDS = r"(?:</(?:a|abbr|code|del|em|span|strong)>)*"  # a stop may stand inside of bold type, a link, a joined formula
BEGINS = r"(?:<(?:a|abbr|del|em|strong)\b[^>]*>)*"
BREAK = re.compile(rf"([{STOPS}]{ENDS})\n|([{WIDE}]{ENDS})\n(?={BEGINS}[{WIDE}“‘（《「『])")


def on_page_content(content, config, **_):
    """Join the lines of Chinese prose; code and formulas stay as they are."""
    if config.theme["language"] != "zh":
        return content
    return "".join(part if KEPT.fullmatch(part) else BREAK.sub(r"\1\2", part) for part in KEPT.split(content))
