"""One client's place in the turn-taking at every host that it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flows.http.pacing import Allowance, Budget, Budgets, Clock
from flows.sources.access import RateLimit

Host = tuple[str, int]


class Turns:
    """What the platform allows, shared with the run's other clients, and what the operator allows this one."""

    def __init__(
        self,
        platform: str,
        rates: Sequence[RateLimit],
        *,
        requests_per_minute: int | None,
        credential: Sequence[str],
        budgets: Budgets,
        clock: Clock,
        longest_wait: float,
    ) -> None:
        self._platform, self._rates, self._credential = platform, tuple(rates), tuple(credential)
        self._own_rate = RateLimit(requests_per_minute, 60) if requests_per_minute else None
        self._own: dict[Host, list[Allowance]] = {}
        self._budgets, self._clock, self._longest_wait = budgets, clock, longest_wait

    async def take(self, host: Host, line: str) -> float:
        """Wait until a request may go, and count it; returns the seconds waited. Raises QuotaError."""
        own = self._own.setdefault(host, [Allowance(self._own_rate)] if self._own_rate else [])
        quotas = self._budgets.quotas_of(self._platform, host, self._rates, self._credential)
        return await self._budget(host).turn(line, own, quotas)

    def heed(self, host: Host, headers: Mapping[str, str], status: int) -> None:
        """Hold as long as an answer's headers ask for."""
        self._budget(host).heed(headers, status)

    def hold(self, host: Host, seconds: float | None) -> bool:
        """Hold as long as an answer's body asks for; whether it does."""
        if not seconds or seconds <= 0:
            return False
        self._budget(host).hold(seconds)
        return True

    def _budget(self, host: Host) -> Budget:
        return self._budgets.of(self._platform, host, self._rates, self._clock, self._longest_wait)
