"""Draw what was measured as bar charts in SVG, which a browser shows as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from .report import format_value
from .run import Outcome

COLOURS = {
    "ffi_core ABI": "#1f6feb",
    "ffi_core API": "#54aeff",
    "ffi_core ABI, GIL kept": "#0a3069",
    "ffi_core API, GIL kept": "#0a3069",
    "ffi_core": "#1f6feb",
    "cffi API": "#fb8f44",
    "cffi ABI": "#bc4c00",
    "cffi": "#fb8f44",
    "hand, GIL released": "#8c959f",
    "hand, GIL kept": "#57606a",
    "Cython": "#bf8700",
    "nanobind": "#2da44e",
    "pybind11": "#8250df",
    "ctypes": "#cf222e",
}


@dataclass(frozen=True)
class Chart:
    """Which rows and which peers are drawn.  Values beyond ``limit`` are cut off, with their number at the end."""

    name: str
    title: str
    group: str
    peers: tuple[str, ...]
    limit: float
    beginnings: tuple[str, ...] = ("",)


CHARTS = (
    Chart(
        "calls",
        "Calls with the GIL released, nanoseconds",
        "calls",
        ("ffi_core ABI", "ffi_core API", "hand, GIL released", "cffi API", "cffi ABI", "ctypes"),
        320,
    ),
    Chart(
        "calls-kept",
        "Calls with the GIL kept, nanoseconds",
        "calls",
        ("ffi_core ABI, GIL kept", "hand, GIL kept", "Cython", "nanobind", "pybind11"),
        120,
    ),
    Chart("data", "Work with C data, nanoseconds", "data", ("ffi_core ABI", "cffi API", "cffi ABI", "ctypes"), 400),
    Chart(
        "callbacks",
        "Callbacks, nanoseconds each",
        "callbacks",
        ("ffi_core ABI", "ffi_core API", "hand, GIL released", "cffi API", "cffi ABI", "Cython", "nanobind", "ctypes"),
        400,
        ("callback",),
    ),
    Chart("memory", "Memory per object, bytes", "memory per object", ("ffi_core", "cffi", "ctypes"), 400),
)

LEFT, WIDTH, BAR, GAP = 190, 520, 11, 10


def plots(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Draw every chart that has rows.  Shapes: the text of the picture by the chart's name."""
    drawn = {}
    for chart in CHARTS:
        rows = [
            outcome
            for outcome in outcomes
            if outcome.row.group == chart.group
            and outcome.row.name.startswith(chart.beginnings)
            and not outcome.samples.keys().isdisjoint(chart.peers)
        ]
        if rows:
            drawn[chart.name] = draw(chart, rows)
    return drawn


def draw(chart: Chart, outcomes: Sequence[Outcome]) -> str:
    """Draw one chart: a block of bars per row."""
    peers = [peer for peer in chart.peers if any(peer in outcome.samples for outcome in outcomes)]
    parts = [f'<text x="8" y="20" font-size="15" font-weight="bold">{escape(chart.title)}</text>']
    x, y = 8, 40
    for peer in peers:
        parts.append(f'<rect x="{x}" y="{y - 9}" width="11" height="11" fill="{COLOURS[peer]}"/>')
        parts.append(f'<text x="{x + 15}" y="{y}">{escape(peer)}</text>')
        x += 30 + 7 * len(peer)
    y += 16
    for outcome in outcomes:
        there = [peer for peer in peers if peer in outcome.samples]
        middle = y + len(there) * BAR / 2 + 4
        parts.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">{escape(outcome.row.name)}</text>')
        for peer in there:
            value = outcome.samples[peer].minimum
            length = WIDTH * min(value, chart.limit) / chart.limit
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 1}" fill="{COLOURS[peer]}"/>'
                f'<text x="{LEFT + length + 4:.1f}" y="{y + 9}" font-size="9">{format_value(value, "ns")}</text>'
            )
            y += BAR
        y += GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 60} {y}" '
        'font-family="sans-serif" font-size="12" role="img">'
    )
    background = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(chart.title)}</title>", background, *parts, "</svg>", ""])
