-- Grain: one row per message that owned and employee posts should carry: a phrase or a hashtag.
select
    message_id,
    entity_id,
    phrase,
    hashtag
from {{ source('raw', 'message') }}
