"""The type names of C: keywords in any order, and the names that need no declaration."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

from .model import CType, Pointer, Primitive, Tagged, Void

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final


def _specifiers() -> dict[tuple[str, ...], str]:
    """List every order in which the keywords of a primitive type may stand."""
    spellings: dict[str, tuple[str, ...]] = {
        "char": ("char",),
        "signed char": ("signed char",),
        "unsigned char": ("unsigned char",),
        "float": ("float",),
        "double": ("double",),
        "long double": ("long double",),
        "float _Complex": ("float _Complex",),
        "double _Complex": ("double _Complex", "_Complex"),
        "long double _Complex": ("long double _Complex",),
        "_Bool": ("_Bool",),
        "int": ("int", "signed", "signed int"),
        "unsigned int": ("unsigned", "unsigned int"),
        "__int128": ("__int128", "signed __int128"),
        "unsigned __int128": ("unsigned __int128",),
    }
    for name in ("short", "long", "long long"):
        spellings[name] = (name, f"{name} int", f"signed {name}", f"signed {name} int")
        spellings[f"unsigned {name}"] = (f"unsigned {name}", f"unsigned {name} int")
    return {
        order: canonical
        for canonical, forms in spellings.items()
        for form in forms
        for order in permutations(form.split())
    }


SPECIFIERS: Final[Mapping[tuple[str, ...], str]] = _specifiers()

# Typedef names of C headers that are primitive types in their own right.
STANDARD: Final = frozenset(
    [f"{sign}int{kind}{bits}_t" for sign in ("", "u") for kind in ("", "_least", "_fast") for bits in (8, 16, 32, 64)]
    + ["intptr_t", "uintptr_t", "intmax_t", "uintmax_t", "ptrdiff_t", "size_t", "ssize_t"]
    + ["wchar_t", "char16_t", "char32_t"]
)

FILE_TYPE: Final = Tagged("struct", "_IO_FILE")

_WINDOWS: Final = {
    "void": "VOID",
    "char": "CHAR CCHAR",
    "signed char": "INT8",
    "unsigned char": "BYTE UCHAR UINT8 BOOLEAN TBYTE",
    "short": "SHORT INT16",
    "unsigned short": "WORD USHORT UINT16 ATOM LANGID",
    "int": "BOOL INT INT32 LONG32 HFILE",
    "unsigned int": "UINT UINT32 ULONG32 DWORD32",
    "long": "LONG HRESULT",
    "unsigned long": "DWORD ULONG COLORREF LCID LCTYPE LGRPID",
    "long long": "LONGLONG LONG64 INT64 USN",
    "unsigned long long": "ULONGLONG DWORDLONG DWORD64 ULONG64 UINT64",
    "intptr_t": "INT_PTR LONG_PTR LPARAM LRESULT SSIZE_T",
    "uintptr_t": "UINT_PTR ULONG_PTR DWORD_PTR WPARAM SIZE_T",
    "float": "FLOAT",
    "wchar_t": "WCHAR",
}
_WINDOWS_HANDLES: Final = (
    "HANDLE HACCEL HBITMAP HBRUSH HCOLORSPACE HCONV HCONVLIST HCURSOR HDC HDDEDATA HDESK HDROP HDWP HENHMETAFILE HFONT "
    "HGDIOBJ HGLOBAL HHOOK HICON HINSTANCE HKEY HKL HLOCAL HMENU HMETAFILE HMODULE HMONITOR HPALETTE HPEN HRGN HRSRC HSZ "
    "HWINSTA HWND SC_HANDLE SERVICE_STATUS_HANDLE PVOID LPVOID"
)
# Names for pointers: to what, and the names.
_WINDOWS_POINTERS: Final = {
    "BOOL": "PBOOL LPBOOL",
    "BOOLEAN": "PBOOLEAN",
    "BYTE": "PBYTE LPBYTE",
    "CHAR": "PCHAR PSTR LPSTR",
    "DWORD": "PDWORD LPDWORD",
    "DWORDLONG": "PDWORDLONG",
    "DWORD_PTR": "PDWORD_PTR",
    "DWORD32": "PDWORD32",
    "DWORD64": "PDWORD64",
    "FLOAT": "PFLOAT",
    "HANDLE": "PHANDLE LPHANDLE",
    "HKEY": "PHKEY",
    "INT": "PINT LPINT",
    "INT_PTR": "PINT_PTR",
    "INT8": "PINT8",
    "INT16": "PINT16",
    "INT32": "PINT32",
    "INT64": "PINT64",
    "LCID": "PLCID",
    "LONG": "PLONG LPLONG",
    "LONGLONG": "PLONGLONG",
    "LONG_PTR": "PLONG_PTR",
    "LONG32": "PLONG32",
    "LONG64": "PLONG64",
    "SHORT": "PSHORT",
    "SIZE_T": "PSIZE_T",
    "SSIZE_T": "PSSIZE_T",
    "COLORREF": "LPCOLORREF",
    "TBYTE": "PTBYTE",
    "UCHAR": "PUCHAR",
    "UINT": "PUINT",
    "UINT_PTR": "PUINT_PTR",
    "UINT8": "PUINT8",
    "UINT16": "PUINT16",
    "UINT32": "PUINT32",
    "UINT64": "PUINT64",
    "ULONG": "PULONG",
    "ULONGLONG": "PULONGLONG",
    "ULONG_PTR": "PULONG_PTR",
    "ULONG32": "PULONG32",
    "ULONG64": "PULONG64",
    "USHORT": "PUSHORT",
    "WCHAR": "PWCHAR PWSTR LPWSTR",
    "WORD": "PWORD LPWORD",
}


def common_types(*, windows: bool) -> dict[str, CType]:
    """Give the types of the names that need no declaration.

    Source: ISO C11 7.19, 7.20 and 7.28; for Windows the page "Windows Data Types" of its API documentation.
    """
    types: dict[str, CType] = {name: Primitive(name) for name in STANDARD}
    types["bool"] = Primitive("_Bool")
    types["FILE"] = FILE_TYPE
    types["_cffi_float_complex_t"] = Primitive("float _Complex")
    types["_cffi_double_complex_t"] = Primitive("double _Complex")
    if windows:
        types.update(_windows_types())
    return types


def _windows_types() -> dict[str, CType]:
    types: dict[str, CType] = {}
    for primitive, names in _WINDOWS.items():
        ctype: CType = Void() if primitive == "void" else Primitive(primitive)
        types.update(dict.fromkeys(names.split(), ctype))
    types.update(dict.fromkeys(_WINDOWS_HANDLES.split(), Pointer(Void())))
    for target, names in _WINDOWS_POINTERS.items():
        types.update(dict.fromkeys(names.split(), Pointer(types[target])))
    types["LPCVOID"] = Pointer(Void(("const",)))
    types.update(dict.fromkeys(("PCSTR", "LPCSTR"), Pointer(Primitive("char", ("const",)))))
    types.update(dict.fromkeys(("PCWSTR", "LPCWSTR"), Pointer(Primitive("wchar_t", ("const",)))))
    return types
