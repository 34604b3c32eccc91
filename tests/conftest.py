"""What tests share: the lane they run in, torch where it is the second oracle, and the built site."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from verifier import lanes

ROOT = Path(__file__).parents[1]

# Two cores that others use as well: no deadline for a single case.
settings.register_profile("cnnref", deadline=None, max_examples=30)
settings.load_profile("cnnref")


def pytest_generate_tests(metafunc):
    """Run a test that takes a lane in each: in all five, or in those asked for with `--lane`."""
    if "lane" in metafunc.fixturenames:
        names = metafunc.config.getoption("lanes") or lanes.NAMES
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
def site(tmp_path_factory):
    """The whole site, built strictly by the command that the README names, into a folder of its own."""
    mkdocs = Path(sys.executable).with_name("mkdocs")
    target = tmp_path_factory.mktemp("built") / "site"
    command = [mkdocs, "build", "--strict", "--quiet", "--site-dir", target]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target
