"""JSON as platforms write it, where they cut a text within a character."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_ESCAPE = re.compile(  # a whole pair, half of one (6 bytes), or any other escape, so that \\ud800 is none
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\.", re.DOTALL
)


def decoded(body: bytes, shape: Any) -> Any:
    """JSON of a shape; half of a surrogate pair, which would spoil the whole page, is read as U+FFFD."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended = _ESCAPE.sub(lambda found: rb"\ufffd" if len(found[0]) == 6 else found[0], body)
        if mended == body:
            raise
        return msgspec.json.decode(mended, type=shape)
