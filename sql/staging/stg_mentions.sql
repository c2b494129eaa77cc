-- Grain: one row per mention, in its newest state (the loader replaces a changed mention).
select
    mention_id,
    platform,
    kind,
    found_by,
    source,
    author_id,
    text,
    url,
    language_reported,
    published_at,
    {{ report_date('published_at') }} as report_date,
    edited_at,
    deleted_at,
    parent_id,
    root_id,
    links,
    hashtags,
    handles,
    media_formats,
    first_seen_at
from {{ source('raw', 'mention') }}
