-- Grain: one row per reporting day whose topics this build makes anew: the touched days and, for what they are held
-- against, the 89 days after each.
{{ config(materialized='table') }}

select report_date from {{ ref('int_touched_days') }}
union
select dates.report_date
from {{ ref('dim_dates') }} as dates
inner join {{ ref('int_touched_days') }} as touched
    on dates.report_date between touched.report_date and {{ add_days('touched.report_date', 89) }}
