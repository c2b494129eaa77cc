-- Grain: one row: the last load that the models hold.
select built_load_seq
from {{ source('raw', 'build') }}
