{#- Net sentiment, −100 to 100, of counts with `prefix`; NULL where no text has a sentiment. -#}
{% macro net_sentiment(prefix) -%}
    100 * {{ ratio(
        prefix ~ 'positive_mentions - ' ~ prefix ~ 'negative_mentions',
        prefix ~ 'positive_mentions + ' ~ prefix ~ 'neutral_mentions + ' ~ prefix ~ 'negative_mentions'
    ) }}
{%- endmacro %}
