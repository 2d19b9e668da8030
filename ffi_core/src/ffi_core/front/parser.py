"""From C text to declarations, with pycparser as the judge of what is C."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from operator import itemgetter

from ffi_core.frozen import replace

from .constants import UnknownValueError
from .context import FIRST_LINE, Context, Reading, SizeOf
from .declarator_attributes import DeclaratorAttributes
from .declarators import TypeReader
from .diagnosis import FILE_NAME, explain
from .directives import Directives
from .enums import EnumReader
from .fast import FastReader
from .literals import Integer
from .macros import PREFIX, Macros
from .model import (
    Array,
    ConstantDecl,
    CType,
    Function,
    FunctionDecl,
    Pointer,
    PythonFunctionDecl,
    RecordDecl,
    Tagged,
    VariableDecl,
    Void,
)
from .records import RecordReader
from .rewriter import Rewriter
from .scope import Scope
from .source import Source, declaration_end, skip_space
from .target import host_target
from .tokens import MARKER_TYPES, OPAQUE, is_balanced, tokenize

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Optional

    Node = Any  # of pycparser, which has no types


_ARGUMENT = "__ffi_core_argument_"
_TYPE = "__ffi_core_type"
_MOST_STARS = 500
_CHARACTERS = ("char", "wchar_t", "char16_t", "char32_t")


class Parser:
    """Reads one text into one scope."""

    def __init__(
        self,
        source: Source,
        scope: Scope,
        *,
        pack: int = 0,
        release_gil: bool = True,
        sizeof: Optional[SizeOf] = None,
    ) -> None:
        target = host_target()
        self._source = source
        self._scope = scope
        self._release_gil = release_gil
        self._directives = Directives(source, pack)
        self._context = Context(source, scope, self._directives, target, sizeof)
        self._types = TypeReader(self._context)
        records = RecordReader(self._context, self._types)
        self._context.type_reader = self._types.read
        self._context.specifiers = {
            "Struct": records.read,
            "Union": records.read,
            "Enum": EnumReader(self._context).read,
        }
        self._macros = Macros(self._context, self._directives.defines)
        self._fast = FastReader(self._context, self._declare_alone, release_gil=release_gil)

    def parse(self, *, fast: bool = True) -> None:
        """Declare everything that the text says.

        ``fast`` is False where pycparser should read plain declarations too.
        """
        rewriter = Rewriter(self._source)
        events: list[tuple[int, Callable[[Any], None], Any]] = []
        text = self._source.clean
        position = skip_space(text, 0)
        while position < len(text):
            piece = self._fast.take(position) if fast else None
            if piece is not None:
                events.append((position, self._fast.declare, piece))
                position = piece.end
            else:
                end = declaration_end(text, position)
                rewriter.add(position, end)
                position = skip_space(text, end)
        self._macros.add_to(rewriter)
        declare, compute = self._declare, self._macros.compute
        events += [(self._start_of(node), declare, node) for node in self._read(rewriter)]
        events += [(self._macros.offset(index), compute, index) for index in range(len(self._macros))]
        events.sort(key=itemgetter(0))
        try:
            for _, act, subject in events:
                act(subject)
        except RecursionError:
            raise self._source.error("this is nested too deeply", events[0][0]) from None
        self._check_conventions()

    def _declare_alone(self, start: int, end: int) -> None:
        """Let pycparser read one declaration that looked plain and is not."""
        reading = self._context.reading
        rewriter = Rewriter(self._source)
        rewriter.add(start, end)
        for node in self._read(rewriter):
            self._declare(node)
        self._check_conventions()
        self._context.reading = reading

    def _check_conventions(self) -> None:
        """Refuse calling conventions that no function has taken."""
        for abi, offset in self._context.prepared.conventions.values():
            raise self._source.error(
                f"{abi} must stand directly before the name of a function, or before the '*' of a pointer to one",
                offset,
            )

    def parse_type(self) -> CType:
        """Read the text as one type, as in a cast."""
        texts, offsets = tokenize(self._source, self._source.clean)
        if not texts or not is_balanced(texts) or _ends_early(texts):
            raise self._source.error("this is no type", offsets[0] if offsets else 0)
        rewriter = Rewriter(self._source)
        rewriter.add_type(_TYPE, texts, offsets)
        nodes = self._run_pycparser(rewriter)
        initializer = nodes[-1].init if nodes else None
        operand = getattr(initializer, "expr", None)
        if len(nodes) != 1 or type(operand).__name__ != "Typename":
            raise self._source.error("this is no type", offsets[0])
        return self._types.read(operand)

    # Text to nodes.

    def _read(self, rewriter: Rewriter) -> list[Node]:
        """Let pycparser read declarations, and with them the expressions that were appended."""
        for index, (texts, offsets) in enumerate(rewriter.prepared.arguments):
            rewriter.add_expression(f"{_ARGUMENT}{index}", texts, offsets)
        declarations = []
        for node in self._run_pycparser(rewriter):
            hidden = _hidden_enumerator(node)
            if hidden is None:
                declarations.append(node)
            elif not self._macros.take(hidden.name, hidden.value):
                self._context.reading.arguments[int(hidden.name[len(_ARGUMENT) :])] = hidden.value
        self._name_records(declarations)
        return declarations

    def _run_pycparser(self, rewriter: Rewriter) -> list[Node]:
        prepared = rewriter.prepared
        self._context.reading = Reading(prepared)
        if not prepared.texts:
            return []
        self._refuse_long_runs(prepared.texts, prepared.offsets)
        from pycparser.c_parser import CParser, ParseError

        names = self._names_in(prepared.texts)
        prelude = [*MARKER_TYPES, *sorted(names)]
        try:
            nodes = CParser().parse(_c_text(prelude, prepared.texts), FILE_NAME).ext
        except ParseError as error:
            complaint = str(error)
        except (RecursionError, AttributeError, TypeError, AssertionError, LookupError):
            complaint = ""  # pycparser trips over some nonsense: "int struct T;"
        else:
            return list(nodes)[len(prelude) :]

        def find(first: int, last: int) -> str:
            """Parse some of the declarations alone, and remember the typedefs among them."""
            known = [*MARKER_TYPES, *sorted(names)]
            try:
                found = CParser().parse(_c_text(known, [""] * first + prepared.texts[first:last]), FILE_NAME).ext
            except ParseError as error:
                return str(error)
            except RecursionError:
                return f"{FILE_NAME}:{first + FIRST_LINE}:1: this is nested too deeply"
            except (AttributeError, TypeError, AssertionError, LookupError):
                return f"{FILE_NAME}:{first + FIRST_LINE}:1: this is no C declaration"
            names.update(node.name for node in found if type(node).__name__ == "Typedef")
            return ""

        raise explain(self._context, complaint, names, find)

    def _refuse_long_runs(self, texts: list[str], offsets: list[int]) -> None:
        """Refuse pointers to pointers without end, for which pycparser 2 takes time that grows with their square."""
        run = 0
        for text, offset in zip(texts, offsets):
            run = run + 1 if text == "*" else 0
            if run > _MOST_STARS:
                raise self._source.error("this type is nested too deeply", offset)

    def _names_in(self, texts: list[str]) -> set[str]:
        """Collect the names of types that were known before the text."""
        typedefs = self._fast.typedefs
        return {text for text in texts if text in typedefs or self._scope.is_type_name(text)}

    def _start_of(self, node: Node) -> int:
        """Give the offset where the declaration of a node starts."""
        statements = self._context.prepared.statements
        token = self._context.token(node)
        return self._context.offset_of_token(statements[max(bisect_right(statements, token) - 1, 0)])

    def _name_records(self, nodes: list[Node]) -> None:
        """Find the typedefs that name records and enums without a tag."""
        for node in nodes:
            if type(node).__name__ == "Typedef" and type(node.type).__name__ == "TypeDecl":
                specifier = node.type.type
                if type(specifier).__name__ in {"Struct", "Union", "Enum"} and specifier.name is None:
                    self._context.reading.record_names.setdefault(self._context.token(specifier), node.name)

    # Nodes to declarations.

    def _declare(self, node: Node) -> None:
        kind = type(node).__name__
        if kind == "Typedef":
            self._typedef(node)
        elif kind == "Decl":
            self._declaration(node)
        elif kind == "StaticAssert":
            if not self._context.evaluator.evaluate(node.cond).value:
                raise self._context.error("this static assertion fails", node)
        else:
            raise self._context.error("this is no declaration", node)

    def _typedef(self, node: Node) -> None:
        context = self._context
        place = context.place(node)
        stars = _opaque_depth(node.type)
        if stars == 0:
            record = RecordDecl("struct", f"${node.name}", node.name, place=place)
        elif stars == 1:
            record = RecordDecl("struct", f"$${node.name}", "", place=place)
        else:
            ctype = self._types.read(node)
            if isinstance(ctype, Function):
                ctype = self._types.with_convention(ctype, node)
            aligned = self._typedef_alignment(node)
            if aligned:
                self._align_record(node, ctype, aligned)
            self._scope.declare_typedef(node.name, ctype, place, aligned)
            return
        opaque = Tagged("struct", record.tag)
        self._scope.declare_type(record.key, record)
        self._scope.declare_typedef(node.name, Pointer(opaque) if stars else opaque, place)

    def _typedef_alignment(self, node: Node) -> int:
        context = self._context
        candidates = context.prepared.typedef_attributes
        return context.alignment(DeclaratorAttributes(context, candidates).of(node)) if candidates else 0

    def _align_record(self, node: Node, ctype: CType, aligned: int) -> None:
        """Give a record that has no other name than that of its typedef the alignment of that."""
        record = self._context.record(ctype) if isinstance(ctype, Tagged) else None
        if record is not None and record.c_name == node.name and record.fields is not None:
            if record.aligned > 0:
                raise self._context.error("this has two alignments; write one of them", node)
            self._scope.types[record.key] = replace(record, aligned=-aligned)

    def _declaration(self, node: Node) -> None:
        context = self._context
        kind = type(node.type).__name__
        if kind in context.specifiers:
            context.specifiers[kind](node.type)
            return
        if not node.name:
            raise context.error("this declares nothing: a name is missing", node)
        ctype = self._types.known(self._types.read(node), node)
        resolved = self._scope.resolve(ctype)
        if isinstance(resolved, Function):
            self._function(node, self._types.with_convention(resolved, node))
            return
        if self._linkage(node) is not None:
            raise context.error('extern "Python" is for functions only', node)
        if isinstance(resolved, Void):
            raise context.error(f"variable '{node.name}' has type void", node)
        place = context.place(node)
        is_const = self._scope.is_const(ctype)
        # `extern const` is in the library, and can be read there; other constants may be macros or `static`.
        is_constant = (
            is_const and not isinstance(resolved, Array) and ("extern" not in node.storage or node.init is not None)
        )
        if is_constant or self._has_fixed_value(node, resolved):
            value = self._initial_value(node, ctype)
            self._scope.declare_global(ConstantDecl(node.name, value, ctype, place))
        else:
            self._scope.declare_global(VariableDecl(node.name, ctype, place, is_const))

    def _function(self, node: Node, ctype: Function) -> None:
        context = self._context
        if node.init is not None:
            raise context.error(f"function '{node.name}' cannot have a value", node)
        place = context.place(node)
        exported = self._linkage(node)
        if exported is None:
            self._scope.declare_global(FunctionDecl(node.name, ctype, place, self._release_gil))
        elif ctype.variadic:
            raise context.error('extern "Python" functions cannot be variadic', node)
        else:
            self._scope.declare_global(PythonFunctionDecl(node.name, ctype, place, exported))

    def _linkage(self, node: Node) -> Optional[bool]:
        """Say whether a declaration is ``extern "Python"``: None if not, otherwise whether it is exported."""
        token = self._context.token(node)
        for start, end, exported in self._context.prepared.python:
            if start <= token < end:
                return exported
        return None

    def _has_fixed_value(self, node: Node, ctype: CType) -> bool:
        """Tell whether this is as ``int NAME = 42;``, which code written for CFFI has for macros and other constants."""
        initial = node.init
        if type(initial).__name__ == "UnaryOp" and initial.op == "-":
            initial = initial.expr
        if type(initial).__name__ != "Constant" or "int" not in initial.type:
            return False
        evaluator = self._context.evaluator
        is_integer = evaluator.convert(Integer(0, evaluator.int_type), ctype) is not None
        return is_integer and getattr(ctype, "name", "") not in _CHARACTERS

    def _initial_value(self, node: Node, ctype: CType) -> Optional[int]:
        """Compute the value of an integer constant that is declared with one."""
        if node.init is None:
            return None
        resolved = self._scope.resolve(ctype)
        if isinstance(resolved, Tagged) and resolved.kind == "enum":
            return self._context.evaluator.evaluate(node.init).value
        if self._context.evaluator.convert(Integer(0, self._context.evaluator.int_type), ctype) is None:
            return None  # floating or pointer: the table has integers only
        try:
            converted = self._context.evaluator.convert(self._context.evaluator.evaluate(node.init), ctype)
        except UnknownValueError:
            return None
        value = None if converted is None else converted.value
        self._remember(node.name, converted)
        return value

    def _remember(self, name: str, value: Optional[Integer]) -> None:
        if value is not None:
            self._context.integers[name] = value


def _c_text(prelude: list[str], texts: list[str]) -> str:
    """Write what pycparser reads: the names of types, then one token per line."""
    return "\n".join([f"typedef int {', '.join(prelude)};", *texts, ""])


def _hidden_enumerator(node: Node) -> Optional[Node]:
    """Find the enumerator that stands for a macro or an argument."""
    if type(node).__name__ == "Decl" and type(node.type).__name__ == "Enum" and node.type.values is not None:
        first = node.type.values.enumerators[0]
        if first.name.startswith((PREFIX, _ARGUMENT)):
            return first
    return None


def _opaque_depth(node: Node) -> int:
    """Count the stars in ``typedef ... *T``; -1 where the type is another."""
    stars = 0
    while type(node).__name__ == "PtrDecl":
        stars += 1
        node = node.type
    if type(node).__name__ != "TypeDecl" or type(node.type).__name__ != "IdentifierType":
        return -1
    return stars if node.type.names == [OPAQUE] and stars < 2 else -1


def _ends_early(texts: list[str]) -> bool:
    """Say whether there is a semicolon that ends no member of a struct."""
    depth = 0
    for text in texts:
        depth += (text == "{") - (text == "}")
        if text == ";" and depth == 0:
            return True
    return False
