"""Exports that people have, as settings of the `file` source: a preset fills in what the operator leaves out."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

REQUIRED = frozenset({"native_id", "text", "published_at"})


def with_preset(given: dict[str, Any]) -> dict[str, Any]:
    """The operator's settings over those of the preset; raises ValueError where there is none of that name.

    An export lacks some columns in some versions and languages: those that only the preset names may be absent.
    """
    name = given.get("preset")
    if name is None:
        return given
    if name not in presets():
        raise ValueError(f"preset {name!r} is unknown; there are {', '.join(sorted(presets()))}")
    preset, own = presets()[name], given.get("columns", {})
    if not isinstance(own, dict):
        return given  # the mistake is told where columns are checked
    columns = {**preset["columns"], **own}
    return {**preset, **given, "columns": columns, "optional": sorted(columns.keys() - own.keys() - REQUIRED)}


@cache
def presets() -> dict[str, dict[str, Any]]:
    """Every preset by its name, as `file_presets.toml` has it."""
    return tomllib.loads(resources.files("flows.sources").joinpath("file_presets.toml").read_text("utf-8"))
