{#- Everything that an incremental build needs: what is new, what is recomputed, how the old rows go. -#}

{#- The last load that the models hold. Spark builds everything anew, whatever DuckDB's models hold of the same raw rows. -#}
{% macro last_built() -%}{{ return(adapter.dispatch('last_built')()) }}{%- endmacro %}
{% macro duckdb__last_built() -%}built_load_seq{%- endmacro %}
{% macro spark__last_built() -%}cast(-1 as bigint) as built_load_seq{%- endmacro %}

{#- True of rows that were loaded after the last successful build. -#}
{% macro since_last_build(load_seq) -%}
    {{ load_seq }} > (select built_load_seq from {{ ref('stg_build') }})
{%- endmacro %}

{#- True of the rows whose `key` stands in `scope`, and of all rows in a full build, or of those of the slice that it is at.
    The scope is an argument, so that dbt sees the reference also while parsing, when no build is incremental. `since`: a
    column of both whose least value in the scope lets the engine leave out, unread, what is older; where rows lie in the
    order of loads, that is most of a long history. -#}
{% macro in_scope(key, scope, since=none) -%}
    {%- if is_incremental() -%}
        {{ key }} in (select touched.{{ key.split('.') | last }} from {{ scope }} as touched)
        {%- if since %} and {{ since }} >= (select min(touched.{{ since.split('.') | last }}) from {{ scope }} as touched)
        {%- endif -%}
    {%- elif slices() > 1 -%}
        {{ in_slice(key) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- In how many slices of its days a full build makes the model, as if each were a night: `meta.slices`. What cannot be
    spilled well then stands in memory, and on the disk, in parts. -#}
{% macro slices() -%}
    {%- set is_ours = target.type == 'duckdb' and config.get('materialized') == 'incremental' -%}
    {{ return((config.get('meta') or {}).get('slices', 1) if is_ours else 1) }}
{%- endmacro %}

{#- Where slices end: a slice is a run of days, so that it leaves unread what lies before and after, with about as many rows
    of the model `meta.sliced_by` as the others. Nothing comes before the first slice or after the last, whatever its day. -#}
{% macro find_slices() -%}
    {%- set slicing = config.require('meta') -%}
    set variable slice_ends = (
        select quantile_disc(
            {{ config.require('unique_key') }},
            [{% for slice in range(1, slices()) %}{{ slice }}::double / {{ slices() }}{{ ', ' if not loop.last }}{% endfor %}]
        )
        from {{ ref(slicing.sliced_by) }}
    );
{%- endmacro %}

{#- From the day after the slice before to the last day of this one; where there are no rows, the first slice has all days. -#}
{% macro next_slice(slice) -%}
    set variable slice_after = {{ 'getvariable(\'slice_until\')' if slice else 'null::date' }};
    set variable slice_until = {% if slice + 1 < slices() -%}
        coalesce(getvariable('slice_ends')[{{ slice + 1 }}], date 'infinity')
    {%- else -%} null::date {%- endif %};
{%- endmacro %}

{#- True of the rows of the slice that a full build is at; an end that is NULL is open. -#}
{% macro in_slice(key) -%}
    (getvariable('slice_after') is null or {{ key }} > cast(getvariable('slice_after') as date))
        and (getvariable('slice_until') is null or {{ key }} <= cast(getvariable('slice_until') as date))
{%- endmacro %}

{#- The days `day` of a relation and the `days` after each: for what looks back on as many days. -#}
{% macro days_and_after(touched, day, days, name=none) -%}
select {{ day }}{{ ' as ' ~ name if name }} from {{ touched }}
union
select dates.report_date{{ ' as ' ~ name if name }}
from {{ ref('dim_dates') }} as dates
inner join {{ touched }} as touched
    on dates.report_date between touched.{{ day }} and {{ add_days('touched.' ~ day, days) }}
{%- endmacro %}

{#- Of a relation with one row a key or more, the rows of a scope that another model has collected already: `touched` in a
    night, `whole` in a full build, where nothing is collected. Both are arguments, so that dbt sees the references. -#}
{% macro collected(touched, whole) -%}
    {{ touched if is_incremental() else whole }}
{%- endmacro %}

{#- The end of a model whose rows come out of a window or a group in no order: a full build lays them down in the order of
    `column`, so that what asks for a few days finds them together and leaves the rest unread. -#}
{% macro laid_out_by(column) -%}
    {{ 'order by ' ~ column if target.type == 'duckdb' and not is_incremental() }}
{%- endmacro %}

{#- dbt's delete+insert deletes only keys that come back. Ours deletes every key of the scope (`meta.scope`), so that a
    mention that lost its entity, or a day that lost its last mention, goes too. A model without a scope keeps the keys that
    do not come back. `meta.since`: a column of both whose least value in the scope bounds the rows to look at. -#}
{% macro replace_scope(target, fresh) -%}
    {%- set key = config.require("unique_key") -%}
    {%- set meta = config.get("meta", {}) -%}
    {%- set scope = ref(meta.scope) if meta.scope else fresh -%}
    delete from {{ target }}
    where
        {{ key }} in (select {{ key }} from {{ scope }})
        {%- if meta.since %}
        and {{ meta.since }} >= (select min({{ meta.since }}) from {{ scope }})
        {%- endif %};

    insert into {{ target }} by name select * from {{ fresh }};
{%- endmacro %}
