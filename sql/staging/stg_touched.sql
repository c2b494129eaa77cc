-- Grain: one row per load, mention, entity and state (old or new) of a mention that the load changed or counted anew.
select
    load_seq,
    mention_id,
    entity_id,
    platform,
    author_id,
    state,
    published_at,
    {{ report_date('published_at') }} as report_date
from {{ source('raw', 'touched') }}
