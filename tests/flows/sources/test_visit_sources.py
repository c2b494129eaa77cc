"""Matomo and Plausible: visits of one's own sites by day and referrer, each once, the last days told anew."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as Xml

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import CredentialError, SourceError
from flows.sources import matomo, plausible, referrers
from flows.sources.base import Page, Window

AS_OF = datetime(2026, 11, 22, 23)
WINDOW = Window(datetime(2026, 11, 21, 23), AS_OF)
MATOMO = matomo.Options(
    name="web", type="matomo", base_url="https://stats.example/", sites={"acme.com": 1, "acme.lv": 2},  # type: ignore[arg-type]
    timezone="Europe/Riga",
)  # fmt: skip
PLAUSIBLE = plausible.Options(name="web", type="plausible", sites=["acme.com", "acme.lv"])


def page(body: Any, platform: str = "matomo", report: str = "Referrers.getSocials", number: int = 1) -> Page:
    asked = urlencode({"method": report, "idSite": 1})
    return Page(
        page_id=f"w/a/{number}", source="web", platform=platform, verb="browse", topic_id=None, as_of=AS_OF,
        fetched_at=AS_OF, request=f"POST https://stats.example/index.php?{asked}", status=200,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )  # fmt: skip


class Server:
    """Keeps what it is asked, and answers all of it the same, or page by page."""

    def __init__(self, *answers: Any, platform: str = "matomo") -> None:
        self.answers, self.platform = answers, platform
        self.asked: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = []

    async def post(
        self, url: str, body: dict[str, Any], params: dict[str, Any] | None = None, *, as_form: bool = False
    ) -> Page:
        self.asked.append((url, body, params or {}, as_form))
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return page(answer, self.platform, (params or {}).get("method", ""), number=len(self.asked))


async def asked_of_matomo(server: Server, window: Window = WINDOW, site: str = "acme.lv") -> list[Page]:
    return [found async for found in matomo.browse(server, MATOMO, site, window)]  # type: ignore[arg-type]


async def test_matomo_is_asked_for_the_sites_days_and_those_told_anew() -> None:
    server = Server({"2026-11-22": []})
    await asked_of_matomo(server)
    assert [params["method"] for _, _, params, _ in server.asked] == list(matomo.REPORTS)
    for url, body, params, as_form in server.asked:
        assert (url, body, as_form) == ("https://stats.example/index.php", {}, True)  # the token joins the form
        assert (params["idSite"], params["filter_limit"]) == (2, -1)
        assert params["date"] == "2026-11-20,2026-11-23"  # in Riga it is the 23rd already
    assert "token" not in json.dumps(server.asked)


async def test_a_long_window_is_asked_month_by_month_without_a_gap() -> None:
    server = Server([])
    await asked_of_matomo(server, Window(datetime(2026, 8, 1), AS_OF))
    spans = [params["date"].split(",") for _, _, params, _ in server.asked if params["method"] == matomo.KINDS]
    days = []
    for first, last in (map(date.fromisoformat, span) for span in spans):
        days += [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert days == [date(2026, 8, 1) + timedelta(days=n) for n in range(115)]


ROW = {
    "label": "Facebook", "nb_visits": 12, "nb_actions": 52, "bounce_count": 2, "nb_visits_converted": 3,
    "nb_conversions": 4, "nb_uniq_visitors": 9,
}  # fmt: skip


def test_a_row_of_matomo_is_a_day_of_visits() -> None:
    (visit,) = matomo.parse(page({"2026-11-21": [ROW]}), MATOMO).tables["referral_daily"].rows(named=True)
    del visit["page_id"], visit["item_no"]
    assert visit == {
        "site": "acme.com", "visit_date": date(2026, 11, 21), "referrer": "Facebook", "platform": "facebook",
        "landing_page": "", "sessions": 12, "engaged_sessions": 10, "conversions": 4, "captured_at": AS_OF,
    }  # fmt: skip


def test_no_visit_is_told_twice_though_kinds_are_asked_too() -> None:
    named = [("Direct Entry", 1), ("Search Engines", 2), ("Websites", 3), ("Campaigns", 6), ("Social Networks", 7)]
    counts = {"nb_visits": 5, "bounce_count": 1, "nb_visits_converted": 0}
    kinds = [{"label": label, **counts, "referrer_type": kind} for label, kind in named]
    found = matomo.parse(page({"2026-11-21": kinds}, report=matomo.KINDS), MATOMO)
    assert found.item_count == 5
    assert found.tables["referral_daily"]["referrer"].to_list() == ["", "Search Engines", "Campaigns"]
    assert found.tables["referral_daily"]["conversions"].to_list() == [0, 0, 0]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("Unable to authenticate with the provided token. It is either invalid or expired.", CredentialError),
        ("You can't access this resource as it requires 'view' access for the website id = 2.", CredentialError),
        ("The site id = 2 is not found.", SourceError),
    ],
)
async def test_a_refusal_that_looks_like_an_answer_fails_the_window(said: str, error: type[SourceError]) -> None:
    with pytest.raises(error, match=re.escape(said)):
        await asked_of_matomo(Server({"result": "error", "message": said}))


@pytest.mark.parametrize("body", [b"[[", {"2026-11-21": "secret"}, [{"label": "secret"}], "secret"])
async def test_what_is_no_report_fails_the_window(body: Any) -> None:
    with pytest.raises(SourceError, match="no JSON as it should") as told:
        await asked_of_matomo(Server(body))
    assert "secret" not in str(told.value)


def results(*rows: Any, site: str = "acme.com") -> dict[str, Any]:
    return {"results": list(rows), "meta": {}, "query": {"site_id": site, "metrics": plausible.METRICS}}


def visits(
    day: str = "2026-11-21", source: str = "Twitter", entry: str = "/a", counts: Any = (10, 30)
) -> dict[str, Any]:
    return {"dimensions": [day, source, entry], "metrics": list(counts)}


async def test_plausible_is_asked_page_by_page() -> None:
    full = results(*(visits(entry=f"/{n}") for n in range(plausible.ROWS_A_PAGE)))
    server = Server(full, results(visits()), platform="plausible")
    pages = [found async for found in plausible.browse(server, PLAUSIBLE, "acme.com", WINDOW)]  # type: ignore[arg-type]
    assert [len(plausible.items(each)) for each in pages] == [plausible.ROWS_A_PAGE, 1]
    (url, first, _, as_form), (_, second, _, _) = server.asked
    assert (url, as_form, first["site_id"]) == ("https://plausible.io/api/v2/query", False, "acme.com")
    assert first["date_range"] == ["2026-11-19", "2026-11-22"]
    assert [body["pagination"]["offset"] for body in (first, second)] == [0, 10_000]


def test_a_row_of_plausible_is_a_day_of_visits_to_a_landing_page() -> None:
    rows = visits(), visits(source="Direct / None", counts=(3, 33)), visits(source="news.example", counts=(1, None))
    found = plausible.parse(page(results(*rows), "plausible"), PLAUSIBLE).tables["referral_daily"]
    assert found["site"].to_list() == ["acme.com"] * 3
    assert found["referrer"].to_list() == ["Twitter", "", "news.example"]
    assert found["platform"].to_list() == ["x", None, None]
    assert found["engaged_sessions"].to_list() == [7, 2, None]
    assert found["conversions"].to_list() == [None] * 3
    assert found["visit_date"].to_list() == [date(2026, 11, 21)] * 3


@pytest.mark.parametrize(
    ("referrer", "platform"),
    [
        ("Facebook", "facebook"), ("l.facebook.com", "facebook"), ("https://old.reddit.com/r/x/", "reddit"),
        ("t.co", "x"), ("notx.com", None), ("news.ycombinator.com", "hackernews"), ("ycombinator.com", None),
        ("", None), ("www.youtube.com:443", "youtube"), ("Search Engines", None),
    ],
)  # fmt: skip
def test_a_referrer_is_a_platform_by_its_name_or_host(referrer: str, platform: str | None) -> None:
    assert referrers.platform_of(referrer) == platform


def test_a_broken_row_is_named_and_loses_no_other() -> None:
    broken = [{}, None, {**ROW, "label": 5}, {**ROW, "nb_visits": "12"}, {**ROW, "nb_visits": 1.5}, 7]
    answer = page({"2026-11-21": [ROW, *broken], "soon": [ROW]})
    found = matomo.parse(answer, MATOMO)
    assert found.malformed["item_no"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert found.tables["referral_daily"].height == 1
    other = page(results(visits(), visits(day="x"), visits(counts=(1,)), visits(counts=("1", 2)), 5, {}), "plausible")
    assert plausible.parse(other, PLAUSIBLE).malformed["item_no"].to_list() == [1, 2, 3, 4, 5]
    for source, whole in ((matomo, answer), (plausible, other)):
        again = msgspec.structs.replace(whole, body=source.wrap(whole, source.items(whole)))
        assert source.items(again) == source.items(whole)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.lists(st.none()))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(ROW)), VALUES), st.lists(VALUES, max_size=3), VALUES)
def test_every_item_has_an_outcome_whatever_it_is(changes: dict[str, Any], told: list[Any], count: Any) -> None:
    body = msgspec.json.encode({"2026-11-21": [{**ROW, **changes}, changes, count]})
    rows = msgspec.json.encode(results({"dimensions": told, "metrics": [count, count]}, count, visits()))
    for found in (matomo.parse(page(body), MATOMO), plausible.parse(page(rows, "plausible"), PLAUSIBLE)):
        loaded = found.tables["referral_daily"]["item_no"].to_list() if "referral_daily" in found.tables else []
        assert sorted([*loaded, *found.malformed["item_no"]]) == [0, 1, 2]


def recorded_rows(path: Path) -> list[dict[str, Any]]:
    """A recorded report's rows; the recordings are in XML, the same report in JSON has the same names."""
    if path.name.endswith(".json.txt"):
        rows: list[dict[str, Any]] = json.loads(path.read_text())
        return rows
    return [
        {field.tag: int(text) if (text := field.text or "").isdigit() else text for field in row if not len(field)}
        for row in Xml.fromstring(path.read_text()).findall("row")  # noqa: S314 - our own recordings
    ]


@pytest.mark.real_data
def test_recorded_reports_are_read_row_by_row(shared_data: Path) -> None:
    """Those of the reports that are asked for. The others there are reports that are not (getAll, getKeywords,
    getCampaigns, numbers of distinct names), the same one as CSV and TSV, and comparisons of sites or periods.
    """
    compared = 0
    folder = shared_data / "recorded/matomo"
    for report in ("Referrers.getWebsites", matomo.KINDS):
        paths = [path for path in sorted(folder.glob(f"*{report}*")) if path.suffix == ".xml" or ".json" in path.name]
        for path in paths:
            rows = recorded_rows(path)
            if not rows or "nb_visits" not in rows[0]:
                continue  # several sites or periods in one
            found = matomo.parse(page({"2026-11-21": rows}, report=report), MATOMO)
            assert found.malformed.is_empty(), (path.name, found.malformed["reason"].to_list())
            kind = "referrer_type" if "referrer_type" in rows[0] else "referer_type"
            wanted = [row for row in rows if report != matomo.KINDS or row[kind] not in (3, 7)]
            visits = found.tables["referral_daily"].rows(named=True) if wanted else []
            for row, visit in zip(wanted, visits, strict=True):
                assert visit["sessions"] == row["nb_visits"], path.name
                assert visit["engaged_sessions"] == row["nb_visits"] - row["bounce_count"], path.name
                assert visit["conversions"] == row.get("nb_conversions", row["nb_visits_converted"]), path.name
                assert visit["referrer"] in ("", row["label"]), path.name
                compared += 1
    assert compared > 10
