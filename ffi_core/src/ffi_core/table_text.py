"""The text carrier of the declaration table: what a generated Python module holds.

Belongs here: writing it, and reading all of it where no native runtime looks entries up in it.  docs/declaration_table.md
describes it.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Final

    Entry = tuple[Any, ...]

# What ends a name says what it is; no name has one of them.
_MARKS: Final = ":!@=<>?{;|"
_WITH_TYPE: Final = {"@": "variable", "<": "python", ">": "typedef", "?": "unknown"}
_NONE: Final = "0 0 0"
"""The rest of a record's first line where nothing is unusual: it is left out."""


def write_text(entries: Mapping[str, Entry]) -> str:
    """Write the entries in the order of their names."""
    return "".join(f"{name}{_write(entries[name])}\n" for name in sorted(entries))


def _write(entry: Entry) -> str:
    kind, first, *rest = entry
    if kind == "function":
        return f"{'!' if rest[0] else ':'}{first}"
    for mark, with_type in _WITH_TYPE.items():
        if kind == with_type:
            return f"{mark}{first}"
    if kind == "constant":
        value = "" if first is None else first
        return f"={value} {rest[0]}" if rest else f"={value}"
    if kind == "enum":
        return f"|{rest[0]}|{rest[1]}|{first}"
    if first is None:
        return ";"
    options = " ".join(map(str, rest))
    return "\n ".join(["{" if options == _NONE else f"{{{options}", *map(_write_member, first)])


def _write_member(member: Entry) -> str:
    name, ctype, width, aligned = member
    return f"{name}{f':{width}' if width >= 0 else ''}{f'@{aligned}' if aligned else ''} {ctype}"


def read_text(text: str) -> dict[str, Entry]:
    """Read all entries.

    Errors: ``ValueError`` for what no version of ffi_core wrote.
    """
    try:
        return dict(_read(text))
    except (IndexError, ValueError) as error:
        raise ValueError(f"malformed declarations in a generated module: {error}") from None


def _read(text: str) -> Iterator[tuple[str, Entry]]:
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        end = next((index for index, letter in enumerate(line) if letter in _MARKS), len(line))
        name, mark, value = line[:end], line[end], line[end + 1 :]
        first = at
        while at < len(lines) and lines[at].startswith(" "):
            at += 1
        yield name, _read_entry(mark, value, lines[first:at])


def _read_entry(mark: str, value: str, members: list[str]) -> Entry:
    if mark in ":!":
        return ("function", value, int(mark == "!"))
    if mark in _WITH_TYPE:
        return (_WITH_TYPE[mark], value)
    if mark == "{":
        partial, pack, aligned = map(int, (value or _NONE).split(" "))
        return ("record", tuple(map(_read_member, members)), partial, pack, aligned)
    if mark == ";":
        return ("record", None, 0, 0, 0)
    if mark == "|":
        partial_text, base, enumerators = value.split("|")
        return ("enum", enumerators, int(partial_text), base)
    number, space, ctype = value.partition(" ")
    constant = int(number) if number else None
    return ("constant", constant, ctype) if space else ("constant", constant)


def _read_member(line: str) -> Entry:
    head, _, ctype = line[1:].partition(" ")
    head, is_aligned, aligned = head.partition("@")
    name, has_width, width = head.partition(":")
    if not ctype or width.startswith("-"):
        raise ValueError(line)
    return (name, ctype, int(width) if has_width else -1, int(aligned) if is_aligned else 0)
