"""Where requests go: addresses of the settings, of sources, and where redirects lead."""

from __future__ import annotations

from dataclasses import replace

import httpx

from flows.errors import ConfigError
from flows.http.addresses import origin
from flows.http.answers import Question, Redirect
from flows.http.redaction import redact_url
from flows.http.requests import Ask, keeps_method, parse


def origin_of(platform: str, base_url: str) -> tuple[str, int]:
    """Host and port of a configured address. Raises ConfigError where it is none."""
    url = parse(base_url)
    if url is None or url.scheme not in {"http", "https"} or not url.raw_host:
        raise ConfigError(f"{platform}: base_url is no http or https address; write one like 'https://api.example.org'")
    return origin(url)


def check(url: httpx.URL, question: Question, where: str = "") -> None:
    """Raises SourceError where an address is none that we fetch."""
    if url.scheme not in {"http", "https"} or not url.raw_host:
        raise question.error(f"{where}is refused: only http and https addresses are fetched")
    if url.userinfo:
        raise question.error(f"{where}is refused: a user name or password in an address; give it in the environment")


def following(ask: Ask, redirect: Redirect, question: Question) -> Ask:
    """Where a redirect leads; to another host go no values that we know as secret, and no validators."""
    target = parse(redirect.location, ask.url)
    if target is None:
        raise question.error("redirects to an address that cannot be read")
    where = f"redirects to {question.redact(redact_url(target))[:300]}, which "
    check(target, question, where)
    if ask.url.scheme == "https" and target.scheme == "http":
        raise question.error(f"{where}is refused: from https to http is not followed")
    is_home = origin(target) == origin(ask.url)
    if ask.is_login or (ask.body and not (is_home and keeps_method(redirect))):
        raise question.error(f"{where}is refused: what a POST carries goes nowhere else; check base_url")
    pairs = target.params.multi_items()
    kept = [pair for pair in pairs if not question.redact.holds(pair[1] + " " + pair[1].replace(" ", "+"))]
    if not is_home and len(kept) < len(pairs):
        target = target.copy_with(params=kept)
    return replace(ask, url=target)
