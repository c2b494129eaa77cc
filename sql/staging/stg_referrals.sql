-- Grain: one row per site, day (of the site's own time zone), referrer and landing page, as last told.
select
    site,
    visit_date,
    referrer,
    platform,
    landing_page,
    sessions,
    engaged_sessions,
    conversions,
    captured_at,
    source,
    load_seq
from {{ source('raw', 'referral_daily') }}
