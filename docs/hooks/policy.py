"""A page may load and run what this site wrote, and nothing else: a policy in its head, strict enough to be checked.

Scripts that stand in the page are named by their hash, so that one slipped in does not run. There is no exception
for styles: a style attribute would need one, so a page that carries one fails the build.
Hosts that read `_headers` add what a page cannot say of itself.
"""

import base64
import hashlib
import re
from pathlib import Path

from mkdocs.exceptions import PluginError

SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL)
CODE = re.compile(r"<(pre|code|script)\b.*?</\1>|data-copy=\"[^\"]*\"", re.DOTALL)
INLINE = re.compile(r"<[a-z][^>]*\s(?P<what>style|on[a-z]+)\s*=\s*[\"'][^>]*>|<style\b[^>]*>", re.DOTALL)
HEAD = re.compile(r'(<meta charset="utf-8">)')
RULES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # Material's icons are pictures inside of its style sheet
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
HEADERS = """\
/*
  Content-Security-Policy: frame-ancestors 'none'
  Cross-Origin-Opener-Policy: same-origin
  Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
"""


def on_post_page(output, page, config, **_):
    """Give a page its policy; a file on the reader's disk has no origin that a policy could speak of."""
    return output if config.extra["offline"] else guarded(output, page.file.src_uri)


def on_post_template(output_content, template_name, config, **_):
    """The page for unknown addresses as well."""
    guard = template_name.endswith(".html") and not config.extra["offline"]
    return guarded(output_content, template_name) if guard else output_content


def on_serve(server, **_):
    """The script by which `mkdocs serve` loads a changed page anew comes in last, and is another one each time."""
    inject = server._inject_js_into_html

    def admitted(page, epoch):
        page = inject(page, epoch)
        last = scripts(page.decode())[-1]
        return page.replace(b"script-src 'self'", f"script-src 'self' 'sha256-{digest(last)}'".encode(), 1)

    server._inject_js_into_html = admitted
    return server


def on_post_build(config):
    """Write the headers beside the pages, once, at the root of both languages."""
    if config.theme["language"] == "zh":
        Path(config.site_dir, "_headers").write_text(HEADERS, encoding="utf-8")


def guarded(page: str, name: str) -> str:
    """The page with its policy in front of all that the policy is about."""
    if found := INLINE.search(CODE.sub("", page)):
        raise PluginError(f"{name}: the policy admits no inline {found['what'] or 'style'}: {found[0][:120]}")
    metas = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy(page)}">'
        '<meta name="referrer" content="no-referrer">'
    )
    page, done = HEAD.subn(rf"\1{metas}", page, count=1)
    if not done:
        raise PluginError(f"{name}: no place for the policy")
    return page


def policy(page: str) -> str:
    """The policy of one page: the rules, with the hash of each script that stands in it."""
    hashes = sorted({f"'sha256-{digest(body)}'" for body in scripts(page)})
    return "; ".join(
        " ".join([rule, value, *(hashes if rule == "script-src" else [])]) for rule, value in RULES.items()
    )


def scripts(page: str) -> list[str]:
    """The scripts that stand in a page and would run; data for a script does not run."""
    return [
        found["body"]
        for found in SCRIPT.finditer(page)
        if "src=" not in found["attributes"] and "application/json" not in found["attributes"]
    ]


def digest(script: str) -> str:
    """What the browser compares a script with."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
