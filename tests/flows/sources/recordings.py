"""Recordings of real answers, as VCR (YAML) and betamax (JSON) keep them."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml  # type: ignore[import-untyped]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Recorded:
    """One GET of a recording and its answer; names of headers in lower case."""

    file: str
    url: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


def recordings(folder: Path) -> Iterator[Recorded]:
    """Every GET that the recordings of a folder hold."""
    for file in sorted(folder.iterdir()):
        cassette = _read(file)
        for each in cassette.get("interactions") or cassette.get("http_interactions"):
            asked, told = each["request"], each["response"]
            if asked["method"] == "GET":
                headers = {name.lower(): values[0] for name, values in (told.get("headers") or {}).items()}
                yield Recorded(file.name, asked["uri"], told["status"]["code"], headers, _body(told["body"]))


def _read(file: Path) -> Any:
    text = file.read_text()
    if file.suffix == ".json":
        return json.loads(text)
    # Blanked cookies have left lines behind that are no YAML.
    text = re.sub(r"(?m)^( *)set-cookie:.*\n(?:\1 +.*\n|\1- .*\n)*", "", text)
    return yaml.load(text, _LOADER)  # noqa: S506 - safe loaders


def _body(told: Mapping[str, Any]) -> bytes:
    packed, plain = told.get("base64_string"), told.get("string") or b""
    raw = base64.b64decode(packed) if packed else plain if isinstance(plain, bytes) else plain.encode()
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
