{#- Arithmetic whose result must not depend on the engine or on the order of the rows. -#}

{#- A share as a double; NULL where the denominator is 0 or unknown, never 0 and never an engine's own idea of x/0. -#}
{% macro ratio(numerator, denominator) -%}
    (cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), cast(0 as double)))
{%- endmacro %}

{#- A double as what sums exactly: sums of doubles differ in the last bits with the order of the rows, and then an
    incremental build would differ from a full one. Twelve places: with more, DuckDB's cast there and back changes whole
    numbers already (2363 at eighteen places, 33 million at twelve), and a part may come out larger than its whole. -#}
{% macro exact(amount) -%}cast({{ amount }} as decimal(38, 12)){%- endmacro %}

{#- The names of the counts that entered E, joined by '+', in one fixed order; NULL where none did. -#}
{% macro interactions_basis(prefix, condition) -%}
    nullif(concat_ws('+'
        {%- for part in ['likes', 'replies', 'reposts', 'quotes', 'upvotes'] -%}
        , case when {{ prefix }}{{ part }} {{ condition }} then '{{ part }}' end
        {%- endfor -%}
    ), '')
{%- endmacro %}

{#- The names of the counts that are NULL, joined by '+', in the order given; 'nothing' where all are told. -#}
{% macro not_told(prefix, counts) -%}
    coalesce(nullif(concat_ws('+'
        {%- for count in counts -%}
        , case when {{ prefix }}{{ count }} is null then '{{ count }}' end
        {%- endfor -%}
    ), ''), 'nothing')
{%- endmacro %}

{#- A count of known authors, from the counts of mentions with `prefix` and `suffix`: NULL where there are mentions, and of
    none the author is told. -#}
{% macro of_known_authors(count, prefix='', suffix='') -%}
    case
        when
            coalesce({{ prefix }}mentions{{ suffix }}, 0) = 0 or {{ prefix }}mentions_with_author{{ suffix }} > 0
            then {{ count }}
    end
{%- endmacro %}
