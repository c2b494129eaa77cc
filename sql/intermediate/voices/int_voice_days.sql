-- Grain: one row per reporting day that is read for the periods that this build makes anew: their own, the 29 before
-- (advocates) and those of the month after (who came back).
{{ config(materialized='table') }}

select distinct dates.report_date
from {{ ref('dim_dates') }} as dates
inner join {{ ref('int_voice_periods') }} as periods
    on dates.report_date between {{ add_days('periods.first_date', -29) }} and periods.next_last_date
