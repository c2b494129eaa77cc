{#- How a model becomes a table in DuckDB, which takes back a whole transaction, DDL too: so what was there is replaced in
    place. All that a model sends stands in its statement `main`, which dbt writes down: warehouse/dbt_project.py reads it
    there, and nights send it again. dbt's own way (build beside it, rename twice, drop, look up the columns three times) is
    for engines that cannot. Other targets keep dbt's. -#}

{% materialization table, adapter='duckdb' %}
    {{ return(built_anew(this.incorporate(type='table'))) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ return(built_anew(this.incorporate(type='view'))) }}
{% endmaterialization %}

{% materialization seed, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- do store_result('agate_table', response='OK', agate_table=load_agate_table()) -%} {#- dbt asks for it afterwards -#}
    {% call statement('main') -%}
        create or replace table {{ target }} (
            {%- for name, type in config.require('column_types').items() %}{{ name }} {{ type }}{{ ', ' if not loop.last }}{% endfor -%}
        );
        insert into {{ target }} by name
        select * from read_csv('{{ adapter.get_seed_file_path(model) }}', header = true, all_varchar = true);
        {{ descriptions(target) }}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
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
        create or replace temporary table {{ fresh }} as ({{ compiled_code }});
        {{ replace_scope(target, fresh) }}
        drop table {{ fresh }};
        {{ what_follows() }}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- A contract is held against a model by two more queries. What columns a model gives is said by the project's text, and
    another text is a full build: so a small one does not ask again. -#}
{% macro built_anew(target) %}
    {%- set existing = load_cached_relation(this) -%}
    {%- if config.get('contract').enforced and (existing is none or should_full_refresh()) -%}
        {%- do get_assert_columns_equivalent(compiled_code) -%}
    {%- endif -%}
    {% call statement('main') -%}
        {% if existing is not none -%} drop {{ existing.type }} if exists {{ existing }}; {%- endif %}
        {% if slices() > 1 -%}
            {{ find_slices() }}
            {{ next_slice(0) }}
        {%- endif %}
        create {{ target.type }} {{ target }}
        {% if config.get('contract').enforced and not target.is_view -%}
            {{ get_table_columns_and_constraints() }};
            insert into {{ target }} {{ get_column_names() }} ({{ get_select_subquery(compiled_code) }});
        {%- else -%}
            as ({{ compiled_code }});
        {%- endif %}
        {%- for slice in range(1, slices()) %}
            {{ next_slice(slice) }}
            insert into {{ target }} by name ({{ compiled_code }});
        {%- endfor %}
        {{ descriptions(target) }}
        {{ what_follows() }}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmacro %}

{#- A model's post_hook. -#}
{% macro what_follows() %}
    {%- for hook in post_hooks %}
        {{ render(hook.sql) }};
    {%- endfor -%}
{% endmacro %}

{#- dbt's persist_docs without two more queries a model; a description of a column that is not there fails it. -#}
{% macro descriptions(target) %}
    {%- if config.persist_relation_docs() and model.description -%}
        {{ alter_relation_comment(target, model.description) }}
    {%- endif -%}
    {%- if config.persist_column_docs() -%}
        {%- for name, column in model.columns.items() %}
            comment on column {{ target }}.{{ adapter.quote(name) }} is {{ duckdb_escape_comment(column.description) }};
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
