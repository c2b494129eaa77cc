"""The pages of the Data Docs: Great Expectations' results as HTML that needs no network and runs no script.

Great Expectations builds the site and calls these classes for its pages; its own take their styles, and the index its
table, from public CDNs. Everything that is not ours is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

MARKS = {"kept": "✓", "critical": "✗", "warning": "!"}
STYLE = (Path(__file__).parent / "docs.css").read_text("utf-8")
_HEAD = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<title>{title}</title><style>{style}</style></head><body><main>"
)


class Renderer:
    """Great Expectations' hook between a result and a page: a page is made of the result itself."""

    def render(self, resource: Any) -> Any:
        return resource


class ResultPage:
    """One suite in one run: a line a rule, the broken ones first."""

    def render(self, result: Any, **_: Any) -> str:
        suite, run_name = str(result.suite_name), str(result.meta["run_id"]["run_name"])
        as_of = datetime.fromisoformat(str(result.meta["run_id"]["run_time"]))
        rules = sorted(map(_rule_of, result.results), key=lambda rule: (rule["order"], -rule["failed"], rule["name"]))
        broken = [rule for rule in rules if not rule["kept"]]
        title = f"{suite}: {len(broken)} of {len(rules)} rules broken" if broken else f"{suite}: all rules hold"
        worst = broken[0]["severity"] if broken else "kept"
        body = "".join(_rule_row(rule) for rule in rules)
        return _page(
            title,
            _crumbs(4, f"run {run_name}", suite),
            f"<h1>{escape(suite)} {_badge(worst, f'{len(broken)} broken' if broken else 'all hold')}</h1>"
            f"<p class=about>Run {escape(run_name)}, as of {as_of:%Y-%m-%d %H:%M} UTC. "
            f"{len(rules)} rules were checked. Counts only: no post is written here.</p>"
            + _table(
                ("", "rule", "rows that fail", "must hold for", "where", "why, and what to do"), body, "rules results"
            ),
        )


class SuitePage:
    """One suite as it is written."""

    def render(self, suite: Any, **_: Any) -> str:
        rows = "".join(map(_written_row, suite.expectations))
        about = "The rules of this suite, as expectations/ has them."
        return _page(
            suite.name,
            _crumbs(1, "suites", suite.name),
            f"<h1>{escape(suite.name)}</h1><p class=about>{about}</p>"
            + _table(("rule", "severity", "expectation", "why, and what to do"), rows, "rules"),
        )


class IndexPage:
    """A line a run, the newest first; a column a suite, with how many of its rules were broken."""

    def __init__(self, results: str) -> None:
        self._results = Path(results)

    def render(self, links: Any, **_: Any) -> str:
        found = links.get("validations_links", [])
        suites = list(dict.fromkeys(sorted(link["expectation_suite_name"] for link in found)))
        runs: dict[tuple[Any, str], dict[str, Any]] = {}
        for link in found:
            runs.setdefault((link["run_time"], str(link["run_name"])), {})[link["expectation_suite_name"]] = link
        newest = sorted(runs, key=lambda run: run[0], reverse=True)
        rows = "".join(_row(self._cells(*run, runs[run], suites)) for run in newest)
        written = ", ".join(
            f'<a href="{escape(link["filepath"])}">{escape(link["expectation_suite_name"])}</a>'
            for link in sorted(
                links.get("expectations_links", []), key=lambda link: str(link["expectation_suite_name"])
            )
        )
        return _page(
            "Soundings: Data Docs",
            "",
            "<h1>Data Docs</h1><p class=about>What must be true of the rows, and what was, run by run. "
            f"Counts only: no post is written here.</p>{_table(('run', 'as of (UTC)', *suites), rows)}"
            f"<p class=about>The rules as they are written: {written}</p>",
        )

    def _cells(self, run_time: Any, run_name: str, links: dict[str, Any], suites: Sequence[str]) -> Iterator[str]:
        yield f"<code>{escape(run_name)}</code>"
        yield f"<span class=time>{run_time:%Y-%m-%d %H:%M}</span>"
        for suite in suites:
            if suite not in links:
                yield "<span class=dim>–</span>"
                continue
            link = str(links[suite]["filepath"])
            broken = _broken(self._results / Path(unquote(link)).relative_to("validations").with_suffix(".json"))
            kind = next((severity for severity in ("critical", "warning") if severity in broken), "kept")
            mark = f"{MARKS[kind]} {len(broken) or ''}".strip()
            yield f'<a class="badge {kind}" href="{escape(link)}">{mark}</a>'


def _broken(result: Path) -> list[str]:
    """The severities of the rules that are broken in a stored result."""
    document = msgspec.json.decode(result.read_bytes())
    return [str(one["expectation_config"]["severity"]) for one in document["results"] if not one["success"]]


def _page(title: str, crumbs: str, body: str) -> str:
    return f"{_HEAD.format(title=escape(title), style=STYLE)}{crumbs}{body}</main></body></html>"


def _crumbs(depth: int, *names: str) -> str:
    here = " / ".join(map(escape, names))
    return f'<nav><a href="{"../" * depth}index.html">Data Docs</a> / {here}</nav>'


def _table(heads: Iterable[str], rows: str, kind: str = "") -> str:
    head = "".join(f"<th>{escape(name).replace('_', '_<wbr>')}</th>" for name in heads)
    return f"<div class='wide {kind}'><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _badge(kind: str, said: str) -> str:
    return f'<span class="badge {escape(kind)}">{MARKS.get(kind, "")} {escape(said)}</span>'


def _code(name: str) -> str:
    """A rule's name, that may be broken after its dots and underscores."""
    return f"<code>{escape(name).replace('.', '.<wbr>').replace('_', '_<wbr>')}</code>"


def _rule_of(result: Any) -> dict[str, Any]:
    config = result.expectation_config
    meta = config.meta or {}
    severity = str(getattr(config.severity, "value", config.severity))
    below = result.result.get("unexpected_index_list") or []
    return {
        "name": str(config.kwargs["column"]),
        "kept": bool(result.success),
        "severity": severity,
        "order": int(severity != "critical") if not result.success else 2 if meta.get("checked") else 3,
        "failed": int(meta.get("failed", 0)),
        "checked": int(meta.get("checked", 0)),
        "mostly": float(config.kwargs.get("min_value", 1)),
        "where": sorted({str(row["source"]) for row in below}),
        "why": str(meta.get("why", "")),
        "fix": str(meta.get("fix", "")),
    }


def _rule_row(rule: dict[str, Any]) -> str:
    checked, failed = rule["checked"], rule["failed"]
    share = f" <span class=dim>({failed / checked:.2%})</span>" if failed else ""
    rows = f"{failed:,} of {checked:,}{share}" if checked else "<span class=dim>–</span>"
    fix = f"<br><span class=fix>{escape(rule['fix'])}</span>" if rule["fix"] and not rule["kept"] else ""
    must = "all rows" if rule["mostly"] >= 1 else f"{rule['mostly']:.1%} of rows"
    cells = (
        _badge("idle" if not checked else "kept" if rule["kept"] else rule["severity"], _said(rule)),
        _code(rule["name"]),
        rows,
        must,
        escape(", ".join(rule["where"])),
        escape(rule["why"]) + fix,
    )
    return _row(cells, "" if rule["kept"] else f"broken-{rule['severity']}")


def _said(rule: dict[str, Any]) -> str:
    if not rule["checked"]:
        return "no row"
    return "holds" if rule["kept"] else str(rule["severity"])


def _written_row(expectation: Any) -> str:
    meta = expectation.meta or {}
    severity = str(getattr(expectation.severity, "value", expectation.severity))
    said = expectation.configuration.to_json_dict()
    shown = {name: value for name, value in said["kwargs"].items() if value is not None and name != "severity"}
    arguments = ", ".join(f"{name}={value!r}" for name, value in sorted(shown.items()))
    fix = f"<br><span class=fix>{escape(str(meta['fix']))}</span>" if meta.get("fix") else ""
    return _row(
        (
            _code(str(meta.get("rule", ""))),
            f'<span class="badge {escape(severity)}">{escape(severity)}</span>',
            f"<code>{escape(str(said['type']))}</code><br><code class=dim>{escape(arguments)}</code>",
            escape(str(meta.get("why", ""))) + fix,
        )
    )


def _row(cells: Iterable[str], kind: str = "") -> str:
    return f'<tr class="{kind}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
