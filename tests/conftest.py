"""What tests share: the lane they run in, torch where it is the second oracle, the built site and a browser."""

import contextlib
import functools
import gzip
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from hypothesis import settings

from verifier import lanes

ROOT = Path(__file__).parents[1]
# The shell is the same engine without the frame of a window, which costs as much again with every page that is opened.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
ADVICE = "no Chromium here; on Debian: apt-get install chromium-headless-shell (or chromium)"
COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".md"}
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

# Two cores that others use as well: no deadline for a single case.
settings.register_profile("cnnref", deadline=None, max_examples=30)
settings.load_profile("cnnref")


def pytest_generate_tests(metafunc):
    """Run a test that takes a lane in each that is here, or in those asked for; the summary names the absent ones."""
    if "lane" in metafunc.fixturenames:
        here = [name for name, lane in lanes.LANES.items() if lane.why_absent() is None]
        names = metafunc.config.getoption("lanes") or here
        metafunc.parametrize("lane", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def lane(request) -> lanes.Lane:
    """The lane to test in. One asked for by name and absent never gets here: pytest refuses to start."""
    found = lanes.LANES[request.param]
    if why := found.why_absent():
        pytest.skip(f"lane {found.name}: {why}")
    return found


@pytest.fixture(scope="session")
def torch():
    """PyTorch, for tests of what only its tensors can do, and as an oracle beside the definitions."""
    return pytest.importorskip("torch", reason="torch is not installed: it is an extra of cnnref")


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id):
    """The whole site, built strictly by the command that the README names, once for all workers of a run."""
    if ready := os.environ.get("CNNREF_SITE"):  # a site that is built already, as before its deployment
        return Path(ready)
    if lanes.LANES["torch-cpu"].why_absent():
        pytest.skip("the site cannot be built without torch: its labs train with it")
    run = tmp_path_factory.getbasetemp()
    built = (run if worker_id == "master" else run.parent) / "built"
    with FileLock(built.with_suffix(".lock")):  # who comes second finds it done, or what went wrong with it
        said = built.with_suffix(".failed")
        if not built.exists() and not said.exists():
            if failure := build_failure(built.with_suffix(".part")):
                said.write_text(failure, encoding="utf-8")
            else:
                built.with_suffix(".part").rename(built)
        assert not said.exists(), said.read_text(encoding="utf-8")
    return built


def build_failure(target):
    """What `mkdocs build` says if it fails."""
    mkdocs = Path(sys.executable).with_name("mkdocs")
    command = [mkdocs, "build", "--strict", "--site-dir", target]  # not --quiet: it would hide warnings from --strict
    environment = os.environ | {"REPOSITORY_URL": "https://github.com/example/cnnref"}  # so that errors can be reported
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else None


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium. Without it these tests are skipped and say so; with CNNREF_BROWSER=required they fail."""
    if CHROMIUM is None:
        if os.environ.get("CNNREF_BROWSER") == "required":
            pytest.fail(ADVICE)
        pytest.skip(ADVICE)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@functools.cache
def compressed(path):
    """A file as it travels."""
    return gzip.compress(path.read_bytes(), mtime=0)


@pytest.fixture(scope="session")
def address(site):
    """The address of the site, served under /cnnref/ from this machine, with its own page for unknown addresses."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path):
            if not path.startswith("/cnnref/"):
                return str(site / "outside the site")
            return super().translate_path(path.removeprefix("/cnnref"))

        def do_GET(self):
            """Compressed, as GitHub Pages sends it: what a page weighs is tested."""
            path = Path(self.translate_path(self.path))
            path = path / "index.html" if path.is_dir() and urlsplit(self.path).path.endswith("/") else path
            if path.suffix in COMPRESSED and path.is_file():
                self.send_compressed(path)
            else:
                super().do_GET()

        def send_compressed(self, path):
            body = compressed(path)
            self.send_response(200)
            self.send_header("Content-Type", self.guess_type(str(path)))
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def send_error(self, code, *_):
            body = (site / "404.html").read_bytes()
            self.send_response(code)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *given):
            """A page that is left takes no more: nothing to tell."""
            if not isinstance(sys.exc_info()[1], ConnectionError):
                super().handle_error(*given)

    server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/cnnref/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def fresh(browser, address):
    """Opens a fresh page that remembers what went wrong on it: console errors, script errors, requests elsewhere."""
    host = address.removesuffix("cnnref/")

    @contextlib.contextmanager
    def opened():
        context = browser.new_context(
            viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
        )
        page = context.new_page()
        page.troubles = []
        page.on("console", lambda message: message.type == "error" and page.troubles.append(message.text))
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("request", lambda r: r.url.startswith((host, "data:", "blob:")) or page.troubles.append(r.url))
        page.on("response", lambda r: r.status < 400 or page.troubles.append(f"{r.status} {r.url}"))
        try:
            yield page
        finally:
            context.close()

    return opened


@pytest.fixture
def page(fresh):
    """A fresh page for one test."""
    with fresh() as page:
        yield page
