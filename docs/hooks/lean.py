"""A page without what nobody sees: marks of code that have no color of their own, a style sheet for what is not there.

On the longest page half of all elements were such marks. A phone lays them out one by one before it can be scrolled.
"""

import re

# Names, brackets, operators and spaces, as Pygments calls them: the code's own color does for them.
PLAIN = re.compile(r'<span class="(?:n|p|o|w)">([^<]*)</span>')
REFERENCE = re.compile(r'<link rel="stylesheet" href="[^"]*assets/_mkdocstrings\.css">\s*')


def on_post_page(output, **_):
    """Take them out of the finished page."""
    return lean(output)


def on_post_template(output_content, template_name, **_):
    """The page for unknown addresses as well."""
    return lean(output_content) if template_name.endswith(".html") else output_content


def lean(page: str) -> str:
    """The page, looking the same: only the reference needs the style sheet of mkdocstrings."""
    page = PLAIN.sub(r"\1", page)
    return page if 'class="doc ' in page else REFERENCE.sub("", page)
