"""The lanes: each is what it says, none is skipped that was asked for, and each is fit to find what it is there for."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cnnref
from cnnref._arrays import Array, is_torch, operator
from verifier import lanes

ROOT = Path(__file__).parent.parent


def run_pytest(*arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_names():
    assert lanes.NAMES == ("numpy", "array-api-strict", "torch-cpu", "torch-meta", "torch-cuda")
    assert set(lanes.PAGE_LANES) < set(lanes.NAMES)
    assert all(lane.name == name for name, lane in lanes.LANES.items())


def test_a_lane_asked_for_and_absent_is_an_error():
    absent = [lane for lane in lanes.LANES.values() if lane.why_absent()]
    if not absent:
        pytest.skip("every lane is here")
    for lane in absent:
        ran = run_pytest("--lane", lane.name, "tests/test_activations.py")

        assert ran.returncode == pytest.ExitCode.USAGE_ERROR
        assert f"lane {lane.name} was asked for and cannot run here: {lane.why_absent()}" in ran.stderr


def test_a_lane_asked_for_runs_alone():
    ran = run_pytest(
        "--lane", "array-api-strict", "--collect-only", "tests/test_activations.py", "-k", "extremes_reach"
    )

    assert ran.returncode == 0
    assert ran.stdout.count("[array-api-strict-") > 0
    assert not any(f"[{name}-" in ran.stdout for name in lanes.NAMES if name != "array-api-strict")


def test_a_lane_that_is_not_here_says_why(monkeypatch):
    monkeypatch.setattr(lanes, "find_spec", lambda name: None)

    assert lanes.LANES["torch-cpu"].why_absent() == "torch is not installed"
    assert lanes.LANES["array-api-strict"].why_absent() == "array_api_strict is not installed"


def test_arrays_are_the_lanes_own(lane):
    x = lane.asarray([1.0, 2.0], "float32")

    assert x.dtype == lane.xp.float32
    assert x.device == (lane.device or "cpu")
    assert tuple(x.shape) == (2,)


def test_comparing_can_fail(lane):
    x = lane.asarray([1.0, 2.0])

    lane.assert_close(x, [1.0, 2.0])
    for wrong in ([[1.0, 2.0]], np.asarray([1.0, 2.0], "float32"), *([[1.0, 2.5]] if lane.has_values else ())):
        with pytest.raises(AssertionError):
            lane.assert_close(x, wrong)
    with pytest.raises((AssertionError, TypeError)):
        lane.assert_close(np.asarray([1.0, 2.0]) if lane.name != "numpy" else [1.0, 2.0], [1.0, 2.0])


def test_comparing_bfloat16_can_fail(lane):
    if not lane.has("bfloat16"):
        pytest.skip(f"{lane.library} has no bfloat16")
    x = lane.asarray([1.0, 2.0], "bfloat16")

    lane.assert_close(x, [1.0, 2.0], "bfloat16")
    with pytest.raises(AssertionError):
        lane.assert_close(lane.asarray([1.0, 2.0], "float32"), [1.0, 2.0], "bfloat16")
    if lane.has_values:
        with pytest.raises(AssertionError):
            lane.assert_close(x, [1.0, 2.5], "bfloat16")


@pytest.mark.parametrize("name", ["array-api-strict", "torch-meta"])
def test_a_stray_array_is_found_without_a_gpu(name):
    """An operator that forgets `device=` works on every CPU; these two lanes are there to notice."""
    lane = lanes.LANES[name]
    if why := lane.why_absent():
        pytest.skip(why)

    @operator(integers="refused")
    def careless(input: Array) -> Array:
        return input + lane.xp.ones(2, dtype=input.dtype)

    with pytest.raises((RuntimeError, ValueError)):
        careless(lane.asarray([1.0, 2.0]))


@pytest.mark.parametrize("name", lanes.PAGE_LANES)
def test_a_page_lane_runs_numpy_calls_on_its_device(name):
    lane = lanes.LANES[name]
    if why := lane.why_absent():
        pytest.skip(why)
    inside = []

    @operator(integers="refused")
    def look(input: Array) -> Array:
        inside.append(input)
        return input

    with lane.running():
        y = look(np.ones(1))

    assert type(y) is np.ndarray
    assert is_torch(inside[0]) == (lane.library == "torch")
    if lane.library == "torch":
        assert inside[0].device == lane.device


def test_running_leaves_no_trace(torch):
    backends = torch.backends
    backends.cudnn.allow_tf32 = True

    with lanes.LANES["torch-cpu"].running():
        assert not backends.cuda.matmul.allow_tf32
        assert not backends.cudnn.allow_tf32

    assert backends.cudnn.allow_tf32


def test_versions_name_what_a_result_rests_on(lane):
    found = lane.versions()

    assert {"python", "cnnref", "numpy", "device"} <= set(found)
    assert found["cnnref"] == cnnref.__version__
    assert ("torch" in found) == (lane.library == "torch")
    assert all(isinstance(value, str) and value for value in found.values())
