"""Frozen dataclasses and named tuples, as far as the models need them, without ``dataclasses`` and ``typing``.

The import of those modules, and what they do for each class, take longer than the first small ``cdef`` of a program.  Here
the interpreter compiles the ``__init__`` of a class when it is first called, and nothing else.  Type checkers see the real ones.
"""

from __future__ import annotations

from collections import namedtuple
from operator import attrgetter

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
    from typing import NamedTuple
else:
    _MISSING = object()

    class _Field:
        __slots__ = ("compare", "default", "factory")

        def __init__(self, default, factory, compare):
            self.default = default
            self.factory = factory
            self.compare = compare

    def field(*, default=_MISSING, default_factory=None, compare=True):
        """Describe a member; the arguments mean what they mean in ``dataclasses``."""
        return _Field(default, default_factory, compare)

    def replace(instance, **changes):
        """Make another instance with some members changed."""
        values = {name: getattr(instance, name) for name in type(instance).__frozen_fields__}
        return type(instance)(**{**values, **changes})

    class _Frozen:
        """The methods that all classes get."""

        def __init__(self, *args, **kwds):
            _compile_init(type(self))
            type(self).__init__(self, *args, **kwds)

        def __eq__(self, other):
            if other.__class__ is not self.__class__:
                return NotImplemented
            return self.__frozen_key__(self) == self.__frozen_key__(other)

        def __hash__(self):
            return hash(self.__frozen_key__(self))

        def __repr__(self):
            members = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__frozen_fields__)
            return f"{type(self).__qualname__}({members})"

        def __setattr__(self, name, value):
            raise AttributeError(f"cannot assign to field {name!r}")

        def __delattr__(self, name):
            raise AttributeError(f"cannot delete field {name!r}")

    _METHODS = ("__init__", "__eq__", "__hash__", "__repr__", "__setattr__", "__delattr__")

    def dataclass(*, frozen):
        """Make a class one of values that cannot be changed: ``frozen`` must be True."""
        if not frozen:
            raise ValueError("only frozen classes are made here")
        return _freeze

    def _freeze(cls):
        fields = dict(getattr(cls, "__frozen_fields__", {}))  # those of the class that it is derived from come first
        for name in cls.__annotations__:
            default = cls.__dict__.get(name, _MISSING)
            known = default if isinstance(default, _Field) else _Field(default, None, True)
            fields[name] = known
            if known.factory is not None:
                delattr(cls, name)
            elif known is default:
                setattr(cls, name, known.default)
        cls.__frozen_fields__ = fields
        cls.__frozen_key__ = attrgetter(*(name for name, known in fields.items() if known.compare))
        for name in _METHODS:
            setattr(cls, name, _Frozen.__dict__[name])
        return cls

    def _compile_init(cls):
        scope = {"put": object.__setattr__, "missing": _MISSING}
        head, body = ["self"], []
        for name, known in cls.__frozen_fields__.items():
            value = name
            if known.factory is not None:
                scope[f"make_{name}"] = known.factory
                head.append(f"{name}=missing")
                value = f"make_{name}() if {name} is missing else {name}"
            elif known.default is not _MISSING:
                scope[f"default_{name}"] = known.default
                head.append(f"{name}=default_{name}")
            else:
                head.append(name)
            body.append(f"    put(self, {name!r}, {value})")
        exec("\n".join([f"def __init__({', '.join(head)}):", *body]), scope)  # noqa: S102 - of names in this package
        cls.__init__ = scope["__init__"]

    class _NamedTuples(type):
        def __new__(cls, name, bases, scope):
            if not bases:
                return super().__new__(cls, name, bases, scope)
            names = list(scope.pop("__annotations__"))
            defaults = [scope.pop(member) for member in names if member in scope]
            made = namedtuple(name, names, defaults=defaults, module=scope.pop("__module__"))  # noqa: PYI024 - typing, which has the other, is what this does without
            for member, value in scope.items():
                setattr(made, member, value)
            return made

    class NamedTuple(metaclass=_NamedTuples):
        """What ``typing.NamedTuple`` is: a named tuple of the members that a class declares."""


__all__ = ["NamedTuple", "dataclass", "field", "replace"]
