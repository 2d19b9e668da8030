"""Who is measured.

Belongs here: what a peer is, and which there are on this machine.  A peer that is not there is left out, with a note.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .build import BuildError, build_library


class MissingPeerError(Exception):
    """Say why a peer is not there."""


@dataclass(frozen=True)
class Peer:
    """One who does the work of the rows.

    ``dialect`` says which of a row's cases is his; ``scope`` has the objects that its text speaks of.
    """

    name: str
    dialect: str
    scope: Mapping[str, Any]


@dataclass(frozen=True)
class Peers:
    """The peers that are there, in the order of the report; a sentence about each that is not."""

    found: tuple[Peer, ...]
    notes: tuple[str, ...]


Maker = Callable[[str, list[str]], Peer]
"""Make the peer of this name; a part of it that is not there is added to the notes."""


def find_peers(folder: Path, kept: Path, modules: Sequence[str] = (), dialects: Collection[str] = ()) -> Peers:
    """Build and import every peer, or those who write in one of ``dialects``.

    Shapes: ``folder`` takes what is built for this run, ``kept`` what does not change; ``modules`` are peers by themselves.
    """
    notes: list[str] = []
    found: list[Peer] = []
    library = build_library(folder)
    ctypes.CDLL(str(library))  # so that all extensions find it loaded
    for name, (dialect, make) in _makers(folder, kept, library, modules).items():
        if not dialects or dialect in dialects:
            found += _try(name, make, notes)
    return Peers(tuple(found), tuple(notes))


def _try(name: str, make: Maker, notes: list[str]) -> list[Peer]:
    """Return the peer, or nobody and one more note."""
    try:
        return [make(name, notes)]
    except (MissingPeerError, BuildError) as error:
        notes.append(f"{name} is left out: {error}")
    except Exception as error:  # noqa: BLE001 - a broken peer must not stop the others
        notes.append(f"{name} is left out, it is broken: {type(error).__name__}: {error}")
    return []


def _makers(folder: Path, kept: Path, library: Path, modules: Sequence[str]) -> dict[str, tuple[str, Maker]]:
    """Return the dialect and the maker of each peer."""
    from . import binder_peers, ctypes_peer, ffi_peer, hand_peer

    def module(name: str, notes: list[str]) -> Peer:
        try:
            return Peer(name, name, {"module": importlib.import_module(name)})
        except ImportError as error:
            raise MissingPeerError(str(error)) from error

    return {
        "hand, GIL kept": ("hand", lambda name, notes: hand_peer.make(name, folder, release_gil=False)),
        "hand, GIL released": ("hand", lambda name, notes: hand_peer.make(name, folder, release_gil=True)),
        "ffi_core ABI": ("ffi", lambda name, notes: ffi_peer.make_abi(name, "ffi_core", library)),
        "ffi_core API": ("ffi", lambda name, notes: ffi_peer.make_api(name, "ffi_core", folder, notes)),
        "cffi API": ("ffi", lambda name, notes: ffi_peer.make_api(name, "cffi", folder, notes)),
        "cffi ABI": ("ffi", lambda name, notes: ffi_peer.make_abi(name, "cffi", library)),
        "ffi_core ABI, GIL kept": (
            "ffi calls",
            lambda name, notes: ffi_peer.make_abi(name, "ffi_core", library, release_gil=False),
        ),
        "ffi_core API, GIL kept": ("ffi calls", lambda name, notes: ffi_peer.make_kept_api(name, folder)),
        "Cython": ("native", lambda name, notes: binder_peers.make_cython(name, folder, kept)),
        "nanobind": ("native", lambda name, notes: binder_peers.make_nanobind(name, folder, kept)),
        "pybind11": ("native", lambda name, notes: binder_peers.make_pybind11(name, folder, kept)),
        "ctypes": ("ctypes", lambda name, notes: ctypes_peer.make(name, library)),
        "ffi_core": ("package", lambda name, notes: Peer(name, "package", {"package": name})),
        "cffi": ("package", lambda name, notes: Peer(name, "package", {"package": name})),
        **{name: (name, module) for name in modules},
    }
