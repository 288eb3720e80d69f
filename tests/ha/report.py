"""The figures as a table for people and as JSON for machines."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rounds import Result

HEADINGS = [
    "kind",
    "round",
    "writes back s",
    "every writer s",
    "limit",
    "gap s",
    "healthy s",
    "acked",
    "unknown",
    "lost",
    "twice",
    "reads",
    "unrecorded",
    "slowest s",
    "",
]


def table(results: list[Result]) -> str:
    rows = [HEADINGS, *(row(result) for result in results)]
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def line(result: Result) -> str:
    """One round as it ends, while the others are not known yet."""
    return "  ".join(f"{heading} {cell}".strip() for heading, cell in zip(HEADINGS, row(result), strict=True))


def row(result: Result) -> list[str]:
    return [
        result.kind,
        str(result.number),
        seconds(result.first_write_s),
        seconds(result.every_writer_s),
        f"{result.limit_s:g}{' from return' if result.counts_from_return else ''}",
        seconds(result.longest_gap_s),
        seconds(result.healthy_s),
        str(result.acknowledged),
        str(result.unknown),
        str(result.lost),
        str(result.doubled),
        f"{result.reads - result.reads_unanswered}/{result.reads}",
        str(result.reads_unrecorded),
        f"{result.slowest_read_s:.2f}",
        "ok" if result.is_good else "FAILED",
    ]


def seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"


def write(file: Path, results: list[Result], about: dict[str, Any]) -> None:
    rounds = [asdict(result) | {"passed": result.is_good} for result in results]
    file.write_text(json.dumps(about | {"rounds": rounds}, indent=1) + "\n")
