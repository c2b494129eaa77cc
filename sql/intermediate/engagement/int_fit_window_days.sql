-- Grain: one row per reporting day that the trailing windows of int_fit_days look back on.
{{ config(materialized='table') }}

select distinct dates.report_date as reached_date
from {{ ref('dim_dates') }} as dates
inner join {{ ref('int_fit_days') }} as fit_days
    on dates.report_date between {{ add_days('fit_days.fit_date', -89) }} and fit_days.fit_date
