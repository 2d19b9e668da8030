"""Builds generated modules as parts of a package.

In pyproject.toml:

    [tool.ffi_core]
    modules = ["src/pwdwrap/_build.py:ffibuilder"]

or in setup.py: ``setup(ffi_modules=["src/pwdwrap/_build.py:ffibuilder"])``.  Each entry is a Python file and the name of the
``FFI`` in it (or of a function that returns one); the name of the module is that given to ``set_source``.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from setuptools import Distribution
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import OptionError, SetupError

from ffi_core.build import (
    GeneratedModule,
    extension_for,
    is_limited,
    let_it_link_cplusplus,
    library_name,
    module_suffix,
    opens_libraries,
    write_loader,
    write_stub,
)

if TYPE_CHECKING:
    from ffi_core import FFI

# The oldest Python whose stable ABI a generated module needs: the oldest that the runtime supports.
OLDEST_PYTHON: Final = "cp39"

_ADDED: Final = "_ffi_core_modules"


@dataclass(frozen=True)
class BuiltModule:
    """A module to generate: the file that declares it, and its builder."""

    script: str
    ffi: FFI
    module: GeneratedModule

    def generate(self, path: Path) -> None:
        """Write the generated file, if it differs from what is there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.module.source is None:
            self.ffi.emit_python_code(path)
        else:
            self.ffi.emit_c_code(path)

    def generate_stub(self, folder: Path) -> None:
        """Write the stub for type checkers beside the module, unless the package has one of its own there."""
        if self.ffi._writes_stubs:
            write_stub(folder / f"{self.module.name.rpartition('.')[2]}.pyi", self.ffi._stub())


def ffi_modules(distribution: Distribution, keyword: str, value: Any) -> None:
    """Handle the keyword ``ffi_modules`` of ``setup()``."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, str) for entry in entries):
        raise SetupError(f"{keyword} must be a list of strings like 'path/to/script.py:ffibuilder', not {value!r}")
    _add_modules(distribution, entries)


def finalize_distribution_options(distribution: Distribution) -> None:
    """Handle ``[tool.ffi_core]`` of pyproject.toml; setuptools calls it for every project."""
    path = Path(distribution.src_root or ".", "pyproject.toml")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if "ffi_core" not in text:
        return
    table = _parse_toml(path, text).get("tool", {}).get("ffi_core")
    if table is None:
        return
    unknown = sorted(set(table) - {"modules"})
    entries = table.get("modules", [])
    if unknown:
        raise OptionError(f"pyproject.toml: [tool.ffi_core] has no option {unknown[0]!r}; it has 'modules'")
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise OptionError(
            "pyproject.toml: [tool.ffi_core] modules must be a list of strings like 'path/to/script.py:ffibuilder'"
        )
    _add_modules(distribution, entries)


def _parse_toml(path: Path, text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib

        return tomllib.loads(text)
    # setuptools brings a parser for its own use of the file.
    from setuptools.config.pyprojecttoml import load_file

    return dict(load_file(path))


def _add_modules(distribution: Any, entries: Sequence[str]) -> None:
    """Add the modules of ``entries`` to what the distribution builds; an entry that was added before is left alone."""
    added: dict[str, BuiltModule] = distribution.__dict__.setdefault(_ADDED, {})
    for entry in entries:
        if entry in added:
            continue
        built = added[entry] = _load(entry)
        if built.module.source is None:
            _add_python_module(distribution, built)
        else:
            _add_extension(distribution, built)
    _choose_wheel_tag(distribution)


def _load(entry: str) -> BuiltModule:
    script, colon, name = entry.rpartition(":")
    if not colon or not name.isidentifier():
        raise OptionError(
            f"ffi_core: {entry!r} must be 'path/to/script.py:name', with the name of an FFI in the script"
        )
    from ffi_core.builder_script import BuilderError, load_builder

    try:
        ffi, module = load_builder(script, name)
    except BuilderError as error:
        raise OptionError(f"ffi_core: {entry!r}: {error}") from None
    return BuiltModule(script, ffi, module)


# API mode.


def _add_extension(distribution: Any, built: BuiltModule) -> None:
    # The generated file becomes the first source when it is compiled.  The script is nothing to depend on: the generated
    # file is younger than the library only if its text has changed.
    extension: Any = extension_for(built.module, "")
    del extension.sources[0]
    extension.ffi_core_module = built
    distribution.ext_modules = [*(distribution.ext_modules or []), extension]
    _use_build_ext(distribution)


def _use_build_ext(distribution: Any) -> None:
    base = distribution.cmdclass.get("build_ext", build_ext)
    if not issubclass(base, GeneratingBuildExt):
        distribution.cmdclass["build_ext"] = _combine(GeneratingBuildExt, base)


class GeneratingBuildExt(build_ext):
    """Generates the C file of an extension just before it is compiled."""

    def run(self) -> None:
        """Build all; with ``--inplace``, generate Python modules in the source too."""
        super().run()
        if not self.inplace:
            return
        build_modules: Any = self.get_finalized_command("build_py")
        for built in getattr(self.distribution, "_ffi_core_python", []):
            path = build_modules._in_source(built.module)
            built.generate(path)
            built.generate_stub(path.parent)
        for built in filter(None, (getattr(ext, "ffi_core_module", None) for ext in self.extensions)):
            built.generate_stub(Path(build_modules.get_package_dir(built.module.name.rpartition(".")[0]) or "."))

    def build_extension(self, ext: Any) -> None:
        """Generate, compile and link one extension."""
        built = getattr(ext, "ffi_core_module", None)
        if built is None:
            super().build_extension(ext)
            return
        path = built.module.path_in(self.build_temp)
        built.generate(path)
        # A command of the project's own can still change the extension.
        look = getattr(self, "pre_run", None)
        if look is not None:
            look(ext, built.ffi)
        let_it_link_cplusplus(self.compiler)
        # Only meanwhile: it is no part of source distributions.
        own_sources = ext.sources
        ext.sources = [path.as_posix(), *own_sources]
        try:
            super().build_extension(ext)
        finally:
            ext.sources = own_sources
        built.generate_stub(Path(self.get_ext_fullpath(ext.name)).parent)
        if opens_libraries():
            write_loader(built.module, Path(self.get_ext_fullpath(ext.name)).parent)

    def _ours(self) -> list[Any]:
        return [ext for ext in self.extensions if hasattr(ext, "ffi_core_module")]

    def _loaders(self) -> dict[str, str]:
        """Say which Python files open our libraries, and where they belong among the sources."""
        if not opens_libraries():
            return {}
        build_modules: Any = self.get_finalized_command("build_py")
        loaders = {}
        for ext in self._ours():
            package, _, stem = ext.name.rpartition(".")
            source = Path(build_modules.get_package_dir(package) or ".", f"{stem}.py")
            loaders[str(Path(self.build_lib, *ext.name.split(".")).with_suffix(".py"))] = str(source)
        return loaders

    def copy_extensions_to_source(self) -> None:
        """Put what was built beside the sources, with the Python files that open libraries."""
        super().copy_extensions_to_source()
        if opens_libraries():
            for ext, source in zip(self._ours(), self._loaders().values()):
                write_loader(ext.ffi_core_module.module, Path(source).parent)

    def get_outputs(self) -> list[str]:
        """List the Python files that open libraries too."""
        return sorted({*super().get_outputs(), *([] if self.inplace else self._loaders())})

    def get_output_mapping(self) -> dict[str, str]:
        """Say where editable installations find those files."""
        mapping = dict(super().get_output_mapping())
        return {**mapping, **(self._loaders() if self.inplace else {})}

    def get_ext_filename(self, fullname: str) -> str:
        """Name the library so that every version of Python imports it."""
        built = getattr(self.ext_map.get(fullname), "ffi_core_module", None)
        if built is None:
            base: Any = super()  # not annotated
            return str(base.get_ext_filename(fullname))
        *parents, stem = fullname.split(".")
        if opens_libraries():
            return str(Path(*parents, library_name(stem)))
        return str(Path(*parents, stem + module_suffix(limited=is_limited(built.module))))

    def get_source_files(self) -> list[str]:
        """Put the scripts into source distributions."""
        ours = self._ours()
        # Newer versions of setuptools list what extensions depend on, older ones do not.
        more = [name for ext in ours for name in (*ext.depends, ext.ffi_core_module.script)]
        return list(dict.fromkeys([*super().get_source_files(), *more]))


# ABI mode.


def _add_python_module(distribution: Any, built: BuiltModule) -> None:
    distribution.__dict__.setdefault("_ffi_core_python", []).append(built)
    if not distribution.has_pure_modules():
        # Nothing else would make setuptools run build_py.
        distribution.has_pure_modules = lambda: True
    _use_build_ext(distribution)
    base = distribution.cmdclass.get("build_py", build_py)
    if not issubclass(base, GeneratingBuildPy):
        distribution.cmdclass["build_py"] = _combine(GeneratingBuildPy, base)


class GeneratingBuildPy(build_py):
    """Generates Python modules beside those that are copied."""

    def _generated(self) -> list[BuiltModule]:
        return list(getattr(self.distribution, "_ffi_core_python", []))

    def _in_source(self, module: GeneratedModule) -> Path:
        """Find where the module belongs among the sources: beside its package's other modules."""
        package = module.name.rpartition(".")[0]
        return Path(self.get_package_dir(package) or ".", module.file_name)

    def run(self) -> None:
        """Copy modules, and generate those that are to be generated."""
        super().run()
        in_place = getattr(self, "editable_mode", False)
        for built in self._generated():
            path = self._in_source(built.module) if in_place else built.module.path_in(self.build_lib)
            built.generate(path)
            built.generate_stub(path.parent)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """List generated modules too: they are to be installed."""
        generated = [str(built.module.path_in(self.build_lib)) for built in self._generated()]
        return [*super().get_outputs(include_bytecode), *generated]

    def get_output_mapping(self) -> dict[str, str]:
        """Say where editable installations find generated modules."""
        mapping = dict(super().get_output_mapping())
        if getattr(self, "editable_mode", False):
            for built in self._generated():
                mapping[str(built.module.path_in(self.build_lib))] = str(self._in_source(built.module))
        return mapping

    def get_source_files(self) -> list[str]:
        """Put the scripts into source distributions."""
        base: Any = super()  # not annotated
        return [*base.get_source_files(), *(built.script for built in self._generated())]


# Both.


def _combine(ours: type, theirs: type) -> type:
    """Derive from our command and from the one that the project has."""
    return ours if issubclass(ours, theirs) else type(ours.__name__, (ours, theirs), {})


def _choose_wheel_tag(distribution: Any) -> None:
    """Tag the wheel for all versions of Python, where nothing in it is for one version."""
    extensions = distribution.ext_modules or []
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    options = distribution.get_option_dict("bdist_wheel")
    if not extensions or free_threaded or not all(getattr(ext, "py_limited_api", False) for ext in extensions):
        if options.get("py_limited_api", ("", ""))[0] == "ffi_core":
            del options["py_limited_api"]
        return
    options.setdefault("py_limited_api", ("ffi_core", OLDEST_PYTHON))
