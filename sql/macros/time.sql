{#- Times and days, where the engines differ. Timestamps are UTC without a zone; days are the reporting time zone's. -#}

{#- The reporting day of a UTC timestamp. -#}
{% macro report_date(at) -%}{{ return(adapter.dispatch('report_date')(at)) }}{%- endmacro %}
{% macro duckdb__report_date(at) -%}
    cast(({{ at }}) at time zone 'UTC' at time zone '{{ var("reporting_timezone") }}' as date)
{%- endmacro %}
{% macro spark__report_date(at) -%}
    cast(from_utc_timestamp({{ at }}, '{{ var("reporting_timezone") }}') as date)
{%- endmacro %}

{#- The UTC timestamp at which a reporting day begins; where a clock change skips midnight, the first instant after. -#}
{% macro day_start(day) -%}{{ return(adapter.dispatch('day_start')(day)) }}{%- endmacro %}
{% macro duckdb__day_start(day) -%}
    cast({{ day }} as timestamp) at time zone '{{ var("reporting_timezone") }}' at time zone 'UTC'
{%- endmacro %}
{% macro spark__day_start(day) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), '{{ var("reporting_timezone") }}')
{%- endmacro %}

{#- A date moved by whole days. -#}
{% macro add_days(day, days) -%}{{ return(adapter.dispatch('add_days')(day, days)) }}{%- endmacro %}
{% macro duckdb__add_days(day, days) -%}({{ day }} + ({{ days }})){%- endmacro %}
{% macro spark__add_days(day, days) -%}date_add({{ day }}, {{ days }}){%- endmacro %}

{#- Days since 1970-01-01: an integer for window frames. -#}
{% macro day_number(day) -%}{{ return(adapter.dispatch('day_number')(day)) }}{%- endmacro %}
{% macro duckdb__day_number(day) -%}cast({{ day }} - date '1970-01-01' as bigint){%- endmacro %}
{% macro spark__day_number(day) -%}cast(unix_date({{ day }}) as bigint){%- endmacro %}

{#- Microseconds since 1970: exact to sum, where hours as doubles are not. -#}
{% macro micros(at) -%}{{ return(adapter.dispatch('micros')(at)) }}{%- endmacro %}
{% macro duckdb__micros(at) -%}epoch_us({{ at }}){%- endmacro %}
{% macro spark__micros(at) -%}unix_micros({{ at }}){%- endmacro %}

{#- Microseconds as hours. -#}
{% macro hours(micros) -%}(cast({{ micros }} as double) / cast(3600000000 as double)){%- endmacro %}

{#- From one timestamp to another, in hours. -#}
{% macro hours_between(first, last) -%}{{ hours(micros(last) ~ ' - ' ~ micros(first)) }}{%- endmacro %}

{#- One row per date from `first` to `last`, both inclusive, in the column `report_date`. -#}
{% macro dates_between(first, last) -%}{{ return(adapter.dispatch('dates_between')(first, last)) }}{%- endmacro %}
{% macro duckdb__dates_between(first, last) -%}
    cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date) as report_date
{%- endmacro %}
{% macro spark__dates_between(first, last) -%}
    explode(sequence({{ first }}, {{ last }}, interval 1 day)) as report_date
{%- endmacro %}
