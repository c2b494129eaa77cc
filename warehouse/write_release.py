"""The files of a release: public Parquet that costs what changed, and a database for each audience."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec

from warehouse.audiences import FILES, Audience, Mart
from warehouse.connection import attach, identifier, literal
from warehouse.releases import Part, Table, read_manifest

WAREHOUSE = "warehouse"
"""Under which name the warehouse is attached."""


@dataclass(frozen=True)
class Fingerprint:
    """Checksums under the mask key: a plain one of few rows could be guessed back to them."""

    secret: bytes
    masks: str  # of all that decides what a mask gives

    def of(self, *what: object) -> str:
        """HMAC-SHA256 in hex, of what stands there and of the masks and the DuckDB that made it."""
        message = msgspec.json.encode([self.masks, duckdb.__version__, *what])
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()


def digest_parts(con: duckdb.DuckDBPyConnection, mart: Mart, fingerprint: Fingerprint) -> dict[str, Part]:
    """The parts that a mart's public Parquet has, by month; their digests differ where rows or rule differ."""
    names = mart.rule.select("restricted")
    rows = con.execute(
        f"select {_month(mart)}, count(*), bit_xor(hash({names})), sum(hash({names})::hugeint)::varchar "  # noqa: S608
        f"from {_source(mart)} group by 1 order by 1"
    ).fetchall()
    if not rows and mart.rule.partition_by is None:
        rows = [("", 0, 0, "0")]
    return {month: Part(_file(mart, month), n, fingerprint.of(repr(mart), month, n, *sums)) for month, n, *sums in rows}


def write_parquet(
    con: duckdb.DuckDBPyConnection, making: Path, mart: Mart, parts: dict[str, Part], before: Path | None
) -> Table:
    """Write a mart's public Parquet; a part that the release `before` has already is linked."""
    known = _known_parts(before, mart.name)
    for month, part in parts.items():
        file = making / part.file
        file.parent.mkdir(parents=True, exist_ok=True)
        if not (part.digest in known and _link(known[part.digest], file)):
            rows = f"from {_source(mart)} where {_month(mart)} = {literal(month)}"
            select = f"select {mart.rule.select('public')} {rows}"
            con.execute(f"copy ({select}) to {literal(str(file))} (format parquet, compression zstd)")
    columns: dict[str, list[str]] = {audience: list(mart.comments(audience)) for audience in FILES}
    return Table(sum(part.rows for part in parts.values()), columns, parts)


def write_databases(con: duckdb.DuckDBPyConnection, making: Path, marts: list[Mart], tables: dict[str, Table]) -> None:
    """The two files for BI. The public one is made of the public Parquet, so that nothing is masked twice."""
    (making / "restricted").mkdir()
    (making / "restricted").chmod(0o750)  # before anything is in it
    for audience, file in FILES.items():
        attach(con, making / file, "bi", read_only=False)
        con.execute("create schema bi.marts")
        for mart in marts:
            name = f"bi.marts.{identifier(mart.name)}"
            con.execute("begin")  # each description of its own would wait for the disk; the masks are this session's
            con.execute(f"create table {name} as {_rows(making, mart, tables[mart.name], audience)}")
            _describe(con, name, mart, audience)
            con.execute("commit")
        con.execute("detach bi")
    (making / FILES["restricted"]).chmod(0o640)


def _month(mart: Mart) -> str:
    column = mart.rule.partition_by
    return f"coalesce(strftime({identifier(column)}, '%Y-%m'), 'none')" if column else "''"


def _file(mart: Mart, month: str) -> str:
    return f"marts/{mart.name}/{month}.parquet" if month else f"marts/{mart.name}.parquet"


def _source(mart: Mart) -> str:
    return f"{WAREHOUSE}.marts.{identifier(mart.name)}"


def _known_parts(release: Path | None, name: str) -> dict[str, Path]:
    """Digest → file."""
    manifest = read_manifest(release) if release else None
    if release is None or manifest is None or name not in manifest.tables:
        return {}
    return {part.digest: release / part.file for part in manifest.tables[name].parts.values()}


def _link(old: Path, new: Path) -> bool:
    try:
        os.link(old, new)
    except OSError:  # a file system without hard links, or a release that lost a file
        return False
    return True


def _rows(making: Path, mart: Mart, table: Table, audience: Audience) -> str:
    if audience == "public" and table.parts:
        files = ", ".join(literal(str(making / part.file)) for part in table.parts.values())
        return f"select * from read_parquet([{files}], hive_partitioning = false)"  # noqa: S608 - our own paths
    nothing = " limit 0" if audience == "public" else ""
    return f"select {mart.rule.select(audience)} from {_source(mart)}{nothing}"  # noqa: S608 - our allow-list


def _describe(con: duckdb.DuckDBPyConnection, name: str, mart: Mart, audience: Audience) -> None:
    if mart.comment:
        con.execute(f"comment on table {name} is {literal(mart.comment)}")
    for column, comment in mart.comments(audience).items():
        if comment:
            con.execute(f"comment on column {name}.{identifier(column)} is {literal(comment)}")
