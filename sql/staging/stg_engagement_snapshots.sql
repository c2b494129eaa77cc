-- Grain: one row per mention and moment at which its counts were read. NULL: the platform did not tell.
select
    mention_id,
    captured_at,
    age_hours,
    likes,
    replies,
    reposts,
    quotes,
    views,
    bookmarks,
    upvotes,
    downvotes,
    clicks,
    load_seq
from {{ source('raw', 'engagement_snapshot') }}
