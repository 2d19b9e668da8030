"""There is one runtime: what the suite does with the ctypes backend is listed as internal."""

from __future__ import annotations


class CTypesBackend:
    """Lets the file that tests it be collected."""
