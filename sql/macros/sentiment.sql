{#- What is made of the texts' sentiment: counts, the same weighted by interactions, and rates with their uncertainty. -#}

{%- macro moods() -%}{{ return(['positive', 'neutral', 'negative']) }}{%- endmacro -%}

{#- What a scored mention weighs: its interactions (at least 0). NULL: no sentiment, or no count is told. -#}
{% macro sentiment_weight(sentiment, interactions) -%}
    case
        when {{ sentiment }} in ('{{ moods() | join("', '") }}') and {{ interactions }} is not null
            then {{ interactions }}
    end
{%- endmacro %}

{#- Sums over mentions with `sentiment` and `sentiment_weight`; the weights NULL where no mention has one. -#}
{% macro sentiment_sums() -%}
    {%- for mood in moods() %}
    cast(sum(case when sentiment = '{{ mood }}' then 1 else 0 end) as bigint) as {{ mood }}_mentions,
    cast(sum({{ exact(
        "case when sentiment = '" ~ mood ~ "' then sentiment_weight else 0 * sentiment_weight end"
    ) }}) as double) as {{ mood }}_interactions{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The sums of `prefix` as what is known: where there are mentions and none is scored, how many are positive is not. -#}
{% macro told_sentiment(prefix, suffix='') -%}
    {%- set scored -%}
        ({%- for mood in moods() -%}
            coalesce({{ prefix }}{{ mood }}_mentions{{ suffix }}, 0){{ ' + ' if not loop.last }}
        {%- endfor -%})
    {%- endset -%}
    {{ scored }} as scored_mentions{{ suffix }},
    {%- for mood in moods() %}
    case
        when {{ prefix }}mentions{{ suffix }} is null or {{ prefix }}mentions{{ suffix }} = 0 then 0
        when {{ scored }} > 0 then {{ prefix }}{{ mood }}_mentions{{ suffix }}
    end as {{ mood }}_mentions{{ suffix }},
    {{ prefix }}{{ mood }}_interactions{{ suffix }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- Net sentiment, −100 to 100, of counts with `prefix` and `suffix`; NULL where no text has a sentiment. -#}
{% macro net_sentiment(prefix, suffix='') -%}
    {%- set p, n = prefix ~ 'positive_mentions' ~ suffix, prefix ~ 'negative_mentions' ~ suffix -%}
    100 * {{ ratio(p ~ ' - ' ~ n, p ~ ' + ' ~ prefix ~ 'neutral_mentions' ~ suffix ~ ' + ' ~ n) }}
{%- endmacro %}

{#- Public columns of sentiment from the sums of `prefix`, of a day or, by `suffix`, of the days up to it. -#}
{% macro sentiment_rates(prefix, suffix='') -%}
    {%- set p, n = prefix ~ 'positive_mentions' ~ suffix, prefix ~ 'negative_mentions' ~ suffix -%}
    {%- set e_p, e_n = prefix ~ 'positive_interactions' ~ suffix, prefix ~ 'negative_interactions' ~ suffix -%}
    {{ prefix }}scored_mentions{{ suffix }},
    {{ p }},
    {{ prefix }}neutral_mentions{{ suffix }},
    {{ n }},
    {{ net_sentiment(prefix, suffix) }} as net_sentiment{{ suffix }},
    {{ ratio(p, p ~ ' + ' ~ n) }} as positive_ratio{{ suffix }},
    {{ wilson(p, n, '-') }} as positive_ratio_low{{ suffix }},
    {{ wilson(p, n, '+') }} as positive_ratio_high{{ suffix }},
    {{ e_p }},
    {{ prefix }}neutral_interactions{{ suffix }},
    {{ e_n }},
    100 * {{ ratio(e_p ~ ' - ' ~ e_n, e_p ~ ' + ' ~ prefix ~ 'neutral_interactions' ~ suffix ~ ' + ' ~ e_n) }}
        as net_sentiment_weighted{{ suffix }},
    {{ ratio(e_p, e_p ~ ' + ' ~ e_n) }} as positive_ratio_weighted{{ suffix }}
{%- endmacro %}

{#- Public columns of the last 7 or 28 days, from the sums of `prefix`. -#}
{% macro days_so_far(prefix, suffix) -%}
    {%- set authors, new = prefix ~ 'unique_authors' ~ suffix, prefix ~ 'new_authors' ~ suffix -%}
    {%- set with_author = prefix ~ 'mentions_with_author' ~ suffix -%}
    {{ prefix }}mentions{{ suffix }},
    {{ with_author }},
    {{ authors }},
    {{ ratio(with_author, authors) }} as mentions_per_author{{ suffix }},
    {{ new }},
    {{ authors }} - {{ new }} as returning_authors{{ suffix }},
    {{ prefix }}mentions_with_interactions{{ suffix }},
    {{ prefix }}interactions{{ suffix }},
    {{ prefix }}views{{ suffix }},
    {{ prefix }}potential_audience{{ suffix }},
    {{ sentiment_rates(prefix, suffix) }}
{%- endmacro %}

{#- An end of Wilson's 95 % interval for hits ÷ (hits + misses); z = 1.96. NULL where both are 0 or unknown. -#}
{% macro wilson(hits, misses, sign) -%}
    case
        when {{ hits }} + {{ misses }} > 0
            then least(cast(1 as double), greatest(cast(0 as double), {{ ratio(
                hits ~ ' + cast(1.920729410347062 as double) ' ~ sign ~ ' cast(1.959963984540054 as double) * sqrt('
                ~ ratio(hits ~ ' * ' ~ misses, hits ~ ' + ' ~ misses) ~ ' + cast(0.960364705173531 as double))',
                hits ~ ' + ' ~ misses ~ ' + cast(3.841458820694124 as double)'
            ) }}))
    end
{%- endmacro %}
