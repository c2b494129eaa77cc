-- Grain: one row per acting mention and kind of act: who replied to, quoted or reposted whom.
select
    mention_id,
    kind,
    actor_id,
    target_mention_id,
    target_id,
    occurred_at,
    load_seq
from {{ source('raw', 'interaction') }}
