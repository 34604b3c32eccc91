"""Does the output agree with what the page shows? Text and integers exactly, decimals to the digits shown."""

import doctest
import math
import re

NUMBER = re.compile(
    r"(?<![\w.])[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?!\w)|(?<!\w)[+-]?(?:nan|inf)(?!\w)",
)

ROUNDING = 1e-6  # relative, and absolute below 1: what float32 leaves open


class Checker(doctest.OutputChecker):
    """doctest's checker, but a decimal may differ by the rounding of another lane."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Whether `got` says the same as `want`: equal words, equal integers, decimals equal as far as shown."""
        wanted, given = NUMBER.findall(want), NUMBER.findall(got)
        words = [" ".join(NUMBER.sub("#", text).split()) for text in (want, got)]
        return words[0] == words[1] and len(wanted) == len(given) and all(map(agrees, wanted, given))


def agrees(shown: str, computed: str) -> bool:
    """Whether a computed number reads as the one shown: to the digits shown, and with no other digits behind them.

    A reader who runs the snippet must see what the page shows. What is let pass is the rounding of another lane:
    `-0.0` for `0.0`, or a last digit of many that a GPU sums in another order.
    """
    if not re.search(r"[.eEnN]", shown):
        return shown.lstrip("+") == computed.lstrip("+")
    want, got = float(shown), float(computed)
    if not math.isfinite(want) or not math.isfinite(got):
        return want == got or (math.isnan(want) and math.isnan(got))
    mantissa, _, exponent = shown.lower().partition("e")
    last_digit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(want - got) <= min(0.5 * last_digit, ROUNDING * max(1.0, abs(want)))
