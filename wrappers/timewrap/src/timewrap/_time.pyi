# The module that _build.py builds.

from typing import Any

ffi: Any
lib: Any
