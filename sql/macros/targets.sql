{#- What may be a target: metric, mart, its day, numerator, denominator (none: a count of the month), whether lower is
    better. A rate of a month is Σ numerators ÷ Σ denominators of its days, never a mean of days. The configuration
    takes the same names (flows/sections.py), and median_response_hours, which is estimated from the month's waits. -#}
{% macro target_metrics() -%}
    {{ return([
        ('mentions', 'kpi_entity_daily', 'report_date', 'mentions', none, false),
        ('ugc_mentions', 'kpi_entity_daily', 'report_date', 'ugc_mentions', none, false),
        ('interactions', 'kpi_entity_daily', 'report_date', 'interactions', none, false),
        ('views', 'kpi_entity_daily', 'report_date', 'views', none, false),
        ('ugc_ratio', 'kpi_entity_daily', 'report_date', 'ugc_mentions', 'mentions', false),
        ('share_of_voice_mentions', 'kpi_entity_daily', 'report_date', 'mentions', 'set_mentions', false),
        ('share_of_voice_interactions', 'kpi_entity_daily', 'report_date', 'interactions', 'set_interactions', false),
        ('net_sentiment', 'kpi_entity_daily', 'report_date', '100 * (positive_mentions - negative_mentions)',
         'positive_mentions + neutral_mentions + negative_mentions', false),
        ('response_ratio', 'kpi_response_daily', 'report_date', 'answered', 'answered + unanswered', false),
        ('answered_1h_ratio', 'kpi_response_daily', 'report_date', 'answered_1h', 'decided_1h', false),
        ('answered_24h_ratio', 'kpi_response_daily', 'report_date', 'answered_24h', 'decided_24h', false),
        ('sla_ratio', 'kpi_response_daily', 'report_date', 'on_time', 'due', false),
        ('sla_business_ratio', 'kpi_response_daily', 'report_date', 'on_time_business', 'due_business', false),
        ('resolution_ratio', 'kpi_response_daily', 'report_date', 'resolved', 'settled', false),
        ('recovery_ratio', 'kpi_response_daily', 'report_date', 'recovered', 'spoke_again', false),
        ('deflection_ratio', 'kpi_response_daily', 'report_date', 'deflections', 'answers_scored', true),
        ('workplace_net_sentiment', 'kpi_employer_daily', 'report_date',
         '100 * (workplace_positive_mentions - workplace_negative_mentions)',
         'workplace_positive_mentions + workplace_neutral_mentions + workplace_negative_mentions', false),
        ('cost_per_interaction', 'kpi_campaigns', 'report_date', 'budget_of_day', 'interactions', true),
        ('cost_per_mention', 'kpi_campaigns', 'report_date', 'budget_of_day', 'mentions', true),
        ('sessions', 'kpi_referrals', 'visit_date', 'sessions', none, false),
        ('conversions', 'kpi_referrals', 'visit_date', 'conversions', none, false),
        ('engaged_ratio', 'kpi_referrals', 'visit_date', 'engaged_sessions', 'sessions', false),
    ]) }}
{%- endmacro %}

{#- Metrics of which a condition on their six parts holds, as a list for `in`. -#}
{% macro target_names(at, value) -%}
    ({% for parts in target_metrics() if parts[at] == value %}{{ ', ' if not loop.first }}'{{ parts[0] }}'{% endfor %})
{%- endmacro %}

{#- A row per target of these metrics: their sums over the days of its month on which they are known; from the CTE
    `targets`. -#}
{% macro target_sums() -%}
    {%- for metric, mart, day, numerator, denominator, _ in target_metrics() %}
    {%- set is_known -%}
        ({{ numerator }}) is not null {%- if denominator %} and ({{ denominator }}) is not null {%- endif %}
    {%- endset %}
    {%- set top = 'sum(case when ' ~ is_known ~ ' then ' ~ exact(numerator) ~ ' end)' %}
    {%- set bottom = 'sum(case when ' ~ is_known ~ ' then ' ~ exact(denominator or '0') ~ ' end)' %}
    select
        targets.target_id,
        cast({{ top }} as double) as numerator,
        cast({{ bottom if denominator else 'null' }} as double) as denominator,
        {{ ratio(top, bottom) if denominator else 'cast(' ~ top ~ ' as double)' }} as actual,
        cast(count(distinct case when {{ is_known }} then days.{{ day }} end) as bigint) as n
    from targets
    inner join {{ ref(mart) }} as days
        on targets.entity_id = days.entity_id
        and days.{{ day }} between targets.month_start_date and targets.last_date
    where targets.metric = '{{ metric }}'
    group by targets.target_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
