{#- Arrays, where the engines differ. -#}

{#- Whether two arrays share an element; false where one is NULL. -#}
{% macro arrays_overlap(left, right) -%}{{ return(adapter.dispatch('arrays_overlap')(left, right)) }}{%- endmacro %}
{% macro duckdb__arrays_overlap(left, right) -%}coalesce(list_has_any({{ left }}, {{ right }}), false){%- endmacro %}
{% macro spark__arrays_overlap(left, right) -%}coalesce(arrays_overlap({{ left }}, {{ right }}), false){%- endmacro %}

{#- Whether an array holds an element; false where it is NULL. -#}
{% macro array_has(elements, element) -%}coalesce(array_contains({{ elements }}, {{ element }}), false){%- endmacro %}

{#- The parts of a text between commas, without blanks around them and without empty ones. -#}
{% macro split_commas(list) -%}{{ return(adapter.dispatch('split_commas')(list)) }}{%- endmacro %}
{% macro duckdb__split_commas(list) -%}
    [trim(part) for part in string_split({{ list }}, ',') if trim(part) <> '']
{%- endmacro %}
{% macro spark__split_commas(list) -%}
    filter(transform(split({{ list }}, ','), part -> trim(part)), part -> part <> '')
{%- endmacro %}

{#- One row per element of an array, in a column of this name; no row for an empty or missing one. -#}
{% macro each(array, name) -%}{{ return(adapter.dispatch('each')(array, name)) }}{%- endmacro %}
{% macro duckdb__each(array, name) -%}unnest({{ array }}) as {{ name }}{%- endmacro %}
{% macro spark__each(array, name) -%}explode({{ array }}) as {{ name }}{%- endmacro %}

{#- Texts of a group in the order of a whole number, joined by ', '. -#}
{% macro joined_in_order(text, place) -%}{{ return(adapter.dispatch('joined_in_order')(text, place)) }}{%- endmacro %}
{% macro duckdb__joined_in_order(text, place) -%}
    string_agg({{ text }}, ', ' order by {{ place }})
{%- endmacro %}
{% macro spark__joined_in_order(text, place) -%}
    array_join(transform(array_sort(collect_list(struct({{ place }} as place, {{ text }} as text))), x -> x.text), ', ')
{%- endmacro %}
