-- Grain: one row per reporting day that the trailing windows of int_kpi_days look back on.
{{ config(materialized='table') }}

select distinct dates.report_date
from {{ ref('dim_dates') }} as dates
inner join {{ ref('int_kpi_days') }} as kpi_days
    on dates.report_date between {{ add_days('kpi_days.report_date', -27) }} and kpi_days.report_date
