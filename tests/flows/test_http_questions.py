"""What a request carries: a query, a body as JSON or as a form, and by what a question is known again."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from testbed import client_of

from flows.landing import request_key
from flows.sources.access import Credentials
from tests.flows.fault_server import FaultServer, reply


async def test_a_question_may_be_posted_as_json_or_as_a_form(server: FaultServer) -> None:
    url = server.on("/query", reply(status=503), reply(b'["answer"]'))
    form = Credentials(form={"token_auth": "s3cr3t"})
    async with client_of(server, credentials=form) as client:
        answer = await client.post(url, {"site_id": "acme.example", "metrics": ["visits"]}, {"page": 2})
        await client.post(url, {"method": "Visits", "day": "2026-03-01"}, as_form=True)
    assert (answer.body, answer.request) == (b'["answer"]', f"POST {url}?page=2")
    torn, asked, form_asked = server.asked
    assert asked == torn  # asked again as it was
    assert (asked.method, asked.target) == ("POST", "/query?page=2")
    assert json.loads(asked.body) == {"site_id": "acme.example", "metrics": ["visits"]}
    assert asked.headers["content-type"] == "application/json"
    assert parse_qs(form_asked.body.decode()) == {"method": ["Visits"], "day": ["2026-03-01"], "token_auth": ["s3cr3t"]}


async def test_a_list_of_values_is_asked_as_often_as_it_has_members(server: FaultServer) -> None:
    url = server.on("/posts", reply(b"[]"))
    async with client_of(server) as client:
        await client.get(url, {"id[]": ["1", "2"], "limit": 40})
    assert server.asked[0].target == "/posts?id%5B%5D=1&id%5B%5D=2&limit=40"
    key = request_key("GET", url, {"id[]": ["1", "2"]})
    assert key == request_key("GET", f"{url}?id%5B%5D=2&id%5B%5D=1")
    assert key != request_key("GET", url, {"id[]": ["1"]})


async def test_another_body_is_another_question_whatever_secrets_stand_in_it(server: FaultServer) -> None:
    key = request_key("POST", "https://x.example/q", None, {"day": 1, "token": "one", "site": "a"})
    assert key == request_key("POST", "https://x.example/q", None, {"site": "a", "token": "two", "day": 1})
    assert key != request_key("POST", "https://x.example/q", None, {"day": 2, "site": "a"})
    assert key != request_key("POST", "https://x.example/q")
