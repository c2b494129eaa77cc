{#- What a day's posts are held against. Both macros run twice: once with all days, and once without those that the first
    run found out of the ordinary, so that an episode does not become its own yardstick. -#}

{#- A CTE `counts`: the series with what can be used of it. `episodes` names the model of the first run, or is none. -#}
{% macro spike_series(episodes) -%}
    select
        counts.entity_id,
        counts.scope,
        counts.sentiment,
        counts.report_date,
        counts.day_number,
        counts.posts,
        {% if episodes -%}
            counts.is_complete and not coalesce(drafts.is_out_of_the_ordinary, false) as is_usable
        {%- else -%}
            counts.is_complete as is_usable
        {%- endif %}
    from {{ ref('int_spike_counts') }} as counts
    {% if episodes -%}
        left join {{ episodes }} as drafts using (entity_id, scope, sentiment, report_date)
    {%- endif %}
{%- endmacro %}

{#- True of the scope's days and of those that the first of them looks back on; of all days in a full build. -#}
{% macro is_looked_back_on(days, of='') -%}
    {%- set scope = ref('int_spike_days') -%}
    {%- if is_incremental() -%}
        ({{ of }}report_date >= (select {{ add_days('min(scope.report_date)', -days) }} from {{ scope }} as scope))
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Sample variance of whole numbers from their sums: exact, whatever the order of the rows; 0 for one. -#}
{% macro whole_variance(n, total, squares) -%}
    coalesce({{ ratio(n ~ ' * ' ~ squares ~ ' - ' ~ total ~ ' * ' ~ total, n ~ ' * (' ~ n ~ ' - 1)') }}, cast(0 as double))
{%- endmacro %}

{#- The model of expected posts: `expected`, its variance over the days used, their number, and which days those are. -#}
{% macro spike_baselines(episodes) %}
with counts as (
    {{ spike_series(episodes) }}
),

-- What windows count of a day. Of the days that no window of the scope's days sees one by one, a row a weekday tells all.
series as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        day_number,
        day_number as first_day_number,
        case when is_usable then posts end as posts,
        case when is_usable then posts * posts end as squares,
        case when is_usable then 1 else 0 end as days
    from counts
    where {{ is_looked_back_on(58) }}
    {% if is_incremental() -%}
        union all
        select
            entity_id,
            scope,
            sentiment,
            cast(null as date) as report_date,
            max(day_number) as day_number,
            min(day_number) as first_day_number,
            sum(case when is_usable then posts end) as posts,
            sum(case when is_usable then posts * posts end) as squares,
            count(case when is_usable then 1 end) as days
        from counts
        where not {{ is_looked_back_on(58) }}
        group by entity_id, scope, sentiment, day_number % 7
    {%- endif %}
),

-- Sums of whole numbers over what can be used of the days before.
sums as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        day_number,
        day_number - min(first_day_number) over whole as history_days,
        sum(posts) over last_week as week_posts,
        sum(squares) over last_week as week_squares,
        sum(days) over last_week as week_days,
        sum(posts) over settled as settled_posts,
        sum(days) over settled as settled_days,
        sum(posts) over settled_weekday as weekday_posts,
        sum(days) over settled_weekday as weekday_days,
        sum(posts) over so_far as so_far_posts,
        sum(squares) over so_far as so_far_squares,
        sum(days) over so_far as so_far_days,
        sum(posts) over three_weeks as three_weeks_posts,
        sum(days) over three_weeks as three_weeks_days,
        sum(posts) over eight_weeks as eight_weeks_posts,
        sum(days) over eight_weeks as eight_weeks_days
    from series
    window
        whole as (partition by entity_id, scope, sentiment),
        last_week as (
            partition by entity_id, scope, sentiment order by day_number nulls last
            range between 9 preceding and 3 preceding
        ),
        three_weeks as (
            partition by entity_id, scope, sentiment order by day_number nulls last
            range between 23 preceding and 3 preceding
        ),
        eight_weeks as (
            partition by entity_id, scope, sentiment order by day_number nulls last
            range between 58 preceding and 3 preceding
        ),
        settled as (
            partition by entity_id, scope, sentiment order by day_number nulls last
            range between unbounded preceding and 3 preceding
        ),
        settled_weekday as (
            partition by entity_id, scope, sentiment, day_number % 7 order by day_number nulls last
            range between unbounded preceding and 3 preceding
        ),
        so_far as (
            partition by entity_id, scope, sentiment order by day_number nulls last
            range between unbounded preceding and 1 preceding
        )
),

days as (
    select * from sums
    where {{ in_scope('report_date', ref('int_spike_days')) }}
),

weeks as (
    select weeks_ago from (values {% for weeks in range(1, 27) %}({{ weeks }}){{ ', ' if not loop.last }}{% endfor %}) as weeks (weeks_ago)
),

-- The number of the day stands in a column, so that what it is joined with is looked up by it.
weekdays_before as (
    select
        days.entity_id,
        days.scope,
        days.sentiment,
        days.report_date,
        weeks.weeks_ago,
        days.day_number - 7 * weeks.weeks_ago as day_number
    from days
    cross join weeks
    where days.history_days >= 56
),

same_weekdays as (
    select
        wanted.entity_id,
        wanted.scope,
        wanted.sentiment,
        wanted.report_date,
        past.posts,
        row_number() over (
            partition by wanted.entity_id, wanted.scope, wanted.sentiment, wanted.report_date
            order by wanted.weeks_ago nulls last
        ) as nth
    from weekdays_before as wanted
    inner join counts as past
        on wanted.entity_id = past.entity_id and wanted.scope = past.scope and wanted.sentiment = past.sentiment
        and wanted.day_number = past.day_number
    where past.is_usable and {{ is_looked_back_on(182, 'past.') }}
),

weekdays as (
    select
        entity_id,
        scope,
        sentiment,
        report_date,
        cast(median(posts) as double) as median_posts,
        sum(posts) as posts,
        sum(posts * posts) as squares,
        count(*) as days
    from same_weekdays
    where nth <= 8
    group by entity_id, scope, sentiment, report_date
),

joined as (
    select
        days.*,
        weekdays.median_posts,
        weekdays.days as weekdays_used,
        weekdays.posts as weekdays_posts,
        weekdays.squares as weekdays_squares,
        case
            when weekdays.days >= 4 then 'weekdays'
            when days.history_days >= 14 and days.week_days >= 3 then 'recent'
            when days.so_far_days >= 1 then 'so far'
        end as basis
    from days
    left join weekdays using (entity_id, scope, sentiment, report_date)
)

select
    entity_id,
    scope,
    sentiment,
    report_date,
    basis as baseline_basis,
    case basis
        -- The median's weekdays lie four weeks back on average: half of the way from there to the last three weeks' level.
        when 'weekdays'
            then median_posts * coalesce(
                case when three_weeks_days >= 7 then sqrt({{ ratio(
                    'three_weeks_posts * eight_weeks_days', 'eight_weeks_posts * three_weeks_days'
                ) }}) end,
                cast(1 as double)
            )
        when 'recent'
            then {{ ratio('week_posts', 'week_days') }} * coalesce(
                {{ ratio('weekday_posts * settled_days', 'settled_posts * weekday_days') }}, cast(1 as double)
            )
        when 'so far' then {{ ratio('so_far_posts', 'so_far_days') }}
    end as expected_posts,
    case basis
        when 'weekdays' then {{ whole_variance('weekdays_used', 'weekdays_posts', 'weekdays_squares') }}
        when 'recent' then {{ whole_variance('week_days', 'week_posts', 'week_squares') }}
        when 'so far' then {{ whole_variance('so_far_days', 'so_far_posts', 'so_far_squares') }}
    end as observed_variance,
    cast(case basis when 'weekdays' then weekdays_used when 'recent' then week_days when 'so far' then so_far_days end as bigint)
        as baseline_days
from joined
{% endmacro %}

{#- ln n! of a whole number, from the column `log_factorial` of int_log_factorials; logs of what may be 0 are NULL. -#}
{% macro safe_ln(value) -%}
    case when {{ value }} > 0 then ln({{ value }}) end
{%- endmacro %}
