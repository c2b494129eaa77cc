-- Grain: one row per reporting day whose fits this build makes anew: the touched days and, for the trailing windows
-- that hold them, the 89 days after each.
{{ config(materialized='table') }}

{{ days_and_after(ref('int_touched_reach'), 'reached_date', 89, name='fit_date') }}
