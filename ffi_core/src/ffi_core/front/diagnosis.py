"""Why C could not be parsed: from pycparser's complaint to a sentence about the user's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from .context import FIRST_LINE, Context
from .errors import CDefError
from .origin import UNKNOWN
from .patterns import lazy
from .tokens import MARKER_TYPES, MORE_MEMBERS, UNKNOWN_LENGTH, UNKNOWN_VALUE

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final, Optional

# The name under which pycparser sees the text.
FILE_NAME: Final = "<c>"

_COMPLAINT = lazy(re.escape(FILE_NAME) + r":(?:(\d+):(?:\d+:)?)?\s*(.*)", re.DOTALL)
_NUMBER = lazy(
    r"(?:0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uUlL]*\Z"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFlL]?\Z|0[xX][0-9a-fA-F.]+[pP][+-]?[0-9]+[fFlL]?\Z"
)
_PREVIOUSLY = lazy(r"'(\w+)' previously declared")
_IDENTIFIER = lazy(r"[A-Za-z_$][\w$]*\Z", re.ASCII)
_OPENING: Final = {"(": ")", "[": "]", "{": "}"}
_KEYWORDS: Final = frozenset(
    [
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
        "struct",
        "union",
        "enum",
        "const",
        "volatile",
        "restrict",
        "_Atomic",
        "static",
        "extern",
        "typedef",
        "register",
        "auto",
        "inline",
        "_Noreturn",
        "_Thread_local",
        "_Alignas",
        "_Static_assert",
        "sizeof",
        "_Alignof",
        "return",
        "if",
        "else",
        "for",
        "while",
        "do",
        "switch",
        "case",
        "default",
        "break",
        "continue",
        "goto",
    ]
)
# What a type can follow.
_BEFORE_TYPE: Final = frozenset(
    [
        ";",
        "{",
        "}",
        "(",
        ",",
        "*",
        "const",
        "volatile",
        "static",
        "extern",
        "typedef",
        "inline",
        "_Noreturn",
        "register",
        "_Atomic",
        "_Thread_local",
    ]
)


_TAGGED: Final = ("struct", "union", "enum")
# What begins a declaration, or a parameter: qualifiers and the like can stand elsewhere, too.
_BEGINS_DECLARATION: Final = _KEYWORDS.difference(
    ["const", "volatile", "restrict", "_Atomic", "_Noreturn", "_Alignas", "_Complex", "inline", "sizeof", "_Alignof"]
)


def explain(context: Context, complaint: str, types: Collection[str], find: Callable[[int, int], str]) -> CDefError:
    """Turn a complaint of pycparser into an error at a place of the user's.

    ``types`` are the names known as types.  ``find`` parses the tokens from one to another, adds their typedefs to
    ``types``, and gives the complaint or "".
    """
    prepared = context.prepared
    texts = prepared.texts
    end = prepared.expressions[0] if prepared.expressions else len(texts)
    unbalanced = _unbalanced(context, end)
    if unbalanced is not None:
        return unbalanced
    token, detail = _parts(complaint)
    first, last = 0, end
    if token is None or token >= end:
        # pycparser often says nothing of the place: see which declaration it is.
        starts = [*prepared.statements, *prepared.expressions, len(texts)]
        for first, last in zip(starts, starts[1:]):
            complaint = find(first, last) if first < last else ""
            if complaint:
                token, detail = _parts(complaint)
                break
    else:
        find(0, max(start for start in prepared.statements if start <= token))
    if first >= end:
        return _at(context, "this is no integer constant", min(first + 1, len(texts) - 1))
    for candidate in range(first, last):
        if texts[candidate][:1].isdigit() and _NUMBER.match(texts[candidate]) is None:
            return _at(context, f"'{texts[candidate]}' is no number", candidate)
    placed = token if token is not None and first <= token < last else None
    refusal = None
    if placed is not None:
        nearby = range(placed, max(placed - 3, first - 1), -1)
        refusal = _unknown(context, nearby, types, _is_unknown_type) or _unknown(
            context, nearby, types, _is_unknown_parameter
        )
    refusal = refusal or _missing_separator(context, first, last, types)
    if refusal is None and placed is not None:
        refusal = _at(context, _complain(texts[placed], detail), _named_by(detail, texts, placed, last))
    for is_type in (_is_unknown_type, _is_unknown_parameter):
        refusal = refusal or _unknown(context, range(first, last), types, is_type)
    if refusal is not None:
        return refusal
    if texts[last - 1] != ";":
        return _at(context, "the text ends in the middle of a declaration; is there a ';' missing?", last - 1)
    return _at(context, _complain(texts[first], detail), first)


def _unknown(
    context: Context,
    tokens: Iterable[int],
    types: Collection[str],
    is_type: Callable[[list[str], int, Collection[str]], bool],
) -> Optional[CDefError]:
    """Find a token that was meant as a type."""
    texts = context.prepared.texts
    for token in tokens:
        if is_type(texts, token, types):
            return _at(context, unknown_type(context, texts[token], texts, types), token)
    return None


def unknown_type(context: Context, name: str, texts: Sequence[str] = (), types: Collection[str] = ()) -> str:
    """Say that a name is no type, and which one may have been meant.  ``texts`` and ``types``: what is not in the scope yet."""
    scope = context.scope
    tagged = {f"{kind} {tag}" for kind, tag in zip(texts, texts[1:]) if kind in _TAGGED and _IDENTIFIER.match(tag)}
    for kind in _TAGGED:
        key = f"{kind} {name}"
        if key in tagged or scope.find_type(key) is not None:
            return f"unknown type '{name}'; did you mean '{key}'?"
    from difflib import get_close_matches  # for errors only

    known = [*types, *scope.common, *scope.types, *tagged]
    near = get_close_matches(name, known, 1, 0.8)
    return f"unknown type '{name}'; did you mean '{near[0]}'?" if near else f"unknown type '{name}'"


def _missing_separator(context: Context, first: int, last: int, types: Collection[str]) -> Optional[CDefError]:
    """Find where a declaration begins right after another one, or a parameter after another one."""
    texts = context.prepared.texts
    depth = 0
    for token in range(first, last - 1):
        before, after = texts[token], texts[token + 1]
        depth += (before == "(") - (before == ")")
        is_declared = _is_name(before) and token > first and texts[token - 1] not in _BEFORE_TYPE - {"*"}
        ends = is_declared or before in {")", "}", "]"}
        is_type = after in types and token + 2 < last and (texts[token + 2] == "*" or _is_name(texts[token + 2]))
        if ends and (after in _BEGINS_DECLARATION or is_type):
            return _at(context, f"is there a '{',' if depth else ';'}' missing after this?", token)
    return None


def _is_name(text: str) -> bool:
    return _IDENTIFIER.match(text) is not None and text not in _KEYWORDS and not text.startswith("__ffi_core_")


def _parts(complaint: str) -> tuple[Optional[int], str]:
    """Take a complaint apart: the token, where it says which, and the words."""
    match = _COMPLAINT.match(complaint)
    if match is None:
        return None, ""
    return int(match.group(1)) - FIRST_LINE if match.group(1) else None, match.group(2)


def _named_by(detail: str, texts: list[str], token: int, last: int) -> int:
    """Find the name that was declared before: pycparser gives the place of the stars that precede it."""
    named = _PREVIOUSLY.search(detail)
    if named is None or named.group(1) not in texts[token:last]:
        return token
    return texts.index(named.group(1), token)


def _complain(text: str, detail: str) -> str:
    if not detail or detail.startswith(("before:", "At end")):
        return f"this is no C declaration: {_show(text)} cannot stand here"
    if detail == "Invalid function definition":
        return f"this is no C declaration: {_show(text)} is no type"
    return f"this is no C declaration: {detail[0].lower()}{detail[1:]}"


def _at(context: Context, message: str, token: int) -> CDefError:
    place = context.source.place(context.offset_of_token(token))
    heading = f'cannot parse "{place.text.strip()}"' if place.file == UNKNOWN[0] else "parse error"
    return CDefError(message, place, heading=heading)


def _show(text: str) -> str:
    is_marker = any(name in text for name in (*MARKER_TYPES, UNKNOWN_LENGTH, UNKNOWN_VALUE, MORE_MEMBERS))
    return "'...'" if is_marker else f"'{text}'"


def _unbalanced(context: Context, end: int) -> Optional[CDefError]:
    stack: list[tuple[str, int]] = []
    for token in range(end):
        text = context.prepared.texts[token]
        if text in _OPENING:
            stack.append((text, token))
        elif text in {")", "]", "}"}:
            if not stack:
                return _at(context, f"this '{text}' closes nothing", token)
            opening, start = stack.pop()
            if _OPENING[opening] != text:
                return _at(context, f"this '{opening}' is not closed before a '{text}'", start)
    if stack:
        return _at(context, f"this '{stack[-1][0]}' is never closed", stack[-1][1])
    return None


def _is_unknown_parameter(texts: list[str], token: int, types: Collection[str]) -> bool:
    """Guess that a name was meant as the type of a parameter that has no name."""
    if token == 0 or not _is_name(texts[token]) or texts[token] in types:
        return False
    return texts[token - 1] in {"(", ","} and texts[token + 1 : token + 2] in ([")"], [","])


def _is_unknown_type(texts: list[str], token: int, types: Collection[str]) -> bool:
    """Guess that a name was meant as a type: it stands where one starts, and a declarator follows."""
    text = texts[token]
    if not _is_name(text) or text in types:
        return False
    before = texts[token - 1] if token > 0 else ";"
    after = texts[token + 1] if token + 1 < len(texts) else ""
    if before not in _BEFORE_TYPE or (before == "*" and after != "*"):
        return False
    if texts[token + 1 : token + 3] == ["(", "*"]:
        return True
    return after == "*" or (_IDENTIFIER.match(after) is not None and after not in {"struct", "union", "enum"})
