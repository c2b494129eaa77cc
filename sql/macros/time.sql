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

{#- Later than all that happens: the end of what has none yet, so that an end is one number to compare with. -#}
{% macro end_of_time() -%}timestamp '9999-01-01 00:00:00'{%- endmacro %}

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

{#- One row per whole number from 0 to `top`, both inclusive, in the column `n`. -#}
{% macro whole_numbers(top) -%}{{ return(adapter.dispatch('whole_numbers')(top)) }}{%- endmacro %}
{% macro duckdb__whole_numbers(top) -%}unnest(generate_series(0, {{ top }})) as n{%- endmacro %}
{% macro spark__whole_numbers(top) -%}explode(sequence(cast(0 as bigint), {{ top }})) as n{%- endmacro %}

{#- The ISO number of a date's weekday, 1 is Monday. 1970-01-01 was a Thursday; engines disagree on the number of a
    weekday, not on the number of a day. -#}
{% macro iso_weekday(day) -%}
    cast((({{ day_number(day) }} % 7) + 10) % 7 + 1 as integer)
{%- endmacro %}

{#- The hour, 0 to 23, of a UTC timestamp on the reporting time zone's clock. -#}
{% macro report_hour(at) -%}{{ return(adapter.dispatch('report_hour')(at)) }}{%- endmacro %}
{% macro duckdb__report_hour(at) -%}
    cast(extract(hour from ({{ at }}) at time zone 'UTC' at time zone '{{ var("reporting_timezone") }}') as integer)
{%- endmacro %}
{% macro spark__report_hour(at) -%}
    cast(extract(hour from from_utc_timestamp({{ at }}, '{{ var("reporting_timezone") }}')) as integer)
{%- endmacro %}

{#- The date of a UTC timestamp in the time zone that a column names. -#}
{% macro local_date(at, zone) -%}{{ return(adapter.dispatch('local_date')(at, zone)) }}{%- endmacro %}
{% macro duckdb__local_date(at, zone) -%}cast(({{ at }}) at time zone 'UTC' at time zone {{ zone }} as date){%- endmacro %}
{% macro spark__local_date(at, zone) -%}cast(from_utc_timestamp({{ at }}, {{ zone }}) as date){%- endmacro %}

{#- The UTC timestamp at which the local clock shows so many minutes since midnight of a date; 1440 is the next midnight. -#}
{% macro local_minute(day, minute, zone) -%}{{ return(adapter.dispatch('local_minute')(day, minute, zone)) }}{%- endmacro %}
{% macro duckdb__local_minute(day, minute, zone) -%}
    (cast({{ day }} as timestamp) + to_minutes({{ minute }})) at time zone {{ zone }} at time zone 'UTC'
{%- endmacro %}
{% macro spark__local_minute(day, minute, zone) -%}
    to_utc_timestamp(timestamp_micros(unix_micros(cast({{ day }} as timestamp)) + {{ minute }} * 60000000), {{ zone }})
{%- endmacro %}

{#- A timestamp moved by microseconds. -#}
{% macro add_micros(at, micros) -%}{{ return(adapter.dispatch('add_micros')(at, micros)) }}{%- endmacro %}
{% macro duckdb__add_micros(at, micros) -%}({{ at }} + to_microseconds({{ micros }})){%- endmacro %}
{% macro spark__add_micros(at, micros) -%}timestamp_micros(unix_micros({{ at }}) + {{ micros }}){%- endmacro %}

{#- Working time from the department's first day to a timestamp on the day that `days` (int_business_days) tells. -#}
{% macro worked_micros(at, days) -%}
    ({{ days }}.open_micros_before
        + least(greatest({{ micros(at) }} - {{ micros(days ~ '.opens_at') }}, 0), {{ days }}.open_micros))
{%- endmacro %}
