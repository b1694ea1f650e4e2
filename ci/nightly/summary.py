# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""The report of a night: summary.txt for terminals and mails, summary.html with links to the logs and to what the steps
have left, `keelson report`'s file among them."""
import html
import re

TREND = 10      # nights
MARKS = {"passed": "+", "failed": "X", "hung": "H", "skipped": ".", "unfit": "n"}
LEGEND = "+ passed, X failed, H hung, . skipped, n unfit host, blank: not run; the newest night is the rightmost"
COLOURS = {"passed": "#1a7f37", "failed": "#cf222e", "hung": "#cf222e", "skipped": "#6e7781", "unfit": "#9a6700"}


def clock(seconds):
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def counts(r):
    return f"{r['passed']}/{r['failed']}/{r['skipped']}" if r["passed"] or r["failed"] or r["skipped"] else ""


def trend(nights, name):
    """One mark a night, oldest first."""
    return "".join(MARKS.get(n["steps"].get(name, {}).get("verdict"), " ") for n in nights[-TREND:])


def slower(nights, r):
    """How its time compares with the middle one of earlier nights where it passed, as a hint and no verdict."""
    past = sorted(n["steps"][r["step"]]["seconds"] for n in nights[:-1]
                  if n["steps"].get(r["step"], {}).get("verdict") == "passed")[-TREND:]
    usual = past[len(past) // 2] if past else 0
    return f"{(r['seconds'] - usual) * 100 // usual:+}%" if usual and r["verdict"] == "passed" else ""


def verdict(results):
    """The night's own word."""
    bad = [r["step"] for r in results if r["verdict"] in ("failed", "hung")]
    if bad:
        return f"failed: {' '.join(bad)}"
    if any(r["verdict"] == "unfit" for r in results):
        return "unfit host: nothing is known of the tree"
    skipped = sum(r["verdict"] == "skipped" for r in results)
    return f"passed, {skipped} steps skipped" if skipped else "passed"


def rows(nights, results):
    for r in results:
        yield (r["step"], r["verdict"], counts(r), clock(r["seconds"]), slower(nights, r), trend(nights, r["step"]), r["reason"])


HEAD = ("step", "verdict", "p/f/s", "time", "usual", "trend", "")


def text(night, nights, results):
    table = [HEAD, *rows(nights, results)]
    widths = [max(len(row[i]) for row in table) for i in range(len(HEAD) - 1)]
    lines = [" ".join([*(cell.ljust(w) for cell, w in zip(row, widths)), row[-1]]).rstrip() for row in table]
    return "\n".join([f"night {night['id']}, commit {night['commit']}: {verdict(results)}", "", *lines, "", LEGEND, ""])


def links(folder, name):
    """The log, and pages and pictures that the step has left; a step that was skipped has none."""
    found = [folder / name / "log"] + sorted(p for p in (folder / name).rglob("*") if p.suffix in (".html", ".svg", ".png"))
    return " ".join(f'<a href="{html.escape(str(p.relative_to(folder)))}">{html.escape(p.name)}</a>' for p in found if p.exists())


STYLE = """body{font:15px/1.4 system-ui,sans-serif;margin:1rem;color-scheme:light dark}
table{border-collapse:collapse}td,th{padding:.2rem .6rem;text-align:left;border-bottom:1px solid #8884;vertical-align:top}
.trend{font-family:monospace;white-space:pre}.wide{overflow-x:auto}"""


def page(night, nights, results, folder):
    body = []
    for row in rows(nights, results):
        cells = [html.escape(cell) for cell in row]
        cells[1] = f'<b style="color:{COLOURS.get(row[1], "inherit")}">{cells[1]}</b>'
        cells[5] = f'<span class="trend">{cells[5]}</span>'
        body.append("<tr>" + "".join(f"<td>{c}</td>" for c in [*cells, links(folder, row[0])]) + "</tr>")
    head = "".join(f"<th>{h}</th>" for h in [*HEAD[:-1], "why", "files"])
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>Keelson {html.escape(night['id'])}</title><style>{STYLE}</style>"
            f"<h1>Keelson, night {html.escape(night['id'])}</h1>"
            f"<p>commit <code>{html.escape(night['commit'])}</code>: {html.escape(verdict(results))}</p>"
            f'<div class="wide"><table><tr>{head}</tr>' + "\n".join(body) + f"</table></div><p>{LEGEND}</p></html>\n")


def total(results):
    """As other steps of make check count: steps, in the words that scripts read."""
    by = [r["verdict"] for r in results]
    return f"{by.count('passed')} passed, {len(re.findall('failed|hung', ' '.join(by)))} failed, {by.count('skipped') + by.count('unfit')} skipped"
