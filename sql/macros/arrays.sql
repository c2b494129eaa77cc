{#- Arrays, where the engines differ. -#}

{#- Whether two arrays share an element; false where one is NULL. -#}
{% macro arrays_overlap(left, right) -%}{{ return(adapter.dispatch('arrays_overlap')(left, right)) }}{%- endmacro %}
{% macro duckdb__arrays_overlap(left, right) -%}coalesce(list_has_any({{ left }}, {{ right }}), false){%- endmacro %}
{% macro spark__arrays_overlap(left, right) -%}coalesce(arrays_overlap({{ left }}, {{ right }}), false){%- endmacro %}
