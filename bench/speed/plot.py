"""The ratios as a picture: bars of each job at the most connections, with the goal as a line across."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from bench.speed.figures import Comparison, Verdict

_COLORS = {Verdict.STRETCH: "#1a7f37", Verdict.MET: "#4fae6a", Verdict.MISSED: "#c9372c", Verdict.NONE: "#7a869a"}
_LABEL, _WIDTH, _ROW, _TOP = 250, 520, 26, 40
_SHOWN_RATIO = 1.3
_FONT = 'font-family="sans-serif" font-size="12"'


def draw(path: Path, comparisons: Sequence[Comparison]) -> None:
    """Write the picture of one size of data, as SVG."""
    shown = [each for each in comparisons if each.connections == _most_connections(each, comparisons)]
    height = _TOP + _ROW * len(shown) + 30
    width = _LABEL + _WIDTH + 60
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {_FONT}>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="20" font-size="14">Requests per second, service ÷ floor ({shown[0].deals:,} deals)</text>',
    ]
    for ratio in (0.25, 0.5, 0.75, 1.0, 1.25):
        x = _LABEL + _x(ratio)
        lines += [
            f'<line x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{height - 24}" stroke="#dfe1e6"/>',
            f'<text x="{x}" y="{height - 8}" text-anchor="middle" fill="#5e6c84">{ratio}</text>',
        ]
    for number, each in enumerate(shown):
        lines += _bar(each, _TOP + _ROW * number)
    path.write_text("\n".join([*lines, "</svg>"]) + "\n", encoding="utf-8")


def _most_connections(comparison: Comparison, comparisons: Sequence[Comparison]) -> int:
    return max(each.connections for each in comparisons if each.job == comparison.job)


def _bar(each: Comparison, y: int) -> list[str]:
    name = escape(f"{each.job} ({each.connections})")
    goal = [] if each.goal is None else [_LABEL + _x(each.goal.least)]
    return [
        f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end">{name}</text>',
        f'<rect x="{_LABEL}" y="{y}" width="{_x(each.ratio)}" height="18" fill="{_COLORS[each.verdict]}"/>',
        f'<text x="{_LABEL + _x(each.ratio) + 6}" y="{y + 14}">{each.ratio:.2f}</text>',
        *(f'<line x1="{x}" y1="{y - 3}" x2="{x}" y2="{y + 21}" stroke="#172b4d" stroke-width="2"/>' for x in goal),
    ]


def _x(ratio: float) -> int:
    return round(min(ratio, _SHOWN_RATIO) / _SHOWN_RATIO * _WIDTH)
