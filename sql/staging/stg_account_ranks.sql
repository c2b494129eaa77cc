-- Grain: one row per account, entity and moment at which the graph was ranked.
select
    account_id,
    entity_id,
    ranked_at,
    pagerank
from {{ source('raw', 'account_rank') }}
