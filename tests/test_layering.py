"""Who may import whom: app and pages -> ui -> figures -> core, and never upwards."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "cnnlab"
PAGES = sorted((ROOT / "pages").glob("*.py"))
APPLICATION = [ROOT / "app.py", *PAGES]
UI = sorted((PACKAGE / "ui").rglob("*.py"))
FIGURES = sorted((PACKAGE / "figures").rglob("*.py"))
CORE = sorted({*PACKAGE.rglob("*.py")} - {*UI} - {*FIGURES})
HEAVY = ("torch", "torchvision", "captum")  # take seconds to load

# What a layer must not import, wherever in the file.
FORBIDDEN = {
    "core": ("streamlit", "plotly", "cnnlab.figures", "cnnlab.ui", "pages", "app"),
    "figures": ("streamlit", "cnnlab.ui", "pages", "app"),
    "ui": ("pages", "app"),
    "application": ("pages", "app"),
}
LAYERS = {"core": CORE, "figures": FIGURES, "ui": UI, "application": APPLICATION}
FILES = [(layer, file) for layer, files in LAYERS.items() for file in files]


def modules(node: ast.AST, file: Path) -> Iterator[str]:
    """Return what an import statement may load: ``from a import b`` may mean a and a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            home = file.relative_to(ROOT).with_suffix("").parts[: -node.level]
            base = ".".join((*home, *filter(None, [base])))
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def everywhere(source: str, file: Path) -> set[str]:
    """Return what a file imports anywhere, inside functions too."""
    return {name for node in ast.walk(ast.parse(source)) for name in modules(node, file)}


def at_the_top(source: str, file: Path) -> set[str]:
    """Return what loading a file imports: not what stands in functions or is for types only."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.orelse:
                visit(child)
            return
        found.update(modules(node, file))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(source))
    return found


def within(names: set[str], packages: tuple[str, ...]) -> set[str]:
    """Return those names that are one of the packages or lie in it."""
    return {name for name in names if any(f"{name}.".startswith(f"{p}.") for p in packages)}


def source_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def named(files: list) -> dict:
    """Return the arguments that run a test once for each file, under its name."""
    paths = [entry[1] if isinstance(entry, tuple) else entry for entry in files]
    return {"argvalues": files, "ids": [str(path.relative_to(ROOT)) for path in paths]}


def test_the_search_for_imports_finds_them_all():
    file = PACKAGE / "ui" / "example.py"
    source = """
import streamlit as st
from .. import figures
from cnnlab import pretrained
if TYPE_CHECKING:
    import captum
else:
    import plotly
try:
    import torch.nn
except ImportError:
    pass
class Late:
    import torchvision
    def method(self):
        from . import work
"""
    top = at_the_top(source, file)
    assert {"streamlit", "cnnlab.figures", "cnnlab.pretrained", "plotly", "torch.nn"} <= top
    assert "torchvision" in top
    assert "captum" not in top
    assert "cnnlab.ui.work" not in top
    assert {"cnnlab.ui.work", "captum"} <= everywhere(source, file)
    assert within(top, HEAVY) == {"torch.nn", "torchvision"}
    assert within({"torchlike", "torch.nn"}, ("torch",)) == {"torch.nn"}


def test_every_file_has_a_layer():
    assert all(LAYERS.values())
    assert sum(map(len, LAYERS.values())) == len({file for _, file in FILES})


@pytest.mark.parametrize(("layer", "file"), **named(FILES))
def test_imports_point_downwards(layer, file):
    assert within(everywhere(source_of(file), file), FORBIDDEN[layer]) == set()


@pytest.mark.parametrize("file", **named([*APPLICATION, *UI]))
def test_what_is_heavy_is_loaded_inside_the_function_that_needs_it(file):
    assert within(at_the_top(source_of(file), file), HEAVY) == set()


@pytest.mark.parametrize("file", **named(PAGES))
def test_a_page_only_asks_and_shows(file):
    source = source_of(file)
    called = {
        ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)
    }
    assert not {name for name in called if name.startswith("st.cache_")}
    assert not within(everywhere(source, file), ("plotly", "matplotlib", *HEAVY, "numpy"))
    assert len(source.splitlines()) <= 160


@pytest.mark.parametrize("file", **named([file for file in UI if file.name != "cache.py"]))
def test_data_is_cached_in_one_place(file):
    tree = ast.parse(source_of(file))
    names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not {name for name in names if name.startswith("st.cache_")}


# In a fresh process --------------------------------------------------------------------------


def loaded_by(code: str, *names: str) -> list[str]:
    """Return which of the modules a fresh process has loaded after running the code."""
    script = f"{code}\nimport sys\nprint(*(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


def test_a_fresh_process_tells_what_it_has_loaded():
    assert loaded_by("import json", "json", "torch") == ["json"]


def test_starting_the_app_loads_no_torch():
    assert loaded_by("import app", *HEAVY, "streamlit") == ["streamlit"]


def test_starting_the_app_loads_no_more_of_plotly_than_streamlit_does():
    code = "print(*sorted(name for name in sys.modules if name.startswith('plotly')))"
    by_streamlit, by_app = (
        subprocess.run(
            [sys.executable, "-c", f"import sys, {module}; {code}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for module in ("streamlit", "app")
    )
    assert by_app == by_streamlit


def test_no_module_of_the_ui_loads_torch():
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in UI]
    imports = "\n".join(f"import {name}" for name in names if not name.endswith(".shell"))
    assert loaded_by(imports, *HEAVY) == []


LIGHT = (
    "images_as_tensors",
    "convolution",
    "output_size",
    "filters",
    "pooling",
    "receptive_field",
    "architectures",
    "design",
    "activations",
    "dropout",
    "normalisation",
    "catalogue",
    "draw_a_digit",
)


@pytest.mark.parametrize("page", LIGHT)
def test_pages_without_a_network_load_no_torch(page):
    code = f"""
from streamlit.testing.v1 import AppTest
at = AppTest.from_file({str(PACKAGE / "ui" / "shell.py")!r}, default_timeout=60).run()
at.switch_page({str(ROOT / "pages" / f"{page}.py")!r})
at.run()
assert not at.exception, at.exception
assert at.title[0].value != "CNN Lab", "that is the home page"
"""
    assert loaded_by(code, *HEAVY, "cnnlab.lessons") == ["cnnlab.lessons"]
