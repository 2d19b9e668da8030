"""What the distributions of the wrappers have in them."""

from __future__ import annotations

import importlib
import io
import runpy
from pathlib import Path

import pytest

WRAPPERS = {"pwdwrap": "_pwd", "timewrap": "_time", "zlibwrap": "_zlib"}


def package(name: str) -> Path:
    file = importlib.import_module(name).__file__
    assert file is not None
    return Path(file).parent


@pytest.mark.parametrize("name", WRAPPERS)
def test_type_checkers_find_the_types(name: str) -> None:
    assert (package(name) / "py.typed").is_file()


@pytest.mark.parametrize(("name", "generated"), WRAPPERS.items())
def test_the_stub_is_that_of_the_declarations(name: str, generated: str) -> None:
    builder = runpy.run_path(str(package(name) / "_build.py"))["ffibuilder"]
    text = io.StringIO()
    builder.emit_stub(text)
    assert (package(name) / f"{generated}.pyi").read_text() == text.getvalue()
