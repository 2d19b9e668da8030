"""The parser of type expressions: recursive descent over C's abstract declarators.

The grammar is that of `src/native/type_parser.c`, and the same tests drive both.
"""

from __future__ import annotations

import sys

from ffi_core.errors import ArrayLengthError, CDefError, FFIError, FunctionTypeError
from ffi_core.pypy import c_types

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Final, NoReturn, Optional, Protocol

    class Names(Protocol):
        """Where the parser asks what a name stands for."""

        @property
        def reads_cdef(self) -> bool:
            """Tell whether there is a ``cdef()``: as in cffi, errors say then what cannot be parsed."""

        def find_typedef(self, name: str) -> Any:
            """Give the type, None where there is none."""

        def find_tagged(self, key: str) -> Any:
            """Give the struct, union or enum of a key like ``struct point``, None where there is none."""

        def find_constant(self, name: str) -> Optional[int]:
            """Give the value of an integer constant, None where there is none."""

        def declare_opaque(self, key: str) -> Any:
            """Declare a struct or union by its name alone, as C does; None where that cannot be."""

        def complete(self, ctype: Any) -> None:
            """Find the members of a struct or union."""


_MAX_DEPTH: Final = 200
_MAX_PARAMETERS: Final = 1000
_BLANKS: Final = frozenset(" \t\n\v\f\r")
_DECIMAL: Final = frozenset("0123456789")
_NAME_START: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$")
_NAME: Final = _NAME_START | _DECIMAL
_END, _WORD, _DIGITS, _DOTS, _SYMBOL = range(5)

_QUALIFIERS: Final = frozenset(
    [
        "const",
        "volatile",
        "restrict",
        "__const",
        "__const__",
        "__volatile",
        "__volatile__",
        "__restrict",
        "__restrict__",
        "__extension__",
        "register",
    ]
)
_CONVENTIONS: Final = frozenset(["__cdecl", "__stdcall", "WINAPI"])
_KEYWORDS: Final = frozenset(
    [
        "auto",
        "break",
        "case",
        "continue",
        "default",
        "do",
        "else",
        "enum",
        "extern",
        "for",
        "goto",
        "if",
        "inline",
        "return",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "union",
        "while",
        "_Alignas",
        "_Alignof",
        "_Thread_local",
    ]
)
_ARITHMETIC: Final = {
    "__signed": ("signed",),
    "__signed__": ("signed",),
    "__complex": ("_Complex",),
    "__complex__": ("_Complex",),
    "__int128_t": ("__int128",),
    "__uint128_t": ("__int128", "unsigned"),
    **{
        word: (word,)
        for word in [
            "void",
            "char",
            "short",
            "int",
            "long",
            "float",
            "double",
            "signed",
            "unsigned",
            "_Bool",
            "_Complex",
            "__int128",
        ]
    },
}
_NAMES: Final = {
    frozenset(name.replace("long long", "longlong").split()): name
    for name in [
        "void",
        "_Bool",
        "char",
        "signed char",
        "unsigned char",
        "short",
        "unsigned short",
        "int",
        "unsigned int",
        "long",
        "unsigned long",
        "long long",
        "unsigned long long",
        "__int128",
        "unsigned __int128",
        "float",
        "double",
        "long double",
        "float _Complex",
        "double _Complex",
        "long double _Complex",
    ]
}
_ALLOW_INT: Final = frozenset(["short", "long", "longlong", "signed", "unsigned", "int"])


def _arithmetic_name(words: set[str]) -> Optional[str]:
    """Name the type that the words make up together; None for no type."""
    if words <= _ALLOW_INT:
        # `int` and `signed` say nothing beside another integer word.
        words = (words - {"int", "signed"}) or {"int"}
        words = {"int", "unsigned"} if words == {"unsigned"} else words
    elif words <= _ALLOW_INT | {"__int128"}:
        words = words - {"signed"}
    return _NAMES.get(frozenset(words))


# By hand: to import the module for regular expressions takes longer than everything here.
def _tokenize(text: str) -> list[tuple[int, str, int]]:
    """Split a text into tokens: what each is, its text, its place.  A last one stands for the end."""
    tokens = []
    position, end = 0, len(text)
    while position < end:
        start, first = position, text[position]
        position += 1
        if first in _BLANKS:
            continue
        kind = _WORD if first in _NAME_START else _DIGITS if first in _DECIMAL else _SYMBOL
        if kind != _SYMBOL:
            while position < end and text[position] in _NAME:
                position += 1
        elif text.startswith("...", start):
            kind = _DOTS
            position = start + 3
        tokens.append((kind, text[start:position], start))
    tokens.append((_END, "", end))
    return tokens


def _read_number(text: str) -> Optional[int]:
    """Read an integer constant of C; None where it is none."""
    digits = text.rstrip("uUlL")
    if "_" in digits:  # Python would take it
        return None
    try:
        if digits[:2] in ("0x", "0X"):
            return int(digits, 0)
        return int(digits, 8 if digits.startswith("0") else 10)
    except ValueError:
        return None


def parse_type(text: str, names: Names, array_size: int = -1) -> Any:
    """Read a type expression: a type of the interpreter, or a ``FunctionType``.

    Units: ``array_size`` in bytes is what ``[...]`` stands for; -1 where that is not known.
    Errors: ``CDefError`` that shows the place; ``ArrayLengthError`` and ``FunctionTypeError`` are kinds of it.
    """
    if "\0" in text:
        raise FFIError("a C type cannot contain a null character")
    parser = _Parser(text, names, array_size)
    try:
        ctype = parser.type()
    except RecursionError:
        raise CDefError("the type is nested too deeply") from None
    if parser.kind != _END:
        parser.fail("unexpected symbol")
    return ctype


class _Parser:
    def __init__(self, text: str, names: Names, array_size: int) -> None:
        self.text = text
        self.names = names
        self.array_size = array_size
        self.depth = 0
        self.tokens = _tokenize(text)
        self.index = 0
        self.kind, self.word, self.start = self.tokens[0]

    # Tokens.

    def go(self, index: int) -> None:
        self.index = index
        self.kind, self.word, self.start = self.tokens[index]

    def advance(self) -> None:
        if self.kind != _END:
            self.go(self.index + 1)

    def at(self, symbol: str) -> bool:
        return self.kind == _SYMBOL and self.word == symbol

    def fail(self, message: str, place: Optional[int] = None, error: type[CDefError] = CDefError) -> NoReturn:
        place = self.start if place is None else place
        shown = self.text.encode("utf-8", "surrogatepass")
        offset = len(self.text[:place].encode("utf-8", "surrogatepass"))
        if len(shown) > 500:  # the caret of a very long text would not be found anyway
            from ffi_core.pypy.notes import noted

            raise noted(error(message), f"at character {offset} of a type of {len(shown)} characters")
        line = "".join(" " if byte in b"\t\n\v\f\r" else chr(byte) if 32 <= byte < 127 else "?" for byte in shown)
        heading = f'cannot parse "{line}"\n' if self.names.reads_cdef else ""
        raise error(f"{heading}{message}\n{line}\n{' ' * offset}^")

    def fail_unknown(self) -> NoReturn:
        if (
            self.names.reads_cdef and self.word == self.text and len(self.text) <= 500
        ):  # there is nothing else to point at
            raise CDefError(f"unknown identifier '{self.word}'")
        self.fail("undefined type name")

    def fail_length(self, message: str) -> NoReturn:
        self.fail(message, error=ArrayLengthError)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.fail("the type is nested too deeply")

    def at_qualifier(self) -> bool:
        if self.kind == _WORD and self.word == "_Atomic":
            return self.tokens[self.index + 1][:2] != (_SYMBOL, "(")  # otherwise it is a specifier: _Atomic(int)
        return self.kind == _WORD and self.word in _QUALIFIERS

    def skip_qualifiers(self) -> None:
        while self.at_qualifier():
            self.advance()

    # Specifiers.

    def arithmetic(self) -> Any:
        first = self.start
        words: set[str] = set()
        while self.kind == _WORD and self.word in _ARITHMETIC:
            for word in _ARITHMETIC[self.word]:
                if word == "long" and "long" in words:
                    words = (words - {"long"}) | {"longlong"}
                elif (
                    word in words
                    or (word == "long" and "longlong" in words)
                    or (words | {word} >= {"signed", "unsigned"})
                ):
                    self.fail("invalid combination of types")
                else:
                    words.add(word)
            self.advance()
            self.skip_qualifiers()
        name = _arithmetic_name(words)
        if name is None:
            self.fail("invalid combination of types", first)
        return c_types.primitive(name)

    def tagged(self, keyword: str) -> Any:
        self.advance()
        self.skip_qualifiers()
        if self.kind != _WORD or self.word in _KEYWORDS or self.word in _ARITHMETIC:
            self.fail("enum name expected" if keyword == "enum" else "struct or union name expected")
        key = f"{keyword} {self.word}"
        ctype = self.names.find_tagged(key)
        if ctype is None and keyword != "enum" and "$" not in self.word:
            ctype = self.names.declare_opaque(key)
        if ctype is None:
            self.fail("undefined enum name" if keyword == "enum" else "undefined struct/union name")
        self.advance()
        return ctype

    def atomic(self) -> Any:
        self.deeper()
        self.advance()
        self.advance()
        ctype = self.type()
        if not self.at(")"):
            self.fail("expected ')'")
        self.advance()
        self.depth -= 1
        return ctype

    def specifiers(self) -> Any:
        self.skip_qualifiers()
        if self.kind != _WORD:
            self.fail("identifier expected")
        if self.word == "_Atomic":
            ctype = self.atomic()
        elif self.word in _ARITHMETIC:
            ctype = self.arithmetic()
        elif self.word in ("struct", "union", "enum"):
            ctype = self.tagged(self.word)
        else:
            ctype = self.names.find_typedef(self.word)
            if ctype is None:
                self.fail_unknown()
            self.advance()
        self.skip_qualifiers()
        return ctype

    def type(self) -> Any:
        return self.declarator(self.specifiers())

    # Declarators.

    def declarator(self, base: Any) -> Any:
        self.deeper()
        stars = 0
        while self.at("*"):
            stars += 1
            if stars > _MAX_DEPTH:
                self.fail("the type is nested too deeply")
            base = c_types.pointer_to(base)
            self.advance()
            self.skip_qualifiers()
        while self.kind == _WORD and self.word in _CONVENTIONS:
            self.advance()
        if self.at("(") and self.opens_declarator():
            base = self.nested(base)
        else:
            if self.kind == _WORD and not self.at_qualifier():
                # A dollar sign is in tags of our own making only.
                if "$" in self.word or self.word in _KEYWORDS or self.word in _ARITHMETIC:
                    self.fail("unexpected symbol")
                self.advance()
            base = self.suffixes(base)
        self.depth -= 1
        return base

    def opens_declarator(self) -> bool:
        """Tell a nested declarator, ``(*)(int)``, from parameters."""
        kind, word, _ = self.tokens[self.index + 1]
        return (kind == _SYMBOL and word in "*([^") or (kind == _WORD and word in _CONVENTIONS)

    def nested(self, base: Any) -> Any:
        inner = self.index + 1
        while self.tokens[inner][0] == _WORD and self.tokens[inner][1] in _CONVENTIONS:
            inner += 1
        self.skip_to_matching()
        # What follows the parentheses applies to `base` first; what is inside them applies to the result.
        base = self.suffixes(base)
        after = self.index
        self.go(inner)
        base = self.declarator(base)
        if not self.at(")"):
            self.fail("unexpected symbol")
        self.go(after)
        return base

    def skip_to_matching(self) -> None:
        depth = 0
        while True:
            if self.kind == _END:
                self.fail("expected ')'")
            if self.at("("):
                depth += 1
            elif self.at(")"):
                depth -= 1
                if depth == 0:
                    self.advance()
                    return
            self.advance()

    def suffixes(self, base: Any) -> Any:
        self.deeper()
        if self.at("["):
            base = self.array(base)
        elif self.at("("):
            base = self.function(base)
        self.depth -= 1
        return base

    def array(self, base: Any) -> Any:
        bracket = self.start
        self.advance()
        self.skip_qualifiers()
        # The length of "[...]" needs the item's size, and the item is what the brackets to the right make: read them first.
        inside = self.index
        while not self.at("]"):
            if self.kind == _END:
                self.fail("expected ']'")
            self.advance()
        self.advance()
        item = self.suffixes(base)
        after = self.index
        self.go(inside)
        length = self.length(item)
        closing = self.start
        if not self.at("]"):
            self.fail("expected ']'")
        self.go(after)
        if isinstance(item, c_types.FunctionType):
            self.fail("an array of functions does not exist in C", bracket)
        if item.kind == "array" and item.length is None:
            self.fail("only the first dimension of an array can be left out", closing, ArrayLengthError)
        self.names.complete(item)
        if c_types.size_or_none(item) is None:
            raise TypeError(f"ctype '{item.cname}' is of unknown size")
        return c_types.array_of(item, length)

    def length(self, item: Any) -> Optional[int]:
        if self.at("]"):
            return None
        if self.kind == _DOTS:
            if self.array_size < 0:
                self.fail_length("'[...]' is a length that only a compiler can fill in")
            self.names.complete(item)
            self.advance()
            size = c_types.size_or_none(item)
            return self.array_size // size if size else 0
        value: Optional[int] = None
        if self.kind == _DIGITS:
            value = _read_number(self.word)
            if value is not None and value > sys.maxsize:
                self.fail_length("number too large")
        elif self.kind == _WORD:
            value = self.names.find_constant(self.word)
        if value is None or value < 0 or value > sys.maxsize:
            self.fail_length("expected a positive integer constant")
        self.advance()
        return value

    def function(self, base: Any) -> Any:
        parenthesis = self.start
        arguments, variadic = self.parameters()
        result = self.suffixes(base)
        if isinstance(result, c_types.FunctionType) or result.kind == "array":
            self.fail("a function cannot return an array or a function", parenthesis, FunctionTypeError)
        for ctype in (*arguments, result):
            if c_types.is_record(ctype):
                self.names.complete(ctype)
        return c_types.FunctionType(tuple(arguments), result, variadic=variadic)

    def parameters(self) -> tuple[list[Any], bool]:
        found: list[Any] = []
        self.advance()
        if self.at(")"):
            self.advance()
            return found, False
        variadic = False
        while True:
            if self.kind == _DOTS:
                variadic = True
                self.advance()
                break
            start, index = self.start, self.index
            ctype = self.type()
            if ctype.kind == "void":
                if index + 1 == self.index and not found and self.at(")"):
                    break
                self.fail("a parameter cannot have the type void", start)
            found.append(_adjust(ctype))
            if len(found) > _MAX_PARAMETERS:
                self.fail("too many parameters", start)
            if not self.at(","):
                break
            self.advance()
        if not self.at(")"):
            self.fail("expected ')'")
        self.advance()
        return found, variadic


def _adjust(ctype: Any) -> Any:
    """Make a parameter's type what C makes it: arrays and functions become pointers."""
    if ctype.kind == "array":
        return c_types.pointer_to(ctype.item)
    if isinstance(ctype, c_types.FunctionType):
        return ctype.pointer()
    return ctype
