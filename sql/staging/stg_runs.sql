-- Grain: one row per run; as_of is the only clock that models see.
select
    run_id,
    as_of
from {{ source('raw', 'run') }}
