{#- Kaplan–Meier, as window functions over single durations: one row a subject, `time` how long it was watched (NULL:
    not at all), `event` whether what was waited for ended that. At ties events come before censorings. -#}

{#- How many are still watched just before the row's time. -#}
{% macro at_risk(keys, time) -%}
    count({{ time }}) over (
        partition by {{ keys }} order by {{ time }} desc nulls last
        range between unbounded preceding and current row
    )
{%- endmacro %}

{#- How many events fall on the row's time. -#}
{% macro events_at(keys, time, event) -%}
    sum(case when {{ event }} then 1 else 0 end) over (partition by {{ keys }}, {{ time }})
{%- endmacro %}

{#- Numbers the rows of one time, so that its factor is taken once; `id` only makes the numbers the same each time. -#}
{% macro nth_at(keys, time, id) -%}
    row_number() over (partition by {{ keys }}, {{ time }} order by {{ id }} nulls last)
{%- endmacro %}

{#- The share that waits beyond the row's time: the product of 1 − events ÷ at risk, by logarithms; 0 from where all
    that were left had the event. Good to 1e-12, which the 1e-9 of `survived_to` covers. -#}
{% macro survival(keys, time, events, at_risk, nth) -%}
    case
        when max(case when {{ events }} = {{ at_risk }} then 1 else 0 end) over earlier = 1 then cast(0 as double)
        else exp(sum(case
            when {{ nth }} = 1 and {{ events }} < {{ at_risk }}
                then ln(cast({{ at_risk }} - {{ events }} as double) / cast({{ at_risk }} as double))
        end) over earlier)
    end
{%- endmacro %}

{#- The window that `survival` reads. -#}
{% macro survival_window(keys, time) -%}
    earlier as (
        partition by {{ keys }} order by {{ time }} nulls last range between unbounded preceding and current row
    )
{%- endmacro %}

{#- The least time by which no more than `share` still wait; NULL where that was not reached. -#}
{% macro survived_to(share, survival, time) -%}
    min(case when {{ survival }} <= cast({{ share }} as double) + cast(1e-9 as double) then {{ time }} end)
{%- endmacro %}

{#- Two CTEs after `rows`: `watched`, and `lasting`, which has each row's `survival` within `keys`. -#}
{% macro lasting(rows, keys, time, event, id) -%}
watched as (
    select
        *,
        {{ at_risk(keys, time) }} as at_risk,
        {{ events_at(keys, time, event) }} as events,
        {{ nth_at(keys, time, id) }} as nth
    from {{ rows }}
),

lasting as (
    select
        *,
        {{ survival(keys, time, 'events', 'at_risk', 'nth') }} as survival
    from watched
    window {{ survival_window(keys, time) }}
)
{%- endmacro %}
