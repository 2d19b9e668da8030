"""The names of the primitive types; their numbers are cffi's own business."""

from __future__ import annotations

from cffi.model import PrimitiveType

PRIMITIVE_TO_INDEX = dict.fromkeys(PrimitiveType.ALL_PRIMITIVE_TYPES, 0)
