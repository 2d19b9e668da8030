"""Greet people, with the help of C."""

from greetings._greetings import ffi, lib


def greet(name: str) -> str:
    """Return a greeting."""
    text = name.encode()
    size = lib.greet(ffi.NULL, 0, text) + 1
    buffer = ffi.new("char[]", size)
    lib.greet(buffer, size, text)
    return str(ffi.string(buffer).decode())
