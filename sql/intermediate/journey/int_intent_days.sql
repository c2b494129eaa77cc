-- Grain: one row per entity, reporting day and group of intents with a mention that is not a brand's own. A mention
-- counts once in each group of which it has an intent (some are of one intent); spam is in no group but its own.
{{ config(materialized='incremental', unique_key='report_date', meta={'scope': 'int_touched_days'}) }}

-- Each intent by itself, and what tells on which step of a customer's way somebody is. Job, employer and leak are talk
-- of the employer; threat, rumour, protest and misuse are no step of a customer's; deflection and selling are a brand's
-- own.
with intent_groups (intent, intent_group) as (
    values
    ('purchase_intent', 'purchase'),
    ('question', 'service'), ('complaint', 'service'), ('praise', 'service'), ('thanks', 'service'),
    ('idea', 'service'),
    ('job', 'workplace'), ('leak', 'workplace'), ('employer', 'workplace')
    {%- for intent in wanted_intents() if intent != 'spam' -%}
        , ('{{ intent }}', '{{ intent }}')
    {%- endfor %}
),

mentions as (
    select
        mentions.mention_id,
        mentions.entity_id,
        mentions.report_date,
        mentions.author_id,
        facts.sentiment,
        facts.intents,
        {{ array_has('facts.intents', "'spam'") }} as is_spam
    from {{ ref('int_entity_mentions') }} as mentions
    inner join {{ ref('fct_mentions') }} as facts on mentions.mention_id = facts.mention_id
    where
        not mentions.is_owned and facts.intents is not null
        and {{ in_scope('mentions.report_date', ref('int_touched_days')) }}
        and {{ in_scope('facts.report_date', ref('int_touched_days')) }}
),

intents as (
    select mention_id, entity_id, report_date, author_id, sentiment, {{ each('intents', 'intent') }}
    from mentions
    where not is_spam
),

grouped as (
    select distinct
        intents.mention_id,
        intents.entity_id,
        intents.report_date,
        intents.author_id,
        intents.sentiment,
        intent_groups.intent_group
    from intents
    inner join intent_groups on intents.intent = intent_groups.intent
    union all
    select
        mention_id,
        entity_id,
        report_date,
        author_id,
        sentiment,
        case when is_spam then 'spam' else 'scored' end as intent_group
    from mentions
)

select
    entity_id,
    report_date,
    intent_group,
    cast(count(*) as bigint) as mentions,
    cast(nullif(count(distinct author_id), 0) as bigint) as unique_authors,
    {{ how_many("sentiment = 'positive'") }} as positive_mentions,
    {{ how_many("sentiment = 'neutral'") }} as neutral_mentions,
    {{ how_many("sentiment = 'negative'") }} as negative_mentions
from grouped
group by entity_id, report_date, intent_group
