-- What models, the graph step and analysts say: newer words replace older ones, what is said again changes nothing,
-- and nothing is said of the text of a mention that is gone.
create temp table changed_signal as
with newest as (
    select * from in_text_signal
    anti join raw.tombstone using (mention_id)
    qualify row_number() over (partition by mention_id, model_version order by scored_at desc, row_no desc) = 1
)

select n.mention_id, n.row_no, k.rowid as known_row
from newest as n
left join raw.text_signal as k using (mention_id, model_version)
where
    k.mention_id is null
    or (
        n.scored_at >= k.scored_at
        and (n.scored_at, n.language, n.language_confidence, n.sentiment, n.sentiment_confidence, n.intents,
            n.intent_confidences, n.terms)
        is distinct from (k.scored_at, k.language, k.language_confidence, k.sentiment, k.sentiment_confidence,
            k.intents, k.intent_confidences, k.terms)
    );

delete from raw.text_signal where rowid in (select known_row from changed_signal where known_row is not null);

insert into raw.text_signal by name
select n.* exclude (row_no), getvariable('load_seq') as load_seq
from in_text_signal as n
semi join changed_signal using (row_no);

-- A row without a query says that the mention was matched with all of them: its set takes the old one's place.
create temp table matched_rule as
select distinct mention_id, query_hash from in_mention_rule
where query_hash is not null;

create temp table matched_mention as
select distinct mention_id from in_mention_rule
anti join raw.tombstone using (mention_id)
where query_hash is null;

create temp table changed_rule as
with known as (
    select mention_id, query_hash from raw.mention_rule semi join matched_mention using (mention_id)
),

fresh as (
    select mention_id, query_hash from matched_rule semi join matched_mention using (mention_id)
)

select mention_id from (from known except from fresh)
union
select mention_id from (from fresh except from known);

delete from raw.mention_rule where mention_id in (select mention_id from changed_rule);

insert into raw.mention_rule by name
select *, getvariable('load_seq') as load_seq from matched_rule semi join changed_rule using (mention_id);

create temp table changed_correction as
with newest as (
    select * from in_correction
    qualify row_number() over (
        partition by mention_id, entity_id, field order by corrected_at desc, row_no desc
    ) = 1
)

select n.mention_id, n.row_no, k.rowid as known_row
from newest as n
left join raw.correction as k
    on n.mention_id = k.mention_id and n.field = k.field and n.entity_id is not distinct from k.entity_id
where
    k.mention_id is null
    or (n.corrected_at >= k.corrected_at and (n.value, n.corrected_at) is distinct from (k.value, k.corrected_at));

delete from raw.correction where rowid in (select known_row from changed_correction where known_row is not null);

insert into raw.correction by name
select n.* exclude (row_no), getvariable('load_seq') as load_seq
from in_correction as n
semi join changed_correction using (row_no);

create temp table new_rank as
select * from in_account_rank
anti join raw.account_rank using (account_id, entity_id, ranked_at)
qualify row_number() over (partition by account_id, entity_id, ranked_at order by row_no desc) = 1;

insert into raw.account_rank by name
select
    * exclude (row_no),
    getvariable('run_id') as run_id, getvariable('load_seq') as load_seq
from new_rank;

-- The models make these mentions anew, with their days.
insert into raw.touched by name
with changed as (
    select mention_id from changed_signal
    union
    select mention_id from changed_rule
    union
    select mention_id from changed_correction
)

select
    getvariable('load_seq') as load_seq, m.mention_id, e.entity_id, m.platform, m.author_id, m.root_id, m.published_at,
    'new' as state
from raw.mention as m
semi join changed using (mention_id)
left join raw.mention_entity as e using (mention_id);

insert into raw.load by name
with told as (
    select count(*) as items from in_text_signal
    union all
    select count(*) as items from in_mention_rule where query_hash is null
    union all
    select count(*) as items from in_correction
    union all
    select count(*) as items from in_account_rank
),

changed as (
    select count(*) as items from changed_signal
    union all
    select count(*) as items from changed_rule
    union all
    select count(*) as items from changed_correction
    union all
    select count(*) as items from new_rank
),

totals as (
    select (select sum(items) from told) as fetched, (select sum(items) from changed) as loaded
)

select
    getvariable('batch_id') as batch_id, getvariable('load_seq') as load_seq, getvariable('run_id') as run_id,
    getvariable('source') as source, 0 as pages, fetched, loaded, fetched - loaded as duplicate,
    0 as rejected, 0 as quarantined, 0 as snapshots, getvariable('loaded_at') as loaded_at
from totals;
