-- Grain: one row per mention and reporting day on which its counts were read.
{{ config(materialized='incremental', unique_key='mention_id', meta={'scope': 'int_touched_mentions'}) }}

{% set counts = ['likes', 'replies', 'reposts', 'quotes', 'views', 'bookmarks', 'upvotes', 'downvotes', 'clicks'] %}

with mentions as (
    select mention_id, published_at from {{ ref('fct_mentions') }}
    where {{ in_scope('mention_id', ref('int_touched_mentions'), since='report_date') }}
),

readings as (
    select *, {{ report_date('captured_at') }} as captured_date 
    from {{ collected(ref('int_touched_readings'), ref('stg_engagement_snapshots')) }}
),

last_of_day as (
    select
        mentions.published_at,
        readings.*,
        {{ interactions('readings.') }} as interactions,
        {{ interactions_basis('readings.', 'is not null') }} as interactions_basis
    from readings
    inner join mentions on readings.mention_id = mentions.mention_id
    cross join {{ ref('int_weights') }} as weights
    qualify row_number() over (
        partition by readings.mention_id, readings.captured_date
        order by readings.captured_at desc nulls last, readings.load_seq desc nulls last
    ) = 1
),

beside_the_day_before as (
    select
        *,
        {% for count in counts -%}
            lag({{ count }}) over by_day as {{ count }}_before,
        {% endfor -%}
        lag(interactions_basis) over by_day as interactions_basis_before,
        lag(captured_at) over by_day as captured_at_before
    from last_of_day
    window by_day as (partition by mention_id order by captured_date nulls last)
),

-- What was published had nothing then: the first reading differs from nothing, not from an unknown count.
changes as (
    select
        *,
        {% for count in counts -%}
            {{ count }} - case when captured_at_before is null then 0 else {{ count }}_before end as {{ count }}_change,
        {% endfor -%}
        greatest(upvotes, 0) - case when captured_at_before is null then 0 else greatest(upvotes_before, 0) end
            as votes_change,
        captured_at_before is null as is_first_reading
    from beside_the_day_before
)

select
    changes.mention_id,
    changes.captured_date,
    changes.captured_at,
    {{ hours_between('changes.published_at', 'changes.captured_at') }} as age_hours,
    changes.is_first_reading,
    coalesce(changes.captured_at_before, changes.published_at) as changed_since_at,
    {% for count in counts -%}
        changes.{{ count }},
    {% endfor -%}
    changes.interactions,
    changes.interactions_basis,
    {% for count in counts -%}
        changes.{{ count }}_change,
    {% endfor -%}
    -- Weighted differences of counts: the difference of two weighted sums would keep their rounding.
    case
        when changes.is_first_reading or changes.interactions_basis = changes.interactions_basis_before
            then {{ interactions('changes.', '_change', votes='changes.votes_change') }}
    end as interactions_change
from changes
cross join {{ ref('int_weights') }} as weights
