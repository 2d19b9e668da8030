"""From the user's C to C that pycparser reads.

pycparser knows neither ``...`` in CFFI's sense nor the words of particular compilers.  Here they are taken out, or
replaced by marker names that the parser understands.
"""

from __future__ import annotations

from collections.abc import Callable

from ffi_core.frozen import NamedTuple

from .attributes import REFUSED, Attribute, normal_name
from .errors import CDefError
from .source import Source
from .tokens import (
    CLOSING,
    MORE_MEMBERS,
    OPAQUE,
    OPENING,
    UNKNOWN_FLOAT,
    UNKNOWN_INTEGER,
    UNKNOWN_LENGTH,
    UNKNOWN_VALUE,
    Prepared,
    tokenize,
)

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final

# Words of compilers, and what C (as pycparser reads it) has for them.
_SPELLINGS: Final = {
    "__restrict": "restrict",
    "__restrict__": "restrict",
    "__inline": "inline",
    "__inline__": "inline",
    "__forceinline": "inline",
    "__const": "const",
    "__const__": "const",
    "__volatile": "volatile",
    "__volatile__": "volatile",
    "__signed": "signed",
    "__signed__": "signed",
    "__complex": "_Complex",
    "__complex__": "_Complex",
    "__alignof": "_Alignof",
    "__alignof__": "_Alignof",
    "alignof": "_Alignof",
    "alignas": "_Alignas",
    "static_assert": "_Static_assert",
    "thread_local": "_Thread_local",
    "__thread": "_Thread_local",
    "__int128_t": "__int128",
    "__uint128_t": "unsigned __int128",
    "__int8": "char",
    "__int16": "short",
    "__int32": "int",
    "__int64": "long long",
    "__extension__": "",
    "_Nonnull": "",
    "_Nullable": "",
    "_Null_unspecified": "",
}
_CONVENTIONS: Final = {"__stdcall": "__stdcall", "WINAPI": "__stdcall", "__cdecl": ""}
_UNSUPPORTED: Final = {
    "__fastcall": "this calling convention is not supported",
    "__thiscall": "this calling convention is not supported",
    "__vectorcall": "this calling convention is not supported",
    "asm": "assembler names are not supported: they change which symbol is meant",
    "__asm": "assembler names are not supported: they change which symbol is meant",
    "__asm__": "assembler names are not supported: they change which symbol is meant",
    "typeof": "'typeof' is not supported: write the type",
    "__typeof": "'__typeof' is not supported: write the type",
    "__typeof__": "'__typeof__' is not supported: write the type",
    "_Generic": "'_Generic' is not supported",
    "_Pragma": "'_Pragma' is not supported: write #pragma on a line of its own",
    "__pragma": "'__pragma' is not supported: write #pragma on a line of its own",
}
_NUMBER_WORDS: Final = frozenset(["char", "short", "int", "long", "signed", "unsigned", "float", "double"])
_TAG_KEYWORDS: Final = frozenset(["struct", "union", "enum"])


class Brace(NamedTuple):
    """An open brace: ``kind`` is "struct", "union", "enum", "value" or the linkage in quotes.

    ``key`` is the token of the tag, or of the brace where there is none; for a linkage its offset in the text.
    """

    kind: str
    key: int


class Rewriter:
    """Turns pieces of the text into one ``Prepared``."""

    def __init__(self, source: Source) -> None:
        self.prepared = Prepared()
        self._source = source
        self._texts = self.prepared.texts
        self._offsets = self.prepared.offsets
        self._raw: list[str] = []
        self._raw_offsets: list[int] = []
        self._braces: list[Brace] = []
        self._closed = (-1, Brace("", -1))
        self._pending: list[Attribute] = []
        self._linkage: list[tuple[str, int]] = []  # of one declaration

    def add(self, start: int, end: int) -> None:
        """Rewrite the declarations between two offsets."""
        self._rewrite(*tokenize(self._source, self._source.clean, start, end))
        if self._braces and self._braces[-1].kind.startswith('"'):
            raise self._source.error("this '{' is never closed", self._braces[-1].key)

    def _rewrite(self, raw: list[str], offsets: list[int]) -> None:
        self._raw, self._raw_offsets = raw, offsets
        texts, emitted = self._texts, self._offsets
        handlers = _HANDLERS
        index = 0
        count = len(raw)
        while index < count:
            text = raw[index]
            handler = handlers.get(text)
            if handler is None:
                texts.append(text)
                emitted.append(offsets[index])
                index += 1
            else:
                index = handler(self, index)

    def add_type(self, name: str, texts: list[str], offsets: list[int]) -> None:
        """Append a variable ``name`` with the size of a type."""
        self._texts.append(f"int {name}=sizeof(")
        self._offsets.append(offsets[0])
        self._rewrite(texts, offsets)
        self._texts.append(");")
        self._offsets.append(offsets[-1])

    def add_expression(self, name: str, texts: list[str], offsets: list[int]) -> None:
        """Append an enumerator ``name`` with the value of an expression, which pycparser parses with the rest."""
        first = offsets[0]
        self.prepared.expressions.append(len(self._texts))
        self._texts += [f"enum{{{name}=(", *(_SPELLINGS.get(text, text) for text in texts), ")};"]
        self._offsets += [first, *offsets, offsets[-1]]

    # Each handler deals with the raw token at `index`, and returns the index of the next one.

    def _emit(self, index: int, text: str = "") -> int:
        self._texts.append(text or self._raw[index])
        self._offsets.append(self._raw_offsets[index])
        return index + 1

    def _error(self, message: str, index: int) -> CDefError:
        return self._source.error(message, self._raw_offsets[index])

    def _next(self, index: int) -> str:
        return self._raw[index + 1] if index + 1 < len(self._raw) else ""

    def _at_top(self) -> bool:
        return not self._braces or self._braces[-1].kind.startswith('"')

    def _spelling(self, index: int) -> int:
        text = _SPELLINGS[self._raw[index]]
        return self._emit(index, text) if text else index + 1

    def _unsupported(self, index: int) -> int:
        raise self._error(_UNSUPPORTED[self._raw[index]], index)

    def _convention(self, index: int) -> int:
        abi = _CONVENTIONS[self._raw[index]]
        if abi:
            self.prepared.conventions[len(self._texts)] = (abi, self._raw_offsets[index])
        return index + 1

    def _open_brace(self, index: int) -> int:
        texts = self._texts
        position = len(texts)
        before = texts[-1] if texts else ""
        if before == ")" and self._at_top():
            raise self._function_body(position - 1)
        if before in _TAG_KEYWORDS:
            brace = Brace(before, position)
        elif position > 1 and texts[-2] in _TAG_KEYWORDS:
            brace = Brace(texts[-2], position - 1)
        else:
            brace = Brace("value", position)
        self._braces.append(brace)
        if self._pending:
            self._record_attributes(brace, self._pending)
            self._pending = []
        return self._emit(index)

    def _function_body(self, closing: int) -> CDefError:
        depth = 0
        for position in range(closing, -1, -1):
            text = self._texts[position]
            depth += (text == ")") - (text == "(")
            if depth == 0:
                name = self._texts[position - 1] if position else ""
                message = f"function '{name}' has a body: declare it, '...);', and put the body in the C source"
                return self._source.error(message, self._offsets[max(position - 1, 0)])
        return self._source.error("a body cannot be used in declarations", self._offsets[closing])

    def _close_brace(self, index: int) -> int:
        if not self._braces:
            raise self._error("this '}' closes nothing", index)
        brace = self._braces.pop()
        if brace.kind.startswith('"'):
            self._end_linkage(brace.kind, brace.key)
            self.prepared.statements.append(len(self._texts))
            return index + 1
        self._closed = (len(self._texts), brace)
        return self._emit(index)

    def _static(self, index: int) -> int:
        """Drop the `static` of `int a[static 5]`, which pycparser 2 does not take everywhere."""
        if self._texts and self._texts[-1] == "[":
            return index + 1
        return self._emit(index)

    def _semicolon(self, index: int) -> int:
        self._emit(index)
        if self._pending:
            raise self._source.error(
                f"'{self._pending[0].name}' must stand where the struct is defined", self._pending[0].offset
            )
        if self._at_top():
            if self._linkage:
                self._end_linkage(*self._linkage.pop())
            self.prepared.statements.append(len(self._texts))
        return index + 1

    def _extern(self, index: int) -> int:
        linkage = self._next(index)
        if not linkage.startswith('"'):
            return self._emit(index)
        name = "".join(linkage[1:-1].split()).replace("C+Python", "Python+C")
        if name not in {"C", "Python", "Python+C"}:
            raise self._error(f'extern {linkage} is not known: there are "C", "Python" and "Python+C"', index + 1)
        if not self._at_top() or len(self._texts) != self.prepared.statements[-1]:
            raise self._error(f"extern {linkage} must be the first word of a declaration", index)
        linkage = f'"{name}"'
        if index + 2 < len(self._raw) and self._raw[index + 2] == "{":
            self._braces.append(Brace(linkage, self._raw_offsets[index + 2]))
            return index + 3
        self._linkage.append((linkage, self._raw_offsets[index]))
        if name == "C":
            self._emit(index)
        return index + 2

    def _end_linkage(self, linkage: str, offset: int) -> None:
        if linkage == '"C"':
            return
        end = len(self._texts)
        start = end
        while start > 0 and self._offsets[start - 1] > offset:
            start -= 1
        self.prepared.python.append((start, end, linkage == '"Python+C"'))

    def _dots(self, index: int) -> int:
        texts = self._texts
        before = texts[-1] if texts else ""
        after = self._next(index)
        kind = self._braces[-1].kind if self._braces else ""
        if before == "," and after == ")":
            return self._emit(index)
        if before == "[" and after == "]":
            return self._emit(index, UNKNOWN_LENGTH)
        if kind == "enum":
            if before == "=" and after in {",", "}"}:
                return self._emit(index, UNKNOWN_VALUE)
            if before in {"{", ","} and after == "}":
                return self._emit(index, MORE_MEMBERS)
        elif kind in {"struct", "union"} and before in {"{", ";"} and after == ";":
            return self._emit(index, f"int {MORE_MEMBERS}")
        elif self._at_top() and "typedef" in texts[self.prepared.statements[-1] :]:
            if before in _NUMBER_WORDS:
                return self._unknown_number(index)
            if before == "typedef":
                return self._emit(index, OPAQUE)
        raise self._error(self._misplaced_dots(before, after, kind), index)

    def _misplaced_dots(self, before: str, after: str, kind: str) -> str:
        if before == "(" and after == ")":
            name = self._texts[-2] if len(self._texts) > 1 and self._texts[-2].isidentifier() else ""
            return f"{name and name + ': '}a function with only '(...)' as argument is not correct C"
        if before in _NUMBER_WORDS:
            return f"'{before}...' can only be used in a typedef"
        if kind in {"struct", "union"} and before in {"{", ";"}:
            return f"write '...;' at the end of a partial {kind}"
        return "'...' cannot be used here"

    def _unknown_number(self, index: int) -> int:
        texts = self._texts
        position = len(texts) - 1
        marker = UNKNOWN_INTEGER
        while texts[position] in _NUMBER_WORDS:
            if texts[position] in {"float", "double"}:
                marker = UNKNOWN_FLOAT
            texts[position] = ""
            position -= 1
        texts[-1] = marker
        return index + 1

    def _attribute(self, index: int) -> int:
        if self._raw[index + 1 : index + 3] != ["(", "("]:
            raise self._error("__attribute__ needs two opening parentheses", index)
        end = self._attribute_list(index + 3, index)
        if self._next(end) != ")":
            raise self._error("__attribute__ needs two closing parentheses", index)
        return end + 2

    def _declspec(self, index: int) -> int:
        if self._next(index) != "(":
            raise self._error("__declspec needs a parenthesis", index)
        return self._attribute_list(index + 2, index) + 1

    def _attribute_list(self, index: int, first: int) -> int:
        """Read attributes up to the parenthesis that closes the list, and return its index."""
        raw = self._raw
        while index < len(raw) and raw[index] != ")":
            if raw[index] == ",":
                index += 1
                continue
            name, where = normal_name(raw[index]), index
            if name == "align":  # __declspec(align(8))
                name = "aligned"
            start = end = index + 1
            if end < len(raw) and raw[end] == "(":
                end = self._closing(start)
                self._one_attribute(name, where, start + 1, end)
                end += 1
            else:
                self._one_attribute(name, where, start, start)
            index = end
        if index >= len(raw):
            raise self._error("this attribute is never closed", first)
        return index

    def _closing(self, index: int) -> int:
        depth = 0
        for position in range(index, len(self._raw)):
            if self._raw[position] in OPENING:
                depth += 1
            elif self._raw[position] in CLOSING:
                depth -= 1
                if depth == 0:
                    return position
        raise self._error("this parenthesis is never closed", index)

    def _one_attribute(self, name: str, where: int, start: int, end: int) -> None:
        """Deal with one attribute, whose arguments are the raw tokens from ``start`` to ``end``."""
        if name in REFUSED:
            raise self._error(f"the attribute '{name}' is not supported: it {REFUSED[name]}", where)
        if name not in {"packed", "aligned"}:
            return
        argument = -1
        if start < end:
            argument = len(self.prepared.arguments)
            self.prepared.arguments.append((self._raw[start:end], self._raw_offsets[start:end]))
        before = self._texts[-1] if self._texts else ""
        attribute = Attribute(name, len(self._texts), self._raw_offsets[where], argument, before in {"*", "(", ","})
        closed, brace = self._closed
        if before in _TAG_KEYWORDS:
            self._pending.append(attribute)
        elif closed == len(self._texts) - 1 and brace.kind in _TAG_KEYWORDS:
            self._record_attributes(brace, [attribute])
        elif self._at_top():
            self._top_attribute(attribute, where)
        elif self._braces[-1].kind in {"struct", "union"}:
            self.prepared.member_attributes.append(attribute)

    def _record_attributes(self, brace: Brace, attributes: list[Attribute]) -> None:
        if brace.kind == "enum" and any(attribute.name == "aligned" for attribute in attributes):
            raise self._source.error("'aligned' on an enum is not supported", attributes[0].offset)
        self.prepared.record_attributes.setdefault(brace.key, []).extend(attributes)

    def _top_attribute(self, attribute: Attribute, where: int) -> None:
        is_typedef = "typedef" in self._texts[self.prepared.statements[-1] :]
        if attribute.name == "packed":
            raise self._error("compilers ignore 'packed' here: write it directly after the '}' of the struct", where)
        if is_typedef:
            self.prepared.typedef_attributes.append(attribute)


_HANDLERS: Final[dict[str, Callable[[Rewriter, int], int]]] = {
    **dict.fromkeys(_SPELLINGS, Rewriter._spelling),
    **dict.fromkeys(_UNSUPPORTED, Rewriter._unsupported),
    **dict.fromkeys(_CONVENTIONS, Rewriter._convention),
    "{": Rewriter._open_brace,
    "}": Rewriter._close_brace,
    ";": Rewriter._semicolon,
    "extern": Rewriter._extern,
    "static": Rewriter._static,
    "...": Rewriter._dots,
    "__attribute__": Rewriter._attribute,
    "__attribute": Rewriter._attribute,
    "__declspec": Rewriter._declspec,
}

# Words that are not left as they are, or that mean something to compilers only.
SPECIAL_WORDS: Final = frozenset(word for word in _HANDLERS if word.isidentifier())
