"""A first `soundings.toml` for somebody's own brand, on Hacker News, which needs no credentials."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

from flows import topics
from flows.errors import ConfigError

TEMPLATE = """\
# Soundings for {name}. Check it with: soundings check

[project]
name = {name_toml}
data_dir = "soundings-data"   # beside this file
# contact = "https://example.com/contact"   # platforms see it in our User-Agent

[reporting]
timezone = "UTC"              # whose calendar days the KPIs have; fixed once there is data

[schedule]
cron = "0 2 * * *"            # for: soundings serve
first_days = 7                # the first run looks back this far; more: soundings backfill --days 365

[[entities]]
id = "{slug}"
name = {name_toml}
kind = "brand"                # brand | product | campaign
own = true                    # false: a competitor's
query = {query_toml}

# A competitor shares the voice with you:
# [[entities]]
# id = "rival"
# name = "Rival"
# kind = "brand"
# own = false
# query = 'rival OR @rival'

# Accounts of yours: their posts are yours, not the users'.
# [[accounts]]
# platform = "hackernews"
# handle = "{slug}"
# entity = "{slug}"
# role = "owned"              # owned | employee | media

[[sources]]
name = "hackernews"
type = "hackernews"

# What other tools export comes in as files:
# [[sources]]
# name = "exports"
# type = "file"
# platform = "x"
# path = "exports/*.csv"
# [sources.columns]
# native_id = "id"
# text = "text"
# published_at = "created_at"
"""


def write(path: Path, brand: str, query: str) -> Path:
    """Write the starter. Raises ConfigError where a file stands already, or the query cannot be read."""
    topics.parse(query)
    if not brand.strip():
        raise ConfigError("--brand is empty; give the name as people write it")
    text = TEMPLATE.format(
        name=" ".join(brand.split()), slug=slug(brand), name_toml=_quoted(brand.strip()), query_toml=_quoted(query)
    )
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise ConfigError(f"{path} exists already; edit it, or name another with --config") from None
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no folder {path.parent}; make it first") from None
    return path


def slug(name: str) -> str:
    """An id made of a name: lower case, Latin letters, digits and '-'."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-") or "brand"


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
