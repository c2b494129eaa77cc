-- Grain: one row per mention, entity (NULL: all of them) and field that an analyst corrected, and moment of doing so.
select
    mention_id,
    entity_id,
    field as corrected_field,
    value as corrected_value,
    corrected_at,
    load_seq
from {{ source('raw', 'correction') }}
