"""Memory for what asks for more alignment than allocated memory has by itself: ``_Alignas(64)``, ``aligned(64)``."""

from __future__ import annotations

from ffi_core.pypy import CHAR_ARRAY, CHAR_POINTER, address_of, backend
from ffi_core.pypy.handles import keep_with

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Callable

_builtin_ffi: Any = backend.FFI()
_allocators: dict[int, Callable[..., Any]] = {}  # by alignment


def allocate(ctype: Any, init: Any) -> Any:
    """Do what ``ffi.new`` does."""
    align = backend.alignof(ctype.item)
    allocator = _allocators.get(align)
    if allocator is None:
        allocator = _allocators[align] = _builtin_ffi.new_allocator(_memory(align), None, False)
    return allocator(ctype, init)


def _memory(align: int) -> Callable[[int], Any]:
    def give(size: int) -> Any:
        whole = backend.newp(CHAR_ARRAY, size + align)
        return keep_with(backend.cast(CHAR_POINTER, whole + -address_of(whole) % align), whole)

    return give
