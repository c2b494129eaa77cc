-- Grain: one row per whole number, up to what the tails of the spikes' tests need, with the logarithm of its factorial.
{{ config(materialized='table') }}

with bounds as (
    -- A test looks as far as posts + 12·√posts + 60, which is below 2·posts + 300 for any number of posts.
    select cast(coalesce(max(greatest(posts, authors)), 0) * 2 as bigint) + 300 as top
    from {{ ref('int_spike_sums') }}
),

numbers as (
    select {{ whole_numbers('bounds.top') }} from bounds
),

logs as (
    select n, case when n > 1 then {{ exact(safe_ln('n')) }} else {{ exact('0') }} end as log_n from numbers
)

select
    cast(n as bigint) as n,
    cast(sum(log_n) over (order by n nulls last rows between unbounded preceding and current row) as double)
        as log_factorial
from logs
