{#- What every table of responses counts alike, so that two grains cannot disagree. -#}

{% macro response_limits() -%}{{ return([('15m', 0.25), ('1h', 1), ('4h', 4), ('24h', 24)]) }}{%- endmacro %}

{#- The same, NULL where `told` is NULL in all rows: what nobody scored is not 0. -#}
{% macro how_many_of(told, condition) -%}
    cast(sum(case when {{ condition }} then 1 when {{ told }} is not null then 0 end) as bigint)
{%- endmacro %}

{#- How many rows fulfil it: a bigint. -#}
{% macro how_many(condition) -%}
    cast(sum(case when {{ condition }} then 1 else 0 end) as bigint)
{%- endmacro %}

{#- How far the answers are known, how many came, how fast. Reads the columns of kpi_response, and waited_hours:
    followup_hours where a clock starts. -#}
{% macro response_counts() -%}
    cast(count(*) as bigint) as inbound_mentions,
    {{ how_many('is_clock_start') }} as clocks,
    {{ how_many('is_clock_start and is_answered') }} as answered,
    {{ how_many('is_clock_start and not is_answered') }} as unanswered,
    {% for name, limit in response_limits() -%}
    {{ how_many('is_clock_start and is_answered and followup_hours <= ' ~ limit) }} as answered_{{ name }},
    {{ how_many('is_clock_start and (is_answered or followup_hours >= ' ~ limit ~ ')') }} as decided_{{ name }},
    {% endfor -%}
    {{ survived_to(0.5, 'survival', 'waited_hours') }} as median_response_hours,
    {{ survived_to(0.1, 'survival', 'waited_hours') }} as p90_response_hours,
    median(case when is_clock_start and is_answered then followup_hours end) as median_answered_hours
{%- endmacro %}

{#- The columns of `response_counts` with their rates, each beside its numerator and denominator; `beside`: a column that
    says more of the coverage. -#}
{% macro response_rates(beside=none) -%}
    {{ ratio('answered + unanswered', 'clocks') }} as coverage,
    {{ beside ~ ',' if beside }}
    inbound_mentions,
    clocks,
    answered,
    unanswered,
    {{ ratio('answered', 'answered + unanswered') }} as response_ratio,
    {% for name, limit in response_limits() -%}
    answered_{{ name }},
    decided_{{ name }},
    {{ ratio('answered_' ~ name, 'decided_' ~ name) }} as answered_{{ name }}_ratio,
    {% endfor -%}
    median_response_hours,
    p90_response_hours,
    median_answered_hours
{%- endmacro %}

{#- How good the answers were: each rate beside its numerator and denominator. -#}
{% macro response_quality() -%}
    {% for part, whole, name in [
        ('on_time', 'due', 'sla'), ('on_time_business', 'due_business', 'sla_business'),
        ('recovered', 'spoke_again', 'recovery'), ('resolved', 'settled', 'resolution'),
        ('language_matches', 'languages_known', 'language_match'), ('deflections', 'answers_scored', 'deflection'),
    ] -%}
    {{ part }},
    {{ whole }},
    {{ ratio(part, whole) }} as {{ name }}_ratio{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}
