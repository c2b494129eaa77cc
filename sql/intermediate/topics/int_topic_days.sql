-- Grain: one row per reporting day whose topics this build makes anew: the touched days and, for what they are held
-- against, the 89 days after each.
{{ config(materialized='table') }}

{{ days_and_after(ref('int_touched_days'), 'report_date', 89) }}
