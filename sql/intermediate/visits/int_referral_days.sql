-- Grain: one row per day of visits whose rows this build makes anew: its visits, mentions or coverage changed, or those
-- of one of the eight same weekdays before it.
{{ config(materialized='table') }}

with touched as (
    select visit_date from {{ ref('stg_referrals') }}
    where {{ since_last_build('load_seq') }}
    union
    select report_date as visit_date from {{ ref('int_touched_days') }}
),

weeks as (
    select visit_date, {{ whole_numbers(8) }}
    from touched
)

select distinct visits.visit_date
from {{ ref('stg_referrals') }} as visits
inner join weeks on visits.visit_date = {{ add_days('weeks.visit_date', 'cast(7 * weeks.n as integer)') }}
