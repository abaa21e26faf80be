# SPDX-License-Identifier: BSD-3-Clause
"""Markdown tables of figures."""


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(above, below):
    return f"{above / below:.2f}" if above is not None and below else "-"


def verdict(value, target):
    if target is None:
        return ""
    if value is None:
        return f"<= {target:,}"
    return f"<= {target:,} {'yes' if value <= target else '**no**'}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
