"""Regular expressions that are compiled when they are first used: most texts need few of them."""

from __future__ import annotations

import re

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Union


class _Pattern:
    """Looks like ``re.Pattern``; what was used once is an attribute from then on."""

    def __init__(self, pattern: str, flags: Union[int, re.RegexFlag]) -> None:
        self._pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(self._pattern, self._flags), name)
        setattr(self, name, value)
        return value


def lazy(pattern: str, flags: Union[int, re.RegexFlag] = 0) -> re.Pattern[str]:
    """Compile a regular expression, later."""
    made: Any = _Pattern(pattern, flags)
    return made  # type: ignore[no-any-return]  # it only looks like one
