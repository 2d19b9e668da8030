"""The texts of a declaration table: names and types, each once, one after the other."""

from __future__ import annotations

from typing import Final

from .writer import LONGEST_LINE, Writer, c_string

# Microsoft's compiler refuses string literals of more than 65,535 bytes, joined ones too.
LONGEST_MEMBER: Final = 60000


class Texts:
    """Collects texts, and knows where each of them begins: rows hold that number.

    They are emitted as a struct of arrays of `char`, which nothing stands between.
    """

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._size = 0
        self._members: list[tuple[int, list[str]]] = []  # sizes in bytes, and what they consist of
        self.place("")  # so that 0 can stand for "none" as well

    def place(self, text: str) -> int:
        """Return where the text begins; it is added where it is not there yet."""
        place = self._places.get(text)
        if place is None:
            place = self._places[text] = self._size
            size = (len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))) + 1
            if not self._members or self._members[-1][0] + size > LONGEST_MEMBER:
                self._members.append((0, []))
            member_size, texts = self._members[-1]
            texts.append(text)
            self._members[-1] = (member_size + size, texts)
            self._size += size
        return place

    def emit(self, out: Writer) -> None:
        """Write all of them."""
        out.here()
        members = " ".join(f"char part_{index}[{size}];" for index, (size, _) in enumerate(self._members))
        out.add(f"static const struct {{ {members} }} ffic_texts = {{")
        for _, texts in self._members:
            self._emit_member(out, texts)
        out.add("};")
        out.add(f"extern char ffic_size_of_texts[sizeof(ffic_texts) == {self._size} ? 1 : -1];")

    @staticmethod
    def _emit_member(out: Writer, texts: list[str]) -> None:
        """Write the value of a member; the zero that ends the last text is the one that ends the literal."""
        line = ""
        for text in texts[:-1]:
            line += c_string(text)[1:-1] + r"\000"  # three digits: a digit may follow
            if len(line) > LONGEST_LINE:
                out.add(f'"{line}"')
                line = ""
        out.add(f'"{line}" {c_string(texts[-1])},')
