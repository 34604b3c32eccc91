"""A snippet as a program: prompts and outputs gone, and every value that the page shows is printed.

`>>> f(x)` shows a value because a session echoes it; in a file, `f(x)` alone prints nothing.
So what the copy button gives wraps those expressions in `print`, and pasted anywhere it prints what the page shows.
"""

import ast
import doctest
import re

SAME_AS_STR = re.compile(r"[-+\d.(\[{]|(?:True|False|None|nan|inf)\b|range\(")


def program(text: str) -> str:
    """The program that a snippet's text stands for."""
    examples = doctest.DocTestParser().get_examples(text)
    return "".join(_printing(example) for example in examples)


def _printing(example: doctest.Example) -> str:
    tree = ast.parse(example.source)
    if tree.body and hasattr(tree.body[-1], "body"):
        return example.source + "\n"  # pasted into a session, a block ends with an empty line
    if not example.want or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr) or _prints(tree.body[0].value):
        return example.source
    lines = example.source.splitlines()
    (shown,) = tree.body  # the statement: its value would end before a bracket around it
    last = lines[shown.end_lineno - 1].encode()
    expression = "\n".join([*lines[: shown.end_lineno - 1], last[: shown.end_col_offset].decode()])
    comment = last[shown.end_col_offset :].decode().rstrip().removeprefix(";")
    return f"print({_shown(expression, example.want)}){comment}\n"


def _shown(expression: str, want: str) -> str:
    """What to hand to print: a session echoes the repr, which differs from the str of text, arrays, dtypes, ..."""
    if not SAME_AS_STR.match(want):
        return f"repr({expression})"
    (call,) = ast.parse(f"print({expression})").body
    bare_tuple = len(call.value.args) != 1  # `a, b` would be two arguments
    return f"({expression})" if bare_tuple else expression


def _prints(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print"
