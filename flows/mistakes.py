"""What is wrong with a configuration, in sentences: which key, what is wrong with it, and what to write."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError

MISPLACED = {
    "data_dir": "move it under [project]",
    "path": "move it under the [[sources]] that reads files",
    "mask_key": "a secret does not belong here; set SOUNDINGS_MASK_KEY in the environment",
    "secrets": "secrets do not belong here; set SOUNDINGS_<NAME OF THE SOURCE>_<SECRET> in the environment",
    "prefect_api_url": "it is not kept here; set PREFECT_API_URL in the environment",
}


def misplaced(raw: dict[str, Any]) -> list[str]:
    """Keys that stand at the top of the file and would be taken for what we add to it ourselves."""
    return [f"{key}: there is no such key at the top; {fix}" for key, fix in MISPLACED.items() if key in raw]


def nearest(name: str, known: set[str]) -> str:
    """What was probably meant, else all that there is to choose from."""
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f" ({', '.join(sorted(known)) or 'there are none'})"


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line for each mistake; `model` is what the file was read as."""
    lines = []
    for mistake in error.errors(include_url=False):
        kind, given = mistake["type"], mistake["input"]
        if kind == "too_short" and given:
            continue  # its items are wrong, and named each by its own line
        key = _key(mistake["loc"])
        if kind == "extra_forbidden":
            beside = _keys_beside(mistake["loc"], model)
            hint = nearest(str(mistake["loc"][-1]), beside) if beside else "; remove it"
            lines.append(f"{key}: there is no such key{hint}")
        elif kind == "missing":
            lines.append(f"{key}: is required and missing; add it")
        elif kind in ("model_type", "model_attributes_type") and isinstance(given, list):
            lines.append(f"{key}: is one table; write [{key}], not [[{key}]]")
        elif kind == "tuple_type" and isinstance(given, dict):
            lines.append(f"{key}: is a list of tables; write [[{key}]], not [{key}]")
        else:
            said = "" if kind == "value_error" else f" (it says {given!r})"
            lines.append(f"{key}: {mistake['msg'].removeprefix('Value error, ')}{said}".removeprefix(": "))
    return lines


def _key(location: tuple[int | str, ...]) -> str:
    key = ""
    for position, part in enumerate(location):
        if isinstance(part, int):
            key += f"[{part}]"
        elif not (location[0] == "sources" and position == 2):  # the union's tag is not in the file
            key += f".{part}" if key else part
    return key


def _keys_beside(location: tuple[int | str, ...], model: Any) -> set[str]:
    """The keys that the table at this place may have, as far as the models tell."""
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            return set()
        annotation = fields[part].annotation
        model = next((a for a in getattr(annotation, "__args__", ()) if isinstance(a, type)), annotation)
    return {name for name, field in getattr(model, "model_fields", {}).items() if not field.exclude}
