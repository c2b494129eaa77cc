{#- Where a link leads, in the words of text functions that every engine has. -#}

{#- A link without its scheme, question and fragment: `host/path`. -#}
{% macro link_target(link) -%}
    split_part(split_part(split_part({{ link }}, '://', 2), '#', 1), '?', 1)
{%- endmacro %}

{#- The host of a link's target in lower case, without a port and `www.`; what stands before an @ is not the host. -#}
{% macro link_host(target) -%}
    {{ host_name("split_part(case when instr(split_part(" ~ target ~ ", '/', 1), '@') = 0 then " ~ target ~ " end, '/', 1)") }}
{%- endmacro %}

{#- A host as hosts are compared. -#}
{% macro host_name(host) -%}
    case
        when lower({{ host }}) like 'www.%' then substr(split_part(lower({{ host }}), ':', 1), 5)
        else split_part(lower({{ host }}), ':', 1)
    end
{%- endmacro %}

{#- A page as pages are compared: its path without the question and the slash at its end; the first page is ''. -#}
{% macro page_path(page) -%}
    trim(trailing '/' from split_part({{ page }}, '?', 1))
{%- endmacro %}
