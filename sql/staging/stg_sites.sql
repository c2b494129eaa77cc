-- Grain: one row per own web site of the configuration, as the tool that counts its visits names it.
select
    site,
    entity_id,
    contact_pages
from {{ source('raw', 'site') }}
