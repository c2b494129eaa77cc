-- Grain: one row per mention and entity to which an analyst called it irrelevant, though the entity's query matches it.
with newest as (
    select * from {{ ref('stg_corrections') }}
    where entity_id is not null and corrected_field = 'irrelevant'
    qualify row_number() over (
        partition by mention_id, entity_id
        order by corrected_at desc nulls last, load_seq desc nulls last, corrected_value desc nulls last
    ) = 1
)

select
    mention_id,
    entity_id
from newest
where lower(corrected_value) in ('true', 'yes', '1')
