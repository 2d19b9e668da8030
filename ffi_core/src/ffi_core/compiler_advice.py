"""What to do about the commonest complaints of compilers and linkers, which tell of the generated C and not of the ``cdef``.

Source: the English messages of GCC, Clang and GNU's, LLVM's and Apple's linkers.
"""

from __future__ import annotations

import re
from typing import Final

_ADVICE: Final = {
    r"invalid operands to binary (?:\||expression)": """
        what is declared as '#define NAME ...' has to be an integer: for a string write 'static char *const NAME;', for a floating-point number
        'static const double NAME;'
    """,
    r"cannot find -l(?P<name>[\w+.-]+)|unable to find library -l(?P<name2>[\w+.-]+)|library '(?P<name3>[\w+.-]+)' not found": """
        the library '{0}' is not there: install it, with its files for development (Debian, Ubuntu: a package named like 'lib{0}-dev'), or name
        the folder that has it in library_dirs
    """,
    r"fatal error: '?(?P<name>[^':]+\.\w+)'?(?:: No such file| file not found)": """
        the header '{0}' is not there: install it (Debian, Ubuntu: a package named '...-dev'), or name the folder that has it in include_dirs
    """,
    r"static declaration of .(?P<name>\w+). follows non-static declaration": """
        if '{0}' is an extern "Python" function, declare it as 'static' in the C source before it is used there
    """,
}


def advise(output: str) -> str:
    """Give what helps against the first complaint that is known, as a line of its own; "" where none is."""
    found = []
    for pattern, advice in _ADVICE.items():
        match = re.search(pattern, output)
        if match:
            names = [name for name in match.groups() if name]
            found.append((match.start(), " ".join(advice.split()).format(*names)))
    return f"\nhint: {min(found)[1]}" if found else ""
