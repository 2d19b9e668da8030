"""Build `greetings._greetings`."""

from ffi_core import FFI

ffibuilder = FFI()
ffibuilder.cdef("int greet(char *buffer, size_t size, const char *name);")
ffibuilder.set_source(
    "greetings._greetings",
    r"""
    #include <stdio.h>

    static int greet(char *buffer, size_t size, const char *name)
    {
        return snprintf(buffer, size, "Hello, %s!", name);
    }
    """,
)
