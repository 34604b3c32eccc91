"""The public names: all that the families define, and each with the whole docstring that the reference shows."""

import importlib
import inspect
import pkgutil
import re

import pytest

import cnnref

FAMILIES = [
    importlib.import_module(f"cnnref.{module.name}")
    for module in pkgutil.iter_modules(cnnref.__path__)
    if not module.name.startswith("_") and hasattr(importlib.import_module(f"cnnref.{module.name}"), "__all__")
]
FAMILIES.remove(cnnref.gradients)  # it has the names of the operators, and so stays a module
FUNCTIONS = {name: getattr(cnnref, name) for name in cnnref.__all__ if inspect.isfunction(getattr(cnnref, name))}
FUNCTIONS |= {f"gradients.{name}": getattr(cnnref.gradients, name) for name in cnnref.gradients.__all__}
NO_FORMULA = {"use_device"}  # a choice, no mathematics

functions = pytest.mark.parametrize("name", FUNCTIONS)


def operators(module):
    """The operators that a module defines under names without an underscore."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and hasattr(value, "__wrapped__") and value.__module__ == module.__name__
    }


def sections(function):
    """The docstring by its headings; what stands above them is under ''."""
    parts = re.split(r"^(\w+):$", inspect.getdoc(function), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def test_all_is_what_the_families_offer():
    offered = [name for module in FAMILIES for name in module.__all__]

    assert sorted(cnnref.__all__) == sorted([*offered, "gradients", "use_device"])


@pytest.mark.parametrize("module", FAMILIES, ids=lambda module: module.__name__)
def test_each_family_offers_all_its_operators(module):
    assert operators(module) <= set(module.__all__)
    assert all(getattr(module, name) is getattr(cnnref, name) for name in module.__all__)
    assert all(getattr(module, name).__module__ == module.__name__ for name in module.__all__)


def test_all_is_sorted_and_holds():
    assert cnnref.__all__ == sorted(cnnref.__all__)
    assert all(hasattr(cnnref, name) for name in cnnref.__all__)
    assert re.fullmatch(r"\d+\.\d+\.\d+", cnnref.__version__)


@functions
def test_every_docstring_is_whole(name):
    parts = sections(FUNCTIONS[name])

    assert {"Args", "Returns", "Raises", "Examples"} <= set(parts)
    assert "$$" in parts[""] or name in NO_FORMULA
    assert re.match(r"[A-Z].*\.\n", parts[""]), "one sentence first"


@functions
def test_every_parameter_is_described_in_order(name):
    described = re.findall(r"^    (\w+): ", sections(FUNCTIONS[name])["Args"], flags=re.MULTILINE)

    assert described == [*inspect.signature(FUNCTIONS[name]).parameters]


@functions
def test_every_example_calls_its_function_and_compares(name):
    examples = sections(FUNCTIONS[name])["Examples"]

    assert ">>> import cnnref" in examples
    assert f"cnnref.{name}(" in examples
    assert re.search(r"^    (?!>>>|\.\.\.)\S", examples, flags=re.MULTILINE), "an output to compare with"


def test_parameters_have_the_names_and_the_order_of_torch(torch):
    """Where torch has the function and Python can read its signature (some are written in C++)."""
    compared = set()
    for name, function in FUNCTIONS.items():
        try:
            there = [*inspect.signature(getattr(torch.nn.functional, name)).parameters]
        except (AttributeError, ValueError):
            continue
        if there == ["args", "kwargs"]:  # max pooling chooses by `return_indices`
            continue
        here = [parameter for parameter in inspect.signature(function).parameters if parameter in there]
        assert here == [parameter for parameter in there if parameter in here], name
        assert here[0] == there[0], name
        compared.add(name)

    assert {"cross_entropy", "elu", "leaky_relu", "log_softmax", "relu", "silu", "softmax"} <= compared
    assert {"batch_norm", "group_norm", "instance_norm", "layer_norm"} <= compared
