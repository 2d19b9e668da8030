"""Fixtures that run a behaviour test in every mode.

A test module declares ``CDEF`` and ``SOURCE`` once; a test that asks for ``ffi`` or ``lib`` runs in all modes.  A module
may restrict them with ``MODES``, a tuple.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from ffi_harness import MODES, Builder, Built, find_cache


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that depends on ``mode`` in all modes, or in those that its module names."""
    if "mode" in metafunc.fixturenames:
        metafunc.parametrize("mode", getattr(metafunc.module, "MODES", MODES), scope="session")


@pytest.fixture(scope="session")
def builder(pytestconfig: pytest.Config) -> Builder:
    """Give what compiles, and remembers it between runs."""
    return Builder(find_cache(pytestconfig))


@pytest.fixture
def built(request: pytest.FixtureRequest, mode: str, builder: Builder) -> Built:
    """Build the ``CDEF`` and ``SOURCE`` of the test's module."""
    module = request.module
    return builder.build(mode, module.CDEF, getattr(module, "SOURCE", ""), **getattr(module, "OPTIONS", {}))


@pytest.fixture
def ffi(built: Built) -> Any:
    """Give the ``ffi`` of the module's declarations."""
    return built.ffi


@pytest.fixture
def lib(built: Built) -> Any:
    """Give the ``lib`` of the module's declarations."""
    return built.lib
