{#- How a model becomes a table in DuckDB, which takes back a whole transaction, DDL too: so what was there is replaced in
    place, in one statement. dbt's own way (build beside it, rename twice, drop, look up the columns three times) is for
    engines that cannot, and took more of a night than the models did. Other targets keep dbt's. -#}

{% materialization table, adapter='duckdb' %}
    {{ return(built_anew(this.incorporate(type='table'))) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ return(built_anew(this.incorporate(type='view'))) }}
{% endmaterialization %}

{#- A table that lives on takes in the rows of the scope; a column that it lacks fails the model. -#}
{% materialization incremental, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is none or not existing.is_table or should_full_refresh() -%}
        {{ return(built_anew(target)) }}
    {%- endif -%}
    {%- set fresh = target.incorporate(path={'database': none, 'schema': none, 'identifier': this.identifier ~ '__dbt_new'}) -%}
    {% call statement('main') -%}
        drop table if exists {{ fresh }};
        {{ create_table_as(True, fresh, compiled_code) }}
        {{ replace_scope(target, fresh) }}
        drop table {{ fresh }};
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro built_anew(target) %}
    {%- set existing = load_cached_relation(this) -%}
    {% call statement('main') -%}
        {% if existing is not none -%} drop {{ existing.type }} if exists {{ existing }}; {%- endif %}
        {% if target.is_view -%} {{ create_view_as(target, compiled_code) }}
        {%- else -%} {{ create_table_as(False, target, compiled_code) }}
        {%- endif %}
    {%- endcall %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmacro %}
