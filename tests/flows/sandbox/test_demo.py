"""The demo's configuration."""

from __future__ import annotations

from pathlib import Path

from flows import settings
from flows.sandbox import phrases
from flows.sandbox.demo import write_configuration
from tests.flows.sandbox.worlds import made


def test_the_configuration_is_one_that_soundings_takes(tmp_path: Path) -> None:
    path = write_configuration(tmp_path, "http://127.0.0.1:8001", made())
    read = settings.load(path)
    assert [(e.id, e.kind, e.query) for e in read.entities] == [
        (e.entity_id, e.kind, e.query) for e in phrases.ENTITIES
    ]
    assert {(a.platform, a.handle, a.role) for a in read.accounts} >= {
        ("microblog", "acmeair", "owned"),
        ("microblog", "cabincrew_k7", "employee"),
        ("hackernews", "skydesk_news", "media"),
    }
    assert [source.name for source in read.sources] == ["hackernews", "microblog"]
    assert read.schedule.first_days == made().days + 1


def test_it_says_that_all_of_it_is_synthetic(tmp_path: Path) -> None:
    path = write_configuration(tmp_path, "http://127.0.0.1:8001", made())
    assert "synthetic" in settings.load(path).project.name
