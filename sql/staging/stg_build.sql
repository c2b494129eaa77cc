-- Grain: one row: the last load that the models hold.
select {{ last_built() }}
from {{ source('raw', 'build') }}
