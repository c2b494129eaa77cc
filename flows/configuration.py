"""The configuration as rows of schema `raw`, so that SQL can use and explain it."""

from __future__ import annotations

from datetime import time
from typing import Any

from flows import topics
from flows.sections import Account
from flows.settings import Settings

Row = dict[str, Any]


def handle(account: Account) -> str:
    """As `raw.account` has handles: lower case, without '@'."""
    return account.handle.strip().lstrip("@").lower()


def rows(settings: Settings) -> dict[str, list[Row]]:
    """Rows by table of the configuration (warehouse.configuration.TABLES)."""
    sla = {department.id: department.sla_hours for department in settings.departments}
    return {
        "entity": [
            {
                "entity_id": entity.id,
                "entity_name": entity.name,
                "entity_kind": entity.kind,
                "is_own": entity.own,
                "parent_entity_id": entity.parent,
                "competitor_set": entity.set,
            }
            for entity in settings.entities
        ],
        "topic": [
            {
                "topic_id": entity.id,
                "entity_id": entity.id,
                "query": entity.query,
                "query_hash": topics.query_hash(topics.parse(entity.query)),
            }
            for entity in settings.entities
        ],
        "tracked_account": [
            {
                "platform": account.platform,
                "handle": handle(account),
                "entity_id": account.entity,
                "role": account.role,
                "department": account.department,
            }
            for account in settings.accounts
        ],
        "routing_rule": [
            {
                "rule_no": number,
                **rule.model_dump(exclude={"entity"}),
                "entity_id": rule.entity,
                "query_hash": topics.query_hash(topics.parse(rule.query)) if rule.query else None,
                "sla_hours": sla[rule.department],
            }
            for number, rule in enumerate(settings.routing)
        ],
        "department": [
            {
                "department": department.id,
                "department_name": department.name,
                "sla_hours": department.sla_hours,
                "timezone": department.timezone,
                "workdays": sorted(set(department.workdays)),
                "opens_minute": _minute(department.opens),
                "closes_minute": _minute(department.closes) if department.closes else 24 * 60,
                "holidays": sorted(set(department.holidays)),
            }
            for department in settings.departments
        ],
        "campaign": [
            {
                "entity_id": entity.id,
                "starts_on": entity.starts_on,
                "ends_on": entity.ends_on,
                "budget": entity.budget,
                "currency": entity.currency,
            }
            for entity in settings.entities
            if entity.starts_on
        ],
        "message": [
            {
                "message_id": message.id,
                "entity_id": message.entity,
                "phrase": message.phrase,
                "hashtag": message.hashtag.lstrip("#").lower() if message.hashtag else None,
            }
            for message in settings.messages
        ],
        "target": [
            {
                "target_id": f"{target.metric}-{target.entity}-{target.month:%Y-%m}",
                "metric": target.metric,
                "entity_id": target.entity,
                "month": target.month,
                "target": target.target,
            }
            for target in settings.targets
        ],
        "site": [
            {"site": site.name, "entity_id": site.entity, "contact_pages": list(site.contact_pages)}
            for site in settings.sites
        ],
        "setting": [
            {"name": "reporting_timezone", "value": settings.reporting.timezone},
            *({"name": f"weight_{name}", "value": str(weight)} for name, weight in settings.weights),
            *({"name": name, "value": str(value)} for name, value in settings.kpis),
        ],
    }


def _minute(at: time) -> int:
    """Minutes since the local day's midnight."""
    return at.hour * 60 + at.minute
