"""Compare ``ffi_core`` with ``cffi``, ``ctypes`` and C extensions written by hand: ``python tests/benchmarks``."""
