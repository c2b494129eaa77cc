{#- Climbing from answer to answer within a thread: above_1 is what a message answers, above_n what is n answers above it.
    An unrolled loop, as in threads.sql; it ends at the root, which answers nothing. -#}

{% macro answers_above(answers, hops) -%}
    select
        link_0.thread_id,
        link_0.mention_id,
        {% for hop in range(hops) -%}
            link_{{ hop }}.answers_id as above_{{ hop + 1 }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ answers }} as link_0
    {% for hop in range(1, hops) -%}
        left join {{ answers }} as link_{{ hop }}
            on
            link_{{ hop - 1 }}.answers_id = link_{{ hop }}.mention_id
            and link_{{ hop - 1 }}.thread_id = link_{{ hop }}.thread_id
    {% endfor %}
{%- endmacro %}

{#- How many answers above a message a given one stands; NULL where it is not among the hops. -#}
{% macro levels_to(mention_id, hops) -%}
    case {{ mention_id }}
        {%- for hop in range(1, hops + 1) %}
        when above_{{ hop }} then {{ hop }}
        {%- endfor %}
    end
{%- endmacro %}

{#- What stands so many answers above. -#}
{% macro above_at(levels_up, hops) -%}
    case {{ levels_up }}
        {%- for hop in range(1, hops + 1) %}
        when {{ hop }} then above_{{ hop }}
        {%- endfor %}
    end
{%- endmacro %}

{#- The rank of a row by a measure among the rows of the same keys, equals share one; NULL where the measure is. -#}
{% macro rank_by(measure, keys) -%}
    case
        when {{ measure }} is not null
            then cast(rank() over (partition by {{ keys }} order by {{ measure }} desc nulls last) as bigint)
    end
{%- endmacro %}
