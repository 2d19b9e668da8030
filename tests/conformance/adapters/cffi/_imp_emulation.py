"""Importing an extension module from a file."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def find_module(name: str) -> tuple[None, str]:
    """Find where a package is."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ImportError(name=name)
    return None, str(Path(spec.origin).parent)


def load_dynamic(name: str, path: str) -> ModuleType:
    """Import the extension module ``name`` from the file ``path``."""
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None:
        raise ImportError(name=name, path=path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module
