{#- Climbing from answer to answer: link_0 is the message, link_n what is n levels above it. An unrolled loop, as a
    recursion ends at 100 levels in one engine, and never ends there where answers go in a circle. -#}

{% macro join_links(links, hops) -%}
    {% for hop in range(1, hops + 1) -%}
    left join {{ links }} as link_{{ hop }} on link_{{ hop - 1 }}.next_id = link_{{ hop }}.mention_id
    {% endfor %}
{%- endmacro %}

{#- The highest that was reached; where answers go in a circle, the least id of the circle, so that they are one thread. -#}
{% macro top_of_links(hops) -%}
    case
        when link_{{ hops }}.next_id is not null
            then least(
                {%- for hop in range(hops // 2, hops + 1) %}
                link_{{ hop }}.mention_id{{ ',' if not loop.last }}
                {%- endfor %}
            )
        else coalesce(
            {%- for hop in range(hops, -1, -1) %}
            link_{{ hop }}.top_id{{ ',' if not loop.last }}
            {%- endfor %}
        )
    end
{%- endmacro %}
