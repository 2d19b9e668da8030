"""What `lib` has, in the generated C: functions, variables, constants, and functions written in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ffi_core.front.errors import CDefError
from ffi_core.front.model import (
    Array,
    ConstantDecl,
    CType,
    Function,
    FunctionDecl,
    GlobalDecl,
    Named,
    Pointer,
    Primitive,
    PythonFunctionDecl,
    Tagged,
    VariableDecl,
    Void,
    spell,
    spell_variable,
)
from ffi_core.front.scope import unqualified
from ffi_core.frozen import replace

from .prelude import INTEGERS
from .records import RecordEmitter
from .spelling import Spelling
from .texts import Texts
from .writer import Writer, c_string

# Integer types whose values are no int in Python.
_NO_NUMBERS: Final = frozenset(["char", "_Bool", "wchar_t", "char16_t", "char32_t", "__int128", "unsigned __int128"])


class GlobalEmitter:
    """Emits the code behind the names that ``lib`` has, and then their rows."""

    def __init__(
        self,
        declared: Mapping[str, GlobalDecl],
        spelling: Spelling,
        records: RecordEmitter,
        texts: Texts,
        expressions: Mapping[str, str],
    ) -> None:
        """``expressions``: the values in C of constants whose names are not C's."""
        self._expressions = expressions
        self._globals = {name: self._normalize(decl, spelling) for name, decl in declared.items()}
        self._spelling = spelling
        self._records = records
        self._texts = texts
        self._wide: list[str] = []  # functions whose wrappers have other signatures
        self._python = [decl for decl in self._globals.values() if isinstance(decl, PythonFunctionDecl)]
        self._integers = [d for d in self._globals.values() if isinstance(d, ConstantDecl) and d.type is None]
        self._python_index = {decl.name: index for index, decl in enumerate(self._python)}
        self._integer_index = {decl.name: index for index, decl in enumerate(self._integers)}

    @staticmethod
    def _normalize(decl: GlobalDecl, spelling: Spelling) -> GlobalDecl:
        """Take a constant array for a variable: C does not assign arrays.  Take an integer's value from C, whatever its type."""
        if not isinstance(decl, ConstantDecl) or decl.type is None:
            return decl
        resolved = spelling.resolve(decl.type)
        if isinstance(resolved, Array):
            return VariableDecl(decl.name, decl.type, decl.place, is_const=True)
        is_plain = isinstance(resolved, Primitive) and resolved.name not in _NO_NUMBERS
        is_number = (is_plain or isinstance(resolved, Named)) and spelling.is_integer(resolved)
        return replace(decl, type=None) if is_number else decl

    @property
    def python_count(self) -> int:
        """The number of functions written in Python."""
        return len(self._python)

    @property
    def needs_memcpy(self) -> bool:
        """Whether values are copied that C does not assign."""
        types = [
            decl.type.result if isinstance(decl, FunctionDecl) else decl.type
            for decl in self._globals.values()
            if isinstance(decl, (FunctionDecl, ConstantDecl))
        ]
        return not all(ctype is None or self._spelling.is_assignable(ctype) for ctype in types)

    @property
    def has_wide(self) -> bool:
        """Whether there are rows of functions whose wrappers have other signatures."""
        return bool(self._wide)

    @property
    def has_integers(self) -> bool:
        """Whether there are integer constants."""
        return bool(self._integers)

    # Code.

    def emit_code(self, out: Writer) -> None:
        """Write wrappers and accessors, in the order of the cdef, and the values of the constants."""
        for decl in self._globals.values():
            out.at(decl.place)
            if isinstance(decl, FunctionDecl):
                self._emit_function(out, decl)
            elif isinstance(decl, VariableDecl):
                self._emit_variable(out, decl)
            elif isinstance(decl, ConstantDecl) and decl.type is not None:
                ctype = unqualified(self._spelling.resolve(decl.type))
                parameter = self._spelling.declare(Pointer(ctype), "ffic")
                store = self._store(ctype, "ffic", decl.name)
                out.add(f"static void ffic_constant_{decl.name}({parameter}) {{ {store} }}")
        if self._integers:
            self._emit_integers(out)

    def _emit_function(self, out: Writer, decl: FunctionDecl) -> None:
        spelling = self._spelling
        function = decl.type
        if spelling.is_opaque(function.result):
            text = spell(function.result).replace("$", "")
            raise TypeError(f"function {decl.name}: '{text}' is used as result type, but is opaque")
        for ctype in dict.fromkeys((function.result, *function.parameters)):
            if spelling.is_unknown_float(ctype):
                # How it is passed depends on its size, and a long double would need another wrapper.
                out.add(f"extern char ffic_narrow[sizeof({spelling.declare(ctype)}) <= sizeof(double) ? 1 : -1];")
        if function.variadic:
            pointer = spelling.declare(Pointer(function), "ffic")
            out.add(f"FFIC_CHECK void ffic_check_{decl.name}(void) {{ {pointer} = {decl.name}; (void)ffic; }}")
            return
        names = [f"ffic_{index}" for index in range(len(function.parameters))]
        wide = [spelling.is_wide(parameter) for parameter in function.parameters]
        plain = [spelling.declare(p, name) for p, name in zip(function.parameters, names)]
        passed = [
            spelling.declare(Pointer(p), n) if w else d for p, n, w, d in zip(function.parameters, names, wide, plain)
        ]
        result = spelling.result(function)
        direct_call = f"{decl.name}({', '.join(names)})"
        call = f"{decl.name}({', '.join('*' + n if w else n for n, w in zip(names, wide))})"
        if spelling.is_wide(function.result):
            passed.insert(0, spelling.declare(Pointer(result), "ffic_result"))
            store = self._store(unqualified(spelling.resolve(function.result)), "ffic_result", call)
            out.add(f"static void ffic_call_{decl.name}({', '.join(passed)}) {{ {store} }}")
        else:
            out.add(f"static {_define(result, f'ffic_call_{decl.name}', passed, call)}")
        if any(wide) or spelling.is_wide(function.result):
            out.add(f"static {_define(result, f'ffic_direct_{decl.name}', plain, direct_call)}")

    def _store(self, ctype: CType, pointer: str, value: str) -> str:
        """Write the statements that put a value where a pointer points to."""
        if self._spelling.is_assignable(ctype):
            return f"*{pointer} = {value};"
        copy = self._spelling.declare(ctype, "ffic_copy")
        return f"{copy} = {value}; memcpy((void *){pointer}, (const void *)&ffic_copy, sizeof ffic_copy);"

    def _emit_variable(self, out: Writer, decl: VariableDecl) -> None:
        spelling = self._spelling
        if not spelling.is_opaque(decl.type):
            # By itself: the name can be a macro that does something each time.
            check = self._records.check(decl.type, decl.name, exact=True)
            out.add(f"FFIC_CHECK void ffic_check_{decl.name}(void) {{ {check} }}")
        if isinstance(spelling.resolve(decl.type), Array) and spelling.has_known_size(decl.type):
            size = f"sizeof({spelling.declare(unqualified(decl.type))})"
            out.add(f"extern char ffic_size_of_{decl.name}[sizeof({decl.name}) == {size} ? 1 : -1];")
        out.add(f"static void *ffic_variable_{decl.name}(void) {{ return (void *)&{decl.name}; }}")

    def _emit_integers(self, out: Writer) -> None:
        out.here()
        out.add(INTEGERS)
        for index, decl in enumerate(self._integers):
            out.at(decl.place)
            # What is no integer does not compile.
            value = self._expressions.get(decl.name, decl.name)
            out.add(f"case {index}: ffic_set(value, (uint64_t)(({value}) | 0), ({value}) <= 0); break;")
        out.here()
        out.add("}")
        out.add("}")

    # Functions written in Python.

    def emit_python(self, out: Writer, call_text: str, *, always: bool = False) -> None:
        """Write the C functions that call Python.  ``call_text`` is what they share, to be written ``always`` or if needed."""
        out.here()
        if not self._python:
            if always:
                out.add(call_text)
            return
        out.add("static const struct ffic_python_function ffic_python[] = {")
        for decl in self._python:
            result = self._spelling.result(decl.type)
            size = "0" if spell(result) == "void" else f"sizeof({spell(result)})"
            out.at(decl.place)
            out.add(f"{{{c_string(decl.name)}, {c_string(spell(decl.type))}, {size}}},")
        out.here()
        out.add("};")
        out.add(call_text)
        for decl in self._python:
            self._emit_trampoline(out, decl)

    def _emit_trampoline(self, out: Writer, decl: PythonFunctionDecl) -> None:
        spelling = self._spelling
        if decl.type.variadic:
            raise CDefError(f"'{decl.name}': a function written in Python cannot be variadic", decl.place)
        names = [f"ffic_{index}" for index in range(len(decl.type.parameters))]
        parameters = [spelling.declare(p, name) for p, name in zip(decl.type.parameters, names)]
        result = spelling.result(decl.type)
        has_result = spell(result) != "void"
        size = f"sizeof({spell(result)})" if has_result else "0"
        convention = f"{decl.type.abi} " if decl.type.abi else ""
        head = spell(result, f"{convention}{decl.name}({', '.join(parameters) or 'void'})")
        out.at(decl.place)
        if decl.exported:
            out.add(f"FFIC_EXPORT {head};")
        out.add(f"{'FFIC_EXPORT' if decl.exported else 'static'} {head}")
        out.add("{")
        if not any(map(spelling.is_wide, (decl.type.result, *decl.type.parameters))):
            kind = "RETURN" if has_result else "CALL"
            body_type = spelling.declare(Pointer(decl.type))
            out.add(f"FFIC_{kind}_BODY({self._python_index[decl.name]}, ({body_type}), ({', '.join(names)}))")
        out.add(f"FFIC_FRAME({max(1, len(names))}, {size}) ffic_frame;")
        for index, (name, ctype) in enumerate(zip(names, decl.type.parameters)):
            source = name
            if spelling.is_wide(ctype):
                source = f"ffic_pointer_{index}"
                out.add(f"void *{source} = (void *)&{name};")
            out.add(f"memcpy(ffic_frame.bytes + {16 * index}, &{source}, sizeof {source});")
        out.add(f"ffic_call_python({self._python_index[decl.name]}, &ffic_frame, {size});")
        if has_result:
            out.add(f"{{ {spelling.declare(result, 'ffic_result')};")
            out.add("memcpy(&ffic_result, ffic_frame.bytes, sizeof ffic_result); return ffic_result; }")
        out.add("}")

    # Rows.

    def emit_rows(self, out: Writer) -> None:
        """Write the array of globals, unless it is empty."""
        if not self._globals:
            return
        out.here()
        out.add("static const struct ffic_global ffic_globals[] = {")
        for _, decl in sorted(self._globals.items(), key=lambda item: item[0].encode()):
            out.at(decl.place)
            out.add(f"{self._row(decl)},")
        out.here()
        out.add("};")
        if self._wide:
            names = ", ".join(f"(ffic_function)ffic_direct_{name}" for name in self._wide)
            out.add(f"static const ffic_function ffic_direct[] = {{{names}}};")

    def _row(self, decl: GlobalDecl) -> str:
        name = decl.name
        place = self._texts.place(name)
        if isinstance(decl, FunctionDecl):
            return self._function_row(decl, place)
        if isinstance(decl, ConstantDecl):
            return self._constant_row(decl, place)
        if isinstance(decl, VariableDecl):
            ctype = self._texts.place(spell_variable(decl))
            return f"FFIC_VARIABLE_ROW({name}, {place}, {ctype}, {self._variable_size(name, decl.type)})"
        ctype = self._texts.place(spell(decl.type))
        return f"FFIC_PYTHON_ROW({name}, {place}, {ctype}, {self._python_index[name]})"

    def _constant_row(self, decl: ConstantDecl, place: int) -> str:
        name = decl.name
        if decl.type is not None:
            return f"FFIC_CONSTANT_ROW({name}, {place}, {self._texts.place(spell(decl.type))})"
        is_open = decl.value is None or decl.implied  # an enumerator without a value has the one that it has in C
        value = 0 if is_open or name in self._expressions else self._texts.place(f"={decl.value}")
        return f"FFIC_INTEGER_ROW({place}, {value}, {self._integer_index[name]})"

    def _function_row(self, decl: FunctionDecl, place: int) -> str:
        function = decl.type
        named = [("" if decl.release_gil else "FFIC_KEEP_GIL"), ("FFIC_SPELLED" if _is_spelled(function) else "")]
        flags = " | ".join(filter(None, named)) or "0"
        head = f"{decl.name}, {place}, {self._texts.place(spell(function))}"
        if function.variadic:
            return f"FFIC_VARIADIC_ROW({head}, {flags})"
        if any(map(self._spelling.is_wide, (function.result, *function.parameters))):
            self._wide.append(decl.name)
            return f"FFIC_WIDE_ROW({head}, {len(self._wide) - 1}, {flags})"
        return f"FFIC_FUNCTION_ROW({head}, {flags})"

    def _variable_size(self, name: str, ctype: CType) -> str:
        resolved = self._spelling.resolve(ctype)
        is_open = isinstance(resolved, Array) and resolved.length is None
        return "0" if is_open or self._spelling.is_opaque(ctype) else f"sizeof({name})"


def _is_spelled(ctype: CType) -> bool:
    """Tell whether the runtime spells this function type, or a type in it, as ``spell`` does but for each `` const``."""
    if isinstance(ctype, Function):
        return not ctype.abi and all(map(_is_spelled, (ctype.result, *ctype.parameters)))
    if isinstance(ctype, Pointer):
        return not ctype.qualifiers and not isinstance(ctype.target, (Pointer, Function)) and _is_spelled(ctype.target)
    if isinstance(ctype, Tagged) and (ctype.kind == "enum" or ctype.tag.startswith(("$", "const", "_IO_FILE"))):
        return False
    return isinstance(ctype, (Void, Primitive, Tagged)) and set(ctype.qualifiers) <= {"const"}


def _define(result: CType, name: str, parameters: list[str], call: str) -> str:
    head = spell(result, f"{name}({', '.join(parameters) or 'void'})")
    return f"{head} {{ {'' if spell(result) == 'void' else 'return '}{call}; }}"
