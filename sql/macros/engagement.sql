{#- Engagement of posts: its weighted sum, its age, and the statistics that score it. -#}

{#- E of the counts with `prefix` and `suffix`: their weighted sum (int_weights); NULL where none of them is told. A score
    of votes below 0 counts as 0: who votes against takes nobody else's act away. `votes` says what it is where the counts
    are changes. -#}
{% macro interactions(prefix, suffix='', votes=none) -%}
    case
        when
            coalesce(
                {%- for part in ['likes', 'replies', 'reposts', 'quotes', 'upvotes'] -%}
                {{ prefix }}{{ part }}{{ suffix }}{{ ', ' if not loop.last }}
                {%- endfor -%}
            ) is not null
            then
                weights.weight_likes * coalesce({{ prefix }}likes{{ suffix }}, 0)
                + weights.weight_replies * coalesce({{ prefix }}replies{{ suffix }}, 0)
                + weights.weight_shares
                * (coalesce({{ prefix }}reposts{{ suffix }}, 0) + coalesce({{ prefix }}quotes{{ suffix }}, 0))
                + weights.weight_upvotes * coalesce({{ votes or 'greatest(' ~ prefix ~ 'upvotes' ~ suffix ~ ', 0)' }}, 0)
    end
{%- endmacro %}

{#- S of the counts with `prefix`: reposts and quotes; NULL where neither is told. -#}
{% macro shares(prefix) -%}
    case
        when coalesce({{ prefix }}reposts, {{ prefix }}quotes) is not null
            then coalesce({{ prefix }}reposts, 0) + coalesce({{ prefix }}quotes, 0)
    end
{%- endmacro %}

{#- Whether a mention is a post that can be compared with posts: replies, comments and answers live in another's thread,
    and a bare repost has another's counts. -#}
{% macro is_post(kind) -%}{{ kind }} in ('post', 'quote', 'article', 'question', 'poll'){%- endmacro %}

{#- By how many hours of age a reading may miss an age bucket and still serve it: half of it; from a day on at least a
    day, so that nightly runs meet every post once. -#}
{% macro bucket_width(hours) -%}{{ return([hours / 2, 24 if hours >= 24 else 0] | max) }}{%- endmacro %}

{#- The same of a column of buckets, in microseconds. -#}
{% macro bucket_width_micros(bucket_hours) -%}
    case {{ bucket_hours }}
        {%- for hours in [1, 3, 6, 24, 72, 168, 720] %}
        when {{ hours }} then cast({{ (3600000000 * bucket_width(hours)) | int }} as bigint)
        {%- endfor %}
    end
{%- endmacro %}

{#- The age bucket b, in hours, that a reading at an age serves: b ≤ age < b + bucket_width(b), in whole microseconds;
    NULL: none. The spans do not overlap. The ladder of warehouse/coverage.py reads counts at these ages. -#}
{% macro age_bucket(age_micros) -%}
    case
        {%- for hours in [1, 3, 6, 24, 72, 168, 720] %}
        when {{ age_micros }} >= {{ hours * 3600000000 }} and {{ age_micros }} < {{ (3600000000 * (hours + bucket_width(hours))) | int }} then {{ hours }}
        {%- endfor %}
    end
{%- endmacro %}

{#- What `platforms` (dim_platforms) never tells of a post, by whether its account is one's own. -#}
{% macro never_told(is_own) -%}
    case when {{ is_own }} then platforms.never_told else platforms.never_told_of_others end
{%- endmacro %}

{#- Why a platform never tells followers of accounts that are not tracked, by its followers_reporting; NULL where it may.
    The fit is of these accounts, and without it there is no index. -#}
{% macro followers_never_told(reporting) -%}
    case {{ reporting }}
        when 'never' then 'the platform tells no followers'
        when 'own_only' then 'the platform tells followers of tracked accounts only'
    end
{%- endmacro %}

{#- How many whole hundreds a count holds. -#}
{% macro hundred_of(count) -%}cast(floor({{ ratio(count, '100') }}) as bigint){%- endmacro %}

{#- Whether an amount reaches another; weighted sums of doubles that are equal may differ in their last bits. -#}
{% macro reaches(amount, other) -%}({{ amount }} >= {{ other }} - cast(0.000000001 as double)){%- endmacro %}

{#- ln(1 + amount) as a double, or another logarithm, of an amount that is at least 0. -#}
{% macro ln_1p(amount, log='ln') -%}
    {{ log }}(cast(1 as double) + cast({{ amount }} as double))
{%- endmacro %}

{#- ln(numerator / denominator) as a double; NULL where it is not above 0. -#}
{% macro ln_ratio(numerator, denominator) -%}
    case when {{ numerator }} > 0 and {{ denominator }} > 0 then ln({{ ratio(numerator, denominator) }}) end
{%- endmacro %}

{#- Of int_follower_readings, those that held on the first day of a scope or later, and in a full build all: the engine leaves
    out, unread, what ended before. -#}
{% macro held_since(day, scope) -%}
    {%- if is_incremental() -%}
        until_at >= (select {{ day_start('min(touched.' ~ day ~ ')') }} from {{ scope }} as touched)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Student's t at 97.5 % by the expansion of Abramowitz and Stegun 26.7.5 to 1/ν⁴: within 1e-5 of it from ν = 9 on. -#}
{% macro t_975(freedom) -%}
    (
        cast(1.959963984540054 as double)
        + {{ ratio('2.372271230298562', freedom) }}
        + {{ ratio('2.822498615739611', freedom ~ ' * ' ~ freedom) }}
        + {{ ratio('2.555849679507722', freedom ~ ' * ' ~ freedom ~ ' * ' ~ freedom) }}
        + {{ ratio('1.589534053393822', freedom ~ ' * ' ~ freedom ~ ' * ' ~ freedom ~ ' * ' ~ freedom) }}
    )
{%- endmacro %}

{#- Half the width of the 95 % interval of a mean, from the values' sum, the sum of their squares and their number. -#}
{% macro mean_margin(sum, squares, n) -%}
    {{ t_975('(' ~ n ~ ' - 1)') }} * sqrt({{ ratio(
        'greatest(' ~ ratio(squares ~ ' - ' ~ ratio(sum ~ ' * ' ~ sum, n), n ~ ' - 1') ~ ', cast(0 as double))', n
    ) }})
{%- endmacro %}

{#- How many scored posts a mean of the beyond-follower index needs. -#}
{% macro fewest_scored() -%}10{%- endmacro %}
