"""Who gets which mart and column: `audiences.toml`, held against the marts that are there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import duckdb
import msgspec

from warehouse.connection import identifier
from warehouse.errors import WarehouseError
from warehouse.mask import Mask, public_expression, public_name

AUDIENCES = Path(__file__).parent / "audiences.toml"

Audience = Literal["public", "restricted"]
FILES: dict[Audience, str] = {"public": "bi.duckdb", "restricted": "restricted/bi.duckdb"}


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One mart's entry in the allow-list; see the head of `audiences.toml`."""

    plain: list[str] = []
    personal: dict[str, Mask] = {}
    partition_by: str | None = None

    @property
    def columns(self) -> list[str]:
        """All that the restricted audience gets."""
        return [*self.personal, *self.plain]

    def select(self, audience: Audience) -> str:
        """The select list of what an audience gets."""
        if audience == "restricted":
            return ", ".join(map(identifier, self.columns))
        masked = [public_expression(name, mask) for name, mask in self.personal.items() if mask != "drop"]
        return ", ".join([*masked, *map(identifier, self.plain)])


@dataclass(frozen=True)
class Mart:
    """A mart as it will be published: its rule, and its descriptions as the warehouse has them."""

    name: str
    rule: Rule
    comment: str | None
    column_comments: Mapping[str, str | None]

    def comments(self, audience: Audience) -> dict[str, str | None]:
        """Published column → its description."""
        if audience == "restricted":
            return {name: self.column_comments[name] for name in self.rule.columns}
        masked = {
            public_name(name, mask): _masked_comment(self.column_comments[name], mask)
            for name, mask in self.rule.personal.items()
            if mask != "drop"
        }
        return {**masked, **{name: self.column_comments[name] for name in self.rule.plain}}


def _masked_comment(comment: str | None, mask: Mask) -> str | None:
    told = {
        "key": "Keyed hash (HMAC-SHA256), equal where the id is equal.",
        "blank_text": "Handles, e-mail addresses, phone numbers and paths of URLs are blanked.",
        "tracked_only": "NULL unless it is a tracked account.",
        "drop": "",
    }[mask]
    return f"{comment.replace(' Personal.', '')} {told}" if comment else None


def read_rules(path: Path = AUDIENCES) -> dict[str, Rule]:
    """The allow-list. Raises WarehouseError where it cannot be read."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, Rule])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise WarehouseError(f"{path}: {error}; masks are {', '.join(get_args(Mask))}") from error


def find_marts(con: duckdb.DuckDBPyConnection, database: str, rules: Mapping[str, Rule]) -> list[Mart]:
    """Every mart of the attached warehouse, by name. Raises WarehouseError where marts and allow-list differ."""
    columns: dict[str, dict[str, str | None]] = {}
    query = (
        "select table_name, column_name, comment from duckdb_columns() "
        "where database_name = ? and schema_name = 'marts' and not contains(table_name, '__dbt_') "  # dbt's scaffolding
        "order by table_name, column_index"
    )
    for table, column, comment in con.execute(query, [database]).fetchall():
        columns.setdefault(table, {})[column] = comment
    _refuse_differences(columns, rules)
    described = (
        "select table_name, comment from duckdb_tables() where database_name = $db and schema_name = 'marts' union all "
        "select view_name, comment from duckdb_views() where database_name = $db and schema_name = 'marts'"
    )
    comments = dict(con.execute(described, {"db": database}).fetchall())
    return [Mart(name, rules[name], comments.get(name), found) for name, found in columns.items()]


def _refuse_differences(columns: Mapping[str, Mapping[str, object]], rules: Mapping[str, Rule]) -> None:
    wrong = [f"marts.{name} is not in the allow-list" for name in columns.keys() - rules.keys()]
    wrong += [f"marts.{name} is in the allow-list and not in the warehouse" for name in rules.keys() - columns.keys()]
    for name in columns.keys() & rules.keys():
        allowed, there = set(rules[name].columns), set(columns[name])
        wrong += [f"marts.{name}.{column} is not in the allow-list" for column in there - allowed]
        wrong += [f"marts.{name}.{column} is in the allow-list and not there" for column in allowed - there]
    if wrong:
        raise WarehouseError(f"nothing was published: {'; '.join(sorted(wrong))}: see {AUDIENCES.name}")
