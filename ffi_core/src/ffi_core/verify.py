"""`ffi.verify()`: a module in API mode that is generated, compiled and imported where it is used.

The module's file has a name that tells what it was made from, so the compiler runs only once.  Deprecated in cffi; here for the
code that still uses it: new code calls set_source() and compile().
"""

from __future__ import annotations

import binascii
import importlib
import importlib.util
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Optional, TextIO, Union

from ffi_core import FFIError, VerificationError, front
from ffi_core.build import (
    GeneratedModule,
    compile_module,
    extension_for,
    module_suffix,
    opens_libraries,
    write_if_changed,
)
from ffi_core.emit_c import emit_c
from ffi_core.front.model import ConstantDecl, EnumDecl, Place, RecordDecl, TypedefDecl, UnknownNumber, spell

if TYPE_CHECKING:
    from setuptools import Extension

    from ffi_core.ffi import FFI

_WRONG_VALUE: Final = re.compile(r"the C compiler says '(\w+)' is equal to (-?\d+)")
_PATH_OPTIONS: Final = ("sources", "include_dirs", "library_dirs", "extra_objects", "depends")

_chosen_folder: dict[str, str] = {}


def set_tmpdir(dirname: str) -> None:
    """Choose the directory of the modules that ``verify()`` makes."""
    _chosen_folder["tmpdir"] = dirname


def caller_folder(filename: str) -> Path:
    """Give the default directory of modules that the file ``filename`` verifies."""
    named = _chosen_folder.get("tmpdir") or os.environ.get("CFFI_TMPDIR")
    if named:
        return Path(named)
    chosen = os.environ.get("CFFI_TMPDIR_PREFIX")
    return Path(chosen or "", os.path.dirname(filename), "__pycache__")  # noqa: PTH120 - "" for none


def cleanup_tmpdir(tmpdir: Optional[str] = None, keep_so: bool = False) -> None:
    """Delete the modules that ``verify()`` made from the caller's file, or only their C files."""
    folder = Path(tmpdir) if tmpdir else caller_folder(sys._getframe(1).f_code.co_filename)
    suffixes = (".c", ".cpp") if keep_so else (".c", ".cpp", ".so", ".pyd", ".dylib", ".dll")
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith("_cffi_") and path.name.endswith(suffixes):
                path.unlink()
    if not keep_so:
        shutil.rmtree(folder / "build", ignore_errors=True)


def _suffix() -> str:
    """Give the suffix of what is imported: an extension, or a Python file that opens the library beside it."""
    return ".py" if opens_libraries() else module_suffix()


def _checksum(texts: Iterable[str]) -> str:
    """Make a short name of texts: two checksums, of every other byte."""
    key = "\0".join(texts).encode("utf-8", "surrogateescape")
    return f"x{binascii.crc32(key[0::2]):x}x{binascii.crc32(key[1::2]):x}"


class Verified(NamedTuple):
    """What one ``verify()`` left: the module, and what was declared then."""

    module: ModuleType
    declarations: front.Declarations


class Verifier:
    """Makes the module of one ``verify()``.

    ``tag`` and ``modulename`` are for its name; ``ext_package`` is where it is when it was installed; ``relative_to`` is the file
    from whose directory relative paths count; ``flags`` those of dlopen.  ``kwds`` are the keywords of
    ``setuptools.Extension``.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - those that cffi documents
        self,
        ffi: FFI,
        preamble: str,
        tmpdir: Union[str, os.PathLike[str], None] = None,
        modulename: Optional[str] = None,
        ext_package: Optional[str] = None,
        tag: str = "",
        force_generic_engine: bool = False,
        source_extension: str = ".c",
        flags: Optional[int] = None,
        relative_to: Optional[str] = None,
        **kwds: Any,
    ) -> None:
        del force_generic_engine  # there is one kind of module
        if ffi._module is not None:
            raise FFIError("this FFI has a module by set_source(): verify() cannot make another")
        self._previous = ffi._verified
        self.ffi = ffi
        self.preamble = preamble
        self.flags = flags
        self.ext_package = ext_package
        self.kwds = _with_folder(kwds, relative_to)
        name = modulename or self._name_for(tag, source_extension, kwds)
        self.tmpdir = os.fspath(tmpdir or caller_folder(sys._getframe(1).f_code.co_filename))
        self._generated = GeneratedModule(name, preamble, source_extension, self.kwds)
        self.sourcefilename = str(Path(self.tmpdir, self._generated.file_name))
        self.modulefilename = str(Path(self.tmpdir, name + _suffix()))
        self._has_source = self._has_module = False
        for decl in (ffi._own or front.Declarations()).types.values():
            if isinstance(decl, TypedefDecl) and isinstance(decl.type, UnknownNumber):
                raise VerificationError(
                    "feature not supported with ffi.verify(), but only with ffi.set_source(): "
                    f"'typedef {decl.type.kind}... {decl.name}'"
                )

    def _name_for(self, tag: str, extension: str, kwds: dict[str, Any]) -> str:
        import ffi_core

        if tag and not tag.isidentifier():
            raise TypeError(f"'tag' must be part of a name, not {tag!r}")
        options = repr(sorted((key, value) for key, value in kwds.items()))
        declared = repr(front.python_table(self.ffi._own or front.Declarations()))
        previous = self._previous.module.__name__ if self._previous else ""
        platform = sysconfig.get_platform()
        texts = [platform, ffi_core.__version__, self.preamble, extension, options, declared, previous]
        return f"_cffi_{tag}_{_checksum(texts)}"

    def get_module_name(self) -> str:
        """Give the name of the module, without its package."""
        return Path(self.modulefilename).name.partition(".")[0]

    def generates_python_module(self) -> bool:
        """Tell whether it is an extension module; it always is."""
        return True

    def write_source(self, file: Optional[TextIO] = None) -> None:
        """Write the C file, or write its text to ``file``."""
        self._write_source(file)

    def _write_source(self, file: Optional[TextIO] = None) -> None:
        if file is not None:
            file.write(self._source())
            return
        self._has_source = True
        write_if_changed(self.sourcefilename, self._source())

    def _source(self) -> str:
        import ffi_core

        own = self.ffi._own or front.Declarations()
        includes = []
        for other in self.ffi._included:
            if not isinstance(other, ffi_core.FFI):
                name = other._table()[0]
                if name is None:
                    raise FFIError("an included FFI is of no module that can be imported")
                includes.append(name)
            elif other._verified is not None:
                includes.append(other._verified.module.__name__)
            elif other._own is not None:
                # What has no module of its own becomes part of this one.
                own = front.merge(other._own, own)
        return emit_c(
            self.get_module_name(),
            own,
            self.preamble,
            known=self.ffi._known,
            includes=includes,
            source_place=Place("<verify>", 1),
            filename=Path(self.sourcefilename).name,
        )

    def compile_module(self) -> None:
        """Compile the module, whether it is there or not.

        Errors: ``VerificationError`` with what the compiler says.
        """
        self.write_source()
        made = compile_module(
            self._module_description(),
            Path(self.sourcefilename),
            Path(self.modulefilename).parent,
            target=None if opens_libraries() else Path(self.modulefilename).name,
        )
        self.modulefilename = str(made)
        self._has_module = True

    def _module_description(self) -> GeneratedModule:
        return GeneratedModule(self.get_module_name(), self.preamble, self._generated.extension, self.kwds)

    def load_library(self) -> Any:
        """Import the module, compile it first where there is none, and give its ``lib``."""
        if not self._has_module:
            self._find_module()
        if not self._has_module:
            self.compile_module()
        module = self._import()
        self._check(module)
        if self._previous is not None:
            _share_types(self._previous, module)
        # The ffi uses what the compiler made of the declarations from now on.
        self.ffi._replace(module.ffi)
        self.ffi._verified = Verified(module, self.ffi._own or front.Declarations())
        # Who has the lib may have nothing else of this.
        module._ffi = self.ffi  # type: ignore[attr-defined]
        return module.lib

    def _check(self, module: ModuleType) -> None:
        """Compare all declarations with what the compiler found.

        Errors: ``VerificationError``.
        """
        own = self.ffi._own or front.Declarations()
        enums = [decl for decl in own.types.values() if isinstance(decl, EnumDecl)]
        owners = {name: f"{decl.key}: " for decl in enums for name in decl.enumerators}
        try:
            for key, decl in own.types.items():
                if isinstance(decl, RecordDecl) and decl.fields is not None and "$" not in key:
                    module.ffi.sizeof(key)
                elif isinstance(decl, TypedefDecl) and "..." not in spell(decl.type):
                    _complete(module.ffi, decl.name)
            for name, declared in own.globals.items():
                if isinstance(declared, ConstantDecl) and declared.value is not None:
                    _check_value(declared, getattr(module.lib, name))
        except FFIError as error:
            message = str(error)
            wrong = _WRONG_VALUE.match(message)
            if wrong is not None:
                name, actual = wrong.groups()
                declared_value = getattr(own.globals[name], "value", None)
                message = f"{owners.get(name, '')}{name} has the real value {actual}, not {declared_value}"
            else:
                message = message.partition(". fix it")[0].replace("cdef says", "we have")
            raise VerificationError(message) from error

    def _find_module(self) -> None:
        """Look where the module would be if it had been installed, then where it would have been made."""
        name = self.get_module_name()
        package: Sequence[str] = sys.path
        if self.ext_package:
            try:
                package = list(importlib.import_module(self.ext_package).__path__)
            except ImportError:
                package = ()
        for folder in (*package, self.tmpdir):
            path = Path(folder, name + _suffix())
            if path.is_file():
                self.modulefilename = str(path)
                self._has_module = True
                return

    def _import(self) -> ModuleType:
        name = self.get_module_name()
        spec = importlib.util.spec_from_file_location(name, self.modulefilename)
        if spec is None or spec.loader is None:
            raise ImportError(f"{self.modulefilename!r} is no module", name=name, path=self.modulefilename)
        previous = sys.getdlopenflags() if self.flags is not None and hasattr(sys, "setdlopenflags") else None
        if previous is not None and self.flags is not None:
            sys.setdlopenflags(self.flags)
        try:
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        finally:
            if previous is not None:
                sys.setdlopenflags(previous)
        # Modules of later verify() calls include this one by its name.
        sys.modules[name] = module
        return module

    def get_extension(self) -> Extension:
        """Describe the module to setuptools, so that it is compiled when the package is built."""
        if not self._has_source:
            self.write_source()
        source = self.sourcefilename
        relative = os.path.relpath(source)
        if not relative.startswith(".."):
            source = relative
        return extension_for(self._module_description(), source)


def _share_types(previous: Verified, module: ModuleType) -> None:
    """Let a module have the types of the one before, so that the cdata of both are of the same types.

    Errors: ``VerificationError`` where a struct is not the same in both.
    """
    shared = {}
    for key, decl in previous.declarations.types.items():
        if isinstance(decl, TypedefDecl):
            continue
        shared[key] = previous.module.ffi.typeof(key)
        is_complete = isinstance(decl, RecordDecl) and decl.fields is not None
        if is_complete and _layout(previous.module.ffi, key) != _layout(module.ffi, key):
            raise VerificationError(f"{key.replace('$', '')}: has another layout than for the verify() before")
    module.ffi._share_types(shared)


def _layout(ffi: Any, key: str) -> tuple[object, ...]:
    """List where the members of a struct are."""
    ctype = ffi.typeof(key)
    places = [(name, field.offset, field.bitshift, field.bitsize) for name, field in ctype.fields]
    return ffi.sizeof(ctype), places


def _with_folder(kwds: dict[str, Any], relative_to: Optional[str]) -> dict[str, Any]:
    """Let relative paths among options of setuptools count from the directory of the file ``relative_to``."""
    if not relative_to:
        return kwds
    folder = Path(relative_to).parent
    return {
        key: [os.fspath(folder / path) for path in value] if key in _PATH_OPTIONS else value
        for key, value in kwds.items()
    }


def _check_value(declared: ConstantDecl, value: object) -> None:
    """Compare an enumerator without a value, too: elsewhere it may have any."""
    if declared.implied and value != declared.value:
        raise FFIError(f"the C compiler says '{declared.name}' is equal to {value}, but the cdef disagrees")


def _complete(ffi: Any, name: str) -> None:
    """Make the runtime look at the struct that a typedef name stands for."""
    ctype = ffi.typeof(name)
    if ctype.kind in ("struct", "union") and ctype.fields is not None:
        ffi.sizeof(ctype)
