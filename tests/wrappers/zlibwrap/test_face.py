"""What users of the package see: the names, and nothing of C."""

from __future__ import annotations

import ast
import inspect
import io
from collections.abc import Iterator
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType

import pytest

import zlibwrap

PACKAGE = Path(zlibwrap.__file__).parent


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_only_the_raw_layer_knows_of_c() -> None:
    for path in PACKAGE.glob("*.py"):
        names = imports(path)
        if path.name != "_raw.py":
            assert "zlibwrap._zlib" not in names, path
            assert path.name == "_zlib.py" or "typing.Any" not in names, path
        if path.name not in {"_build.py", "_zlib.py"}:  # on PyPy a generated module has a Python file
            assert not any(name.startswith("ffi_core") for name in names), path


def test_the_public_names_are_declared() -> None:
    public = {
        name for name, value in vars(zlibwrap).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public - {"annotations"} == set(zlibwrap.__all__)
    for name in zlibwrap.__all__:
        value = getattr(zlibwrap, name)
        if callable(value) and not isinstance(value, type(zlibwrap.Z_FINISH)):
            assert value.__doc__, name


def is_function(value: object) -> bool:
    """Tell whether an object is a function, of Python or of C, or one that ``ffi`` made of both."""
    return isinstance(value, (FunctionType, MethodType, BuiltinFunctionType)) or type(value).__name__ in {
        "ForBytes",
        "BytesMethod",
    }


def of_c(value: object) -> bool:
    """Tell whether an object is C data, or comes from the runtime of ``ffi_core``.  Functions may: they hide what they call."""
    if is_function(value):
        return False
    return type(value).__module__.startswith("ffi_core") or getattr(type(value), "__name__", "") == "CData"


def reachable(value: object, depth: int = 3) -> Iterator[tuple[str, object]]:
    """Walk what can be reached by public names, and the results of properties."""
    for name in dir(value):
        if name.startswith("_"):
            continue
        try:
            part = getattr(value, name)
        except (AttributeError, OSError, ValueError):
            continue
        yield name, part
        if depth and not is_function(part) and not isinstance(part, (ModuleType, CodeType, int, str, bytes)):
            yield from reachable(part, depth - 1)


def results() -> Iterator[object]:
    """Call every public function and method that has a result."""
    data = zlibwrap.compress(b"abc" * 100)
    yield data
    yield zlibwrap.decompress(data)
    yield zlibwrap.crc32(data)
    yield zlibwrap.crc32(bytearray(data))
    yield zlibwrap.adler32(data)
    yield zlibwrap.crc32_combine(1, 2, 3)
    yield zlibwrap.adler32_combine(1, 2, 3)
    compressor = zlibwrap.compressobj()
    yield compressor
    yield compressor.compress(b"abc")
    yield compressor.copy()
    yield compressor.flush()
    decompressor = zlibwrap.decompressobj()
    yield decompressor
    yield decompressor.decompress(data, 10)
    yield decompressor.copy()
    yield decompressor.flush()
    other = zlibwrap._ZlibDecompressor()
    yield other
    yield other.decompress(data + b"more", 10)
    yield from results_of_streams()
    yield from results_of_files()


def results_of_streams() -> Iterator[object]:
    """Call what works piece by piece, and beyond the standard library."""
    told: list[object] = []
    header = zlibwrap.GzipHeader(name="name", comment="comment", extra=b"extra")
    with zlibwrap.Compressor(format="gzip", header=header, progress=lambda *sizes: told.extend(sizes)) as compressor:
        yield compressor
        parts = [compressor.compress(b"abc" * 100), compressor.flush(), compressor.finish()]
    yield from parts
    yield told
    with zlibwrap.Decompressor(max_output=1000) as decompressor:
        yield decompressor.decompress(b"".join(parts), 10)
        yield decompressor
        yield decompressor.header
        yield decompressor.finish()
    chunks = zlibwrap.compress_chunks([b"abc"] * 10)
    yield chunks
    pieces = list(chunks)
    yield from pieces
    chunks = zlibwrap.decompress_chunks(pieces)
    yield chunks
    yield from chunks
    for data in (b"x", b"".join(pieces)):
        with pytest.raises(zlibwrap.error) as caught:
            zlibwrap.decompress(data, max_output=1)
        yield caught.value
        yield caught.value.args


def results_of_files() -> Iterator[object]:
    """Write and read gzip files, binary and text."""
    file = io.BytesIO()
    with zlibwrap.open(file, "wb") as writer:
        yield writer
        yield writer.header
        yield writer.write(b"abc\n" * 100)
        writer.flush()
        yield writer.tell()
    for mode in ("rb", "rt"):
        file.seek(0)
        with zlibwrap.open(file, mode) as reader:
            yield reader
            yield reader.read(10)
            yield reader.readline()
            yield reader.tell()
            yield reader.seek(0)
            yield from reader
    file.seek(0)
    with zlibwrap.open(file) as binary:
        yield binary.read1(1)
        yield binary.peek(1)
        yield binary.header


def test_no_cdata_is_visible() -> None:
    seen = 0
    for name, value in [*reachable(zlibwrap), *(("result", value) for value in results())]:
        for inner_name, inner in [(name, value), *reachable(value)]:
            assert not of_c(inner), (name, inner_name, inner)
            seen += 1
        if isinstance(value, FunctionType):
            assert "cdata" not in str(inspect.signature(value))
    assert seen > 100
