-- Grain: one row per reporting day whose KPI rows this build makes anew: the touched days and, for the trailing
-- windows that hold them, the 27 days after each.
{{ config(materialized='table') }}

{{ days_and_after(ref('int_touched_days'), 'report_date', 27) }}
