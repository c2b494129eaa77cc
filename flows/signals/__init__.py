"""What is made of texts and threads between loading and the models: the steps that need more than SQL."""

from flows.signals.graph import rank_accounts
from flows.signals.rules import match_rules

__all__ = ["match_rules", "rank_accounts"]
