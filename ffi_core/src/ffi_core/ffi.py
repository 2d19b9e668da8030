"""The public class `FFI`: what the runtime offers, and the builder on top of it.

Belongs here: declarations, and what set_source() and its relatives remember.  The front end, the emitters and the
compiler are imported by the methods that need them.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock

from ffi_core import runtime

TYPE_CHECKING = False  # typing takes longer to import than everything here
if TYPE_CHECKING:
    from typing import IO, Any, Optional, Union

    from ffi_core.build import GeneratedModule
    from ffi_core.front.model import CType, Declarations, Place
    from ffi_core.verify import Verified, Verifier

    StrPath = Union[str, os.PathLike[str]]


class FFI(runtime.FFI):
    """Declares C, and gives access to it.

    In-line: ``cdef()``, then ``dlopen()``.  Out-of-line: ``cdef()``, ``set_source()``, ``compile()``, and the module that
    this writes has ``ffi`` and, in API mode, ``lib``.
    """

    _writes_stubs = True

    verifier: Verifier
    """What ``verify()`` used last."""

    def __init__(self, *, keep_alive: bool = False) -> None:
        """Start without declarations.

        ``keep_alive``: memory from ``new()`` keeps alive what Python code makes the pointers in it point to.  It can be
        changed later, and set for the ``ffi`` of a generated module, as the attribute of that name.
        """
        super().__init__()
        self.keep_alive = bool(keep_alive)
        self._declares = True
        self._lock = RLock()
        self._known: Optional[Declarations] = None  # what cdef() may refer to
        self._own: Optional[Declarations] = None  # without what is included
        self._included: list[runtime.FFI] = []
        self._module: Optional[GeneratedModule] = None
        self._verified: Optional[Verified] = None  # by the newest verify()
        self._unicode: Optional[bool] = None
        self._init_code: Optional[str] = None  # Python text, in a library for embedding
        self._has_init_code = False

    # Declarations.

    def cdef(
        self,
        csource: str,
        override: bool = False,
        packed: bool = False,
        pack: Optional[int] = None,
        *,
        release_gil: bool = True,
    ) -> None:
        """Add C declarations.

        ``override`` lets them replace different ones of the same name.  ``packed`` packs all structs as
        ``__attribute__((packed))`` does, ``pack`` as ``#pragma pack(n)`` does.  ``release_gil`` False keeps Python's global
        lock during calls of these functions: for those that are short and never block.
        Errors: ``CDefError`` names the place; then nothing of this text is declared.
        """
        frame = sys._getframe(1)
        self._cdef(csource, frame.f_code.co_filename, frame.f_lineno, override, packed, pack, release_gil)

    def _cdef(  # noqa: PLR0913, PLR0917 - the arguments of cdef
        self,
        csource: str,
        filename: str,
        line: int,
        override: bool = False,
        packed: bool = False,
        pack: Optional[int] = None,
        release_gil: bool = True,
        exported: bool = False,
    ) -> None:
        if not isinstance(csource, str):
            raise TypeError(f"{'embedding_api' if exported else 'cdef'}() argument must be a string")
        from ffi_core import front

        file, first_line = front.origin(csource, filename, line)
        with self._lock:
            parsed = front.parse(
                csource,
                known=self._known or front.Declarations(),
                file=file,
                first_line=first_line,
                override=override,
                packed=packed,
                pack=pack,
                release_gil=release_gil,
                sizeof=self._sizeof_declared,
            )
            added = front.export_functions(parsed.added) if exported else parsed.added
            own = front.merge(self._own or front.Declarations(), added)
            known = front.Declarations({**parsed.globals, **added.globals}, parsed.types)
            self._declare(*front.python_table(added))
            self._own, self._known = own, known

    def _read_type(self, text: str) -> str:
        """Read a type that the runtime's own parser does not know, declare what it declares, and spell it for that parser."""
        from ffi_core import front
        from ffi_core.front.model import spell

        with self._lock:
            read = front.read_type(text, self._known or front.Declarations(), sizeof=self._sizeof_declared)
            if read.added.types:
                self._declare(*front.python_table(read.added))
                self._known = read
        return spell(read.type)

    def _sizeof_declared(self, ctype: CType) -> int:
        from ffi_core.front.model import spell

        return self.sizeof(spell(ctype))

    def include(self, ffi_to_include: runtime.FFI) -> None:
        """Make the types and constants of another ``FFI`` known to this one, as ``#include`` does.

        It may be the ``ffi`` of a generated module.  For out-of-line modules, the module of the other one must be
        importable where this one's is.
        """
        if not isinstance(ffi_to_include, runtime.FFI):
            raise TypeError(
                f"ffi.include() expects an argument that is also of type {__name__}.FFI, not "
                f"{type(ffi_to_include).__name__!r}"
            )
        if ffi_to_include is self:
            raise ValueError("an FFI cannot include itself")
        from ffi_core import front
        from ffi_core.front.model import ConstantDecl

        if isinstance(ffi_to_include, FFI):
            other = ffi_to_include._known or front.Declarations()
        else:
            _name, _is_api, table_globals, table_types = ffi_to_include._table()
            other = front.recover(table_globals, table_types, front.parse_type)
        constants = {name: decl for name, decl in other.globals.items() if isinstance(decl, ConstantDecl)}
        with self._lock:
            visible = front.Declarations(constants, other.types)
            self._known = front.merge(visible, self._known or front.Declarations())
            self._include(ffi_to_include)
            self._included.append(ffi_to_include)

    def set_unicode(self, enabled_flag: bool) -> None:
        """Windows: declare ``TCHAR`` and its pointers to be ``wchar_t`` (and define UNICODE), or plain ``char``."""
        if self._unicode is not None:
            raise ValueError("set_unicode() can only be called once")
        character = "wchar_t" if enabled_flag else "char"
        self._cdef(
            f"""
            typedef {character} TCHAR;
            typedef TCHAR *LPTSTR, *PTSTR, *PTCHAR;
            typedef const TCHAR *LPCTSTR, *PCTSTR, *LPTCSTR, *PTCSTR;
            """,
            "<set_unicode>",
            1,
        )
        self._unicode = bool(enabled_flag)

    # Embedding.

    def embedding_api(self, csource: str, packed: bool = False, pack: Optional[int] = None) -> None:
        """Add C declarations of what C programs use: the functions are written in Python, and the library exports them.

        The module of ``set_source`` becomes a library for C programs.  The init code gives the functions their bodies.
        Errors: as ``cdef``.
        """
        frame = sys._getframe(1)
        self._cdef(csource, frame.f_code.co_filename, frame.f_lineno, False, packed, pack, exported=True)
        if self._init_code is None:
            self._init_code = ""

    def embedding_init_code(self, pysource: str) -> None:
        """Say which Python code runs when a C program first calls a function of the library.

        It imports ``ffi`` and ``lib`` from the module of ``set_source``, which exists in that program only, and defines the
        functions with ``@ffi.def_extern()``.
        Errors: ``SyntaxError``; ``ValueError`` when it is called again.
        """
        if not isinstance(pysource, str):
            raise TypeError("'pysource' must be a string")
        if self._has_init_code:
            raise ValueError("embedding_init_code() can only be called once")
        from textwrap import dedent

        text = dedent(pysource).lstrip("\n")
        compile(text, "<init code>", "exec", dont_inherit=True)
        self._init_code = text
        self._has_init_code = True

    # Modules.

    def set_source(self, module_name: str, source: Optional[str], source_extension: str = ".c", **kwds: Any) -> None:
        """Say which module to generate, and from which C code.

        ``source`` None: a Python module without a ``lib`` (ABI mode).  ``kwds`` are those of ``setuptools.Extension``.
        """
        frame = sys._getframe(1)
        self._set_source(module_name, source, source_extension, kwds, frame.f_code.co_filename, frame.f_lineno)

    def set_source_pkgconfig(
        self, module_name: str, pkgconfig_libs: list[str], source: str, source_extension: str = ".c", **kwds: Any
    ) -> None:
        """Do as ``set_source``, with the flags that pkg-config gives for some packages.

        Errors: ``PkgConfigError`` where pkg-config or a package is missing.
        """
        if not isinstance(pkgconfig_libs, list):
            raise TypeError("the pkgconfig_libs argument must be a list of package names")
        from ffi_core.pkgconfig import merge_flags, pkgconfig_flags

        frame = sys._getframe(1)
        kwds = merge_flags(kwds, pkgconfig_flags(pkgconfig_libs))
        self._set_source(module_name, source, source_extension, kwds, frame.f_code.co_filename, frame.f_lineno)

    def _set_source(
        self, module_name: str, source: Optional[str], extension: str, kwds: dict[str, Any], filename: str, line: int
    ) -> None:
        if self._module is not None:
            raise ValueError("set_source() cannot be called several times per ffi object")
        if not isinstance(module_name, str):
            raise TypeError("'module_name' must be a string")
        if "/" in module_name or os.sep in module_name:
            raise ValueError(
                "'module_name' must not contain '/': use a dotted name to make a 'package.module' location"
            )
        if not all(part.isidentifier() and part.isascii() for part in module_name.split(".")):
            raise ValueError(f"'module_name' must be a dotted name of ASCII identifiers, not {module_name!r}")
        if source is not None and not isinstance(source, str):
            raise TypeError("'source' must be a string, or None for a module in ABI mode")
        from ffi_core import front
        from ffi_core.build import GeneratedModule
        from ffi_core.front.model import NOWHERE, Place

        place: Place = NOWHERE
        if source:
            file, first_line = front.origin(source, filename, line)
            place = Place(file, first_line) if file != "<cdef source string>" else Place("<set_source>", 1)
        self._module = GeneratedModule(module_name, source, extension, kwds, place)

    def _generated(self, method: str) -> GeneratedModule:
        if self._module is None:
            raise ValueError(f"set_source() must be called before {method}()")
        return self._module

    def _generate(self) -> str:
        """Give the text of the generated module."""
        from ffi_core import front

        module = self._generated("compile")
        own = self._own or front.Declarations()
        includes = []
        for other in self._included:
            name, is_api = _module_of(other)
            if name is None:
                raise ValueError(
                    f"the FFI of {module.name!r} includes one for which set_source() was not called: the module that has its "
                    "declarations is not known"
                )
            if module.source is None and is_api:
                from ffi_core.build import VerificationError

                raise VerificationError(f"{module.name!r} is in ABI mode, and cannot include {name!r} in API mode")
            includes.append(name)
        if module.source is None:
            if self._init_code is not None:
                raise ValueError(
                    f"{module.name!r} is for embedding, which needs C source: set_source({module.name!r}, '') will do"
                )
            from ffi_core.emit_py import emit_py

            return emit_py(module.name, own, includes=includes)
        from ffi_core.emit_c import emit_c

        source, place = module.source, module.place
        if self._unicode:
            source = f"#define UNICODE\n#define _UNICODE\n#line {max(place.line, 1)}\n{source}"
        return emit_c(
            module.name,
            own,
            source,
            known=self._known,
            includes=includes,
            source_place=place,
            filename=module.file_name,
            init_code=self._init_code,
        )

    def emit_c_code(self, filename: Union[StrPath, IO[str]]) -> None:
        """Write the C file of a module in API mode, to a path or a file object; a file only if it differs from what is there."""
        from ffi_core.build import emit

        if self._generated("emit_c_code").source is None:
            raise TypeError("emit_c_code() is only for C extension modules, not for dlopen()-style pure Python modules")
        emit(filename, self._generate())

    def emit_python_code(self, filename: Union[StrPath, IO[str]]) -> None:
        """Write the Python file of a module in ABI mode, to a path or a file object; a file only if it differs."""
        from ffi_core.build import emit

        if self._generated("emit_python_code").source is not None:
            raise TypeError(
                "emit_python_code() is only for dlopen()-style pure Python modules, not for C extension modules"
            )
        emit(filename, self._generate())

    def emit_stub(self, filename: Union[StrPath, IO[str]]) -> None:
        """Write the module's stub, which tells type checkers and editors what ``ffi`` and ``lib`` have.

        A path or a file object; a file only if it differs from what is there.
        """
        from ffi_core.build import emit

        emit(filename, self._stub())

    def _stub(self) -> str:
        from ffi_core import front
        from ffi_core.emit_pyi import emit_pyi

        module = self._generated("emit_stub")
        return emit_pyi(
            module.name, self._own or front.Declarations(), known=self._known, has_lib=module.source is not None
        )

    def compile(
        self,
        tmpdir: StrPath = ".",
        verbose: Union[bool, int] = 0,
        target: Optional[str] = None,
        debug: Optional[bool] = None,
        *,
        stub: Optional[bool] = None,
    ) -> str:
        """Generate the module under ``tmpdir``, compile it in API mode, and return the path of the result.

        ``target`` is another file name than that of the module; ``.*`` at its end stands for the system's suffix of shared
        libraries.  ``stub`` says whether a ``.pyi`` file for type checkers is written beside the module; left out, it is if it
        would not replace one that was written by hand.
        Errors: ``CDefError``; ``VerificationError`` with what the compiler says, at the lines of the cdef.
        """
        from ffi_core.build import compile_module, say, write_if_changed, write_stub

        module = self._generated("compile")
        path = module.path_in(tmpdir)
        changed = write_if_changed(path, self._generate())
        if verbose:
            say(f"{'generated' if changed else 'not changed:'} {path}")
        if module.source is None:
            result = path.absolute()
        else:
            embedding = self._init_code is not None
            result = compile_module(
                module, path, tmpdir, target=target, verbose=bool(verbose), debug=debug, embedding=embedding
            )
            if target is not None or embedding:
                stub = bool(stub)
        if self._writes_stubs if stub is None else stub:
            write_stub(module.stub_in(tmpdir), self._stub(), replace=bool(stub))
        return str(result)

    def distutils_extension(self, tmpdir: StrPath = "build", verbose: bool = True) -> Any:
        """Write the C file under ``tmpdir``, and give the ``setuptools.Extension`` that compiles it."""
        from ffi_core.build import extension_for, say, write_if_changed

        module = self._generated("distutils_extension")
        if module.source is None:
            raise TypeError(
                "distutils_extension() is only for C extension modules, not for dlopen()-style pure Python modules"
            )
        path = module.path_in(tmpdir)
        changed = write_if_changed(path, self._generate())
        if verbose:
            say(f"{'generated' if changed else 'not changed:'} {path}")
        if self._init_code is not None:
            raise TypeError("distutils_extension() is for extension modules, not for libraries that embed Python")
        return extension_for(module, path)

    def verify(self, source: str = "", tmpdir: Optional[StrPath] = None, **kwds: Any) -> Any:
        """Compile what is declared with the C code ``source``, import that, and give its ``lib``.

        Deprecated: use ``set_source`` and ``compile``.  ``tmpdir`` is the directory of the module, by default
        ``__pycache__`` beside the caller's file.  ``kwds`` are those of ``Verifier``, and of ``setuptools.Extension``.
        Errors: ``VerificationError`` with what the compiler says, and where a declaration is not what it found.
        """
        from ffi_core.verify import Verifier, caller_folder

        if tmpdir is None:
            tmpdir = caller_folder(sys._getframe(1).f_code.co_filename)
        self.verifier = Verifier(self, source, tmpdir, **kwds)
        return self.verifier.load_library()


def _module_of(ffi: runtime.FFI) -> tuple[Optional[str], bool]:
    """Give the name of the module that has what an included ``ffi`` declares, and whether it is in API mode."""
    if not isinstance(ffi, FFI):
        return ffi._table()[:2]
    return (None, False) if ffi._module is None else (ffi._module.name, ffi._module.source is not None)
