"""``#define NAME VALUE``: which values can be declared, and when they are computed."""

from __future__ import annotations

import re

from .constants import UnknownValueError
from .context import Context
from .directives import Define
from .errors import CDefError
from .literals import Integer, LiteralError, read_integer
from .model import ConstantDecl
from .patterns import lazy
from .rewriter import Rewriter
from .source import Source
from .tokens import is_balanced, tokenize

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Final, Optional

    Node = Any  # of pycparser, which has no types


PREFIX: Final = "__ffi_core_define_"

_NUMBER = lazy(r"(\(?)\s*([+-]?)\s*([0-9]\w*)\s*(\)?)\Z", re.ASCII)


class Macros:
    """The macros of one text.

    As in C a macro can refer to names that are declared after it; so each is computed when it is first needed, at the
    latest where it stands.
    """

    def __init__(self, context: Context, defines: list[Define]) -> None:
        self._context = context
        self._defines = defines
        self._values: dict[int, Integer] = {}  # those that need no expression
        self._bodies: dict[int, Node] = {}
        self._reading = context.reading
        self._computed: set[int] = set()

    def __len__(self) -> int:
        """Count the macros."""
        return len(self._defines)

    def offset(self, index: int) -> int:
        """Say where a macro stands."""
        return self._defines[index].offset

    def add_to(self, rewriter: Rewriter) -> None:
        """Append the values that are expressions to what pycparser reads."""
        for index, define in enumerate(self._defines):
            simple = self._simple_value(define)
            if simple is not None:
                self._values[index] = simple
            elif define.body != "...":
                texts, offsets = tokenize(self._context.source, define.body, base=define.start)
                self._check_body(define, texts)
                rewriter.add_expression(f"{PREFIX}{index}", texts, offsets)
            self._context.pending.setdefault(define.name, lambda index=index: self.compute(index))  # type: ignore[misc]

    def take(self, name: str, node: Node) -> bool:
        """Take the expression that pycparser has read for an appended value."""
        if not name.startswith(PREFIX):
            return False
        self._bodies[int(name[len(PREFIX) :])] = node
        self._reading = self._context.reading
        return True

    def compute(self, index: int) -> None:
        """Declare the constant that a macro is, once."""
        if index in self._computed:
            return
        self._computed.add(index)
        context = self._context
        define = self._defines[index]
        context.pending.pop(define.name, None)
        value = self._values.get(index)
        if index in self._bodies:
            reading, context.reading = context.reading, self._reading
            try:
                value = context.evaluator.evaluate(self._bodies[index])
            except UnknownValueError:
                value = None
            except CDefError as error:
                error.heading = error.heading or _supported(context.source, define)
                raise
            finally:
                context.reading = reading
        place = context.source.place(define.offset)
        context.scope.declare_global(ConstantDecl(define.name, None if value is None else value.value, None, place))
        if value is not None:
            context.integers[define.name] = value

    def _simple_value(self, define: Define) -> Optional[Integer]:
        match = _NUMBER.match(define.body)
        if match is None or bool(match.group(1)) != bool(match.group(4)):
            return None
        try:
            value = read_integer(match.group(3), self._context.target)
        except LiteralError:
            return None
        if match.group(2) != "-":
            return value
        return Integer(-value.value, value.type) if value.type.signed else None

    def _check_body(self, define: Define, texts: list[str]) -> None:
        source = self._context.source
        if texts[0].endswith('"'):
            raise _refusal(source, define, f"strings cannot be declared so; write 'static char *const {define.name};'")
        if not is_balanced(texts) or "..." in texts or ";" in texts:
            raise _refusal(source, define, "the value is no integer constant; '...' lets the compiler find it")


def _refusal(source: Source, define: Define, why: str) -> CDefError:
    error = source.error(f"#define {define.name}: {why}", define.start)
    error.heading = _supported(source, define)
    return error


def _supported(source: Source, define: Define) -> str:
    """Say it in cffi's words, which code and tests of its users know.  Expressions of constants are integer constants here."""
    return (
        "only supports one of the following syntax:\n"
        f"  #define {define.name} ...     (literally dot-dot-dot)\n"
        f"  #define {define.name} NUMBER  (with NUMBER an integer constant, decimal/hex/octal)\n"
        f"got:\n  {source.place(define.offset).text.strip()}"
    )
