"""The one way to the network: paced, retried, bounded, guarded, and silent about secrets.

`client` asks, `pacing` says when, `addresses` says where to, `connections` opens, `answers` judges what came back,
`redaction` keeps secrets out of what is written down.
"""

from flows.http.answers import Answer
from flows.http.client import Counts, Credentials, HttpClient, Limits
from flows.http.pacing import Clock

__all__ = ["Answer", "Clock", "Counts", "Credentials", "HttpClient", "Limits"]
