"""The one way to the network: paced, retried, bounded, guarded, and silent about secrets.

`client` asks what `requests` words, as who `login` says; `turns`, `pacing`, `quotas` and `waits` say when, `addresses`
says where to, `connections` opens, `answers` judges what came back, `redaction` keeps secrets out of what is written.
"""

from flows.http.answers import Answer
from flows.http.client import HttpClient
from flows.http.limits import Counts, Limits
from flows.http.pacing import Budgets, Clock

__all__ = ["Answer", "Budgets", "Clock", "Counts", "HttpClient", "Limits"]
