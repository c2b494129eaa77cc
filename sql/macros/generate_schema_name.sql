{#- A model's top folder is its schema, on every target; seeds are read where staging models are. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set folder = node.original_file_path.split('/')[0] -%}
    {{ 'staging' if folder == 'seeds' else folder }}
{%- endmacro %}
