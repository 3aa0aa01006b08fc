"""Tables of text for terminals and notebooks."""

from __future__ import annotations

import html
import shutil
from dataclasses import dataclass
from typing import Any, List, Sequence


def number(value: Any) -> str:
    """Digits in groups of three; other things as they are, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def counted(count: int, what: str) -> str:
    """"1 table", "31 tables"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def plain(text: str, keep_blanks: bool = False) -> str:
    """One line that no terminal takes for a command."""
    line = text if keep_blanks else " ".join(text.split())
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def _shown(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> List[int]:
    """Columns that hold something; zero is something."""
    return [index for index in range(len(head)) if not rows or any(
        row[index] is not None and row[index] is not False and row[index] != "" for row in rows)]


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], width: int = 0) -> str:
    """Aligned columns, numbers to the right, the last one cut at the width of the terminal."""
    width = width or max(60, shutil.get_terminal_size((100, 24)).columns)
    shown = _shown(head, rows)
    cells: List[List[str]] = [[plain(head[index]) for index in shown]]
    cells += [[plain(number(row[index])) for index in shown] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(shown))]
    is_right = [any(isinstance(row[index], (int, float)) and not isinstance(row[index], bool)
                    for row in rows) for index in shown]
    lines = []
    for line in cells:
        parts = [cell.rjust(widths[i]) if is_right[i] else cell.ljust(widths[i])
                 for i, cell in enumerate(line)]
        joined = "  ".join(parts).rstrip()
        lines.append(joined if len(joined) <= width else joined[:width - 1].rstrip() + "\u2026")
    return "\n".join(lines)


_CELL = "padding:0.15em 0.8em 0.15em 0;vertical-align:top;text-align:"


def html_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The same for a notebook. Everything is escaped; columns that hold nothing are left out."""
    shown = _shown(head, rows)

    def line(tag: str, values: Sequence[Any], is_number: Sequence[bool]) -> str:
        return "<tr>" + "".join(
            f'<{tag} style="{_CELL}{"right" if right else "left"}">{html.escape(number(value))}'
            f"</{tag}>" for value, right in zip(values, is_number)) + "</tr>"

    right = [any(isinstance(row[index], (int, float)) and not isinstance(row[index], bool)
                 for row in rows) for index in shown]
    body = "".join(line("td", [row[index] for index in shown], right) for row in rows)
    return (f"<table><thead>{line('th', [head[index] for index in shown], right)}</thead>"
            f"<tbody>{body}</tbody></table>")


@dataclass(frozen=True)
class Listing:
    """A title, a sentence, and a table."""

    title: str
    remark: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def text(self) -> str:
        first = plain(self.title) + (f": {plain(self.remark)}" if self.remark else "")
        return f"{first}\n\n{table(self.head, self.rows)}"

    def html(self) -> str:
        remark = f"<div>{html.escape(self.remark)}</div>" if self.remark else ""
        return (f"<div><strong>{html.escape(self.title)}</strong>{remark}"
                f"{html_table(self.head, self.rows)}</div>")
