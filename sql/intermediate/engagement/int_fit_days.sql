-- Grain: one row per reporting day whose fits this build makes anew: the touched days and, for the trailing windows
-- that hold them, the 89 days after each.
{{ config(materialized='table') }}

select reached_date as fit_date from {{ ref('int_touched_reach') }}
union
select dates.report_date as fit_date
from {{ ref('dim_dates') }} as dates
inner join {{ ref('int_touched_reach') }} as touched
    on dates.report_date between touched.reached_date and {{ add_days('touched.reached_date', 89) }}
