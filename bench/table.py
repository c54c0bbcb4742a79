"""Results as a table and as JSON."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any


@dataclass
class Result:
    """Figures, and each as a ratio to the same figure of `beside`."""

    name: str
    figures: dict[str, float]
    beside: str | None = None
    ratios: dict[str, float] = field(default_factory=dict)
    note: str = ""


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: median(one[name] for one in rounds) for name in rounds[0]}


def print_table(title: str, results: Sequence[Result]) -> None:
    names = list(dict.fromkeys(name for result in results for name in result.figures))
    rows = [["", *names, "beside"]]
    rows += [[result.name, *(_cell(result, name) for name in names), result.beside or ""] for result in results]
    widths = [max(len(row[place]) for row in rows) for place in range(len(names) + 2)]
    print(f"\n{title}")
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for result in results:
        if result.note:
            print(f"  {result.name}: {result.note}")


def _cell(result: Result, name: str) -> str:
    if name not in result.figures:
        return ""
    ratio = result.ratios.get(name)
    figure = result.figures[name]
    shown = f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"
    return shown + ("" if ratio is None else f" ({ratio:.2f}x)")


def write_json(path: Path, sections: dict[str, Sequence[Result]], settings: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": platform.machine(), "python": platform.python_version()},
        "settings": settings,
        "results": {name: [asdict(result) for result in results] for name, results in sections.items()},
    }
    path.write_text(json.dumps(whole, indent=2) + "\n")
