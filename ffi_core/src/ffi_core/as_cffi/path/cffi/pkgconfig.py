"""Flags from pkg-config, under the names that `cffi` has for this."""

from __future__ import annotations

from ffi_core.pkgconfig import pkgconfig_flags as flags_from_pkgconfig

__all__ = ["flags_from_pkgconfig"]
