{#- Everything that an incremental build needs: what is new, what is recomputed, how the old rows go. -#}

{#- True of rows that were loaded after the last successful build. -#}
{% macro since_last_build(load_seq) -%}
    {{ load_seq }} > (select built_load_seq from {{ ref('stg_build') }})
{%- endmacro %}

{#- True of the rows whose `key` stands in `scope`, and of all rows in a full build. The scope is an argument, so that
    dbt sees the reference also while parsing, when no build is incremental. -#}
{% macro in_scope(key, scope) -%}
    {%- if is_incremental() -%}
        {{ key }} in (select touched.{{ key.split('.') | last }} from {{ scope }} as touched)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- dbt's delete+insert deletes only keys that come back. Ours deletes every key of the scope (`meta.scope`), so that a
    mention that lost its entity, or a day that lost its last mention, goes too. One transaction with the insert. -#}
{% macro get_incremental_replace_scope_sql(arg_dict) -%}
    {%- set key = arg_dict["unique_key"] -%}
    {%- set columns = arg_dict["dest_columns"] | map(attribute="quoted") | join(", ") -%}
    delete from {{ arg_dict["target_relation"] }}
    where {{ key }} in (select {{ key }} from {{ ref(config.get("meta")["scope"]) }});

    insert into {{ arg_dict["target_relation"] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict["temp_relation"] }};
{%- endmacro %}
