-- Grain: one row per reporting day whose responses this build makes anew: of what changed, before and after, and of all
-- that is inbound in the threads that are made anew.
{{ config(materialized='table') }}

select report_date from {{ ref('stg_touched') }}
where {{ since_last_build('load_seq') }}
union
select report_date from {{ ref('int_touched_mentions') }}
union
select responses.report_date
from {{ ref('kpi_response') }} as responses
where responses.thread_id in (select thread_id from {{ ref('int_touched_threads') }})
