-- What the models must look at: the old state of what changed itself, the new state of that and of what got a
-- snapshot, with the entities before and after.
create temp table restated as
select mention_no from verdict
union
select mention_no from filled
union
select mention_no from rematched;

insert into raw.touched by name
with entity_now as (
    select mention_no, entity_id from batch_entity semi join rematched using (mention_no)
    union all
    select mention_no, entity_id from known_entity anti join rematched using (mention_no)
),

recounted as (
    select mention_no from restated
    union all
    select mention_no from new_snapshot
),

standing as (
    select mention_no, platform, author_id, root_id, published_at from verdict
    union all
    select
        k.mention_no, k.platform, coalesce(k.author_id, f.author_id) as author_id,
        coalesce(k.root_id, f.root_id) as root_id, k.published_at
    from known as k
    semi join recounted using (mention_no)
    anti join verdict using (mention_no)
    left join filled as f using (mention_no)
),

states as (
    select k.mention_no, e.entity_id, k.platform, k.author_id, k.root_id, k.published_at, 'old' as state
    from known as k
    semi join restated using (mention_no)
    left join known_entity as e using (mention_no)
    union all
    select s.mention_no, e.entity_id, s.platform, s.author_id, s.root_id, s.published_at, 'new' as state
    from standing as s
    left join entity_now as e using (mention_no)
)

select getvariable('load_seq') as load_seq, b.mention_id, s.* exclude (mention_no)
from states as s
join batch_mention as b using (mention_no);

insert into raw.touched by name
select
    getvariable('load_seq') as load_seq, s.mention_id, e.entity_id, s.platform,
    if(state = 'old', s.author_id, null) as author_id, s.root_id, s.published_at, state
from scrubbed as s
left join raw.mention_entity as e using (mention_id)
cross join (values ('old'), ('new')) as states (state);

-- An item that comes out of the quarantine and must go back keeps its place: page and number of where it landed.
insert into raw.quarantine by name
select
    md5(getvariable('batch_id') || chr(31) || i.page_id || chr(31) || i.item_no) as quarantine_id,
    getvariable('run_id') as run_id, getvariable('source') as source, getvariable('platform') as platform,
    coalesce(b.page_id, i.page_id) as page_id, coalesce(b.item_no, i.item_no) as item_no, i.mention_id, i.reasons,
    if(t.mention_id is null, i.payload, null) as payload,
    getvariable('loaded_at') as quarantined_at, 'open' as state,
    coalesce(b.verb, o.verb) as verb, coalesce(b.topic_id, o.topic_id) as topic_id,
    coalesce(b.page_as_of, o.page_as_of, getvariable('as_of')) as page_as_of, coalesce(b.request, o.request) as request,
    getvariable('load_seq') as load_seq
from excluded as i
left join raw.tombstone as t using (mention_id)
left join in_origin as o on i.page_id = o.page_id
left join in_release as r on i.page_id = r.page_id and i.item_no = r.item_no
left join raw.quarantine as b on r.quarantine_id = b.quarantine_id
where i.reasons is not null;

insert into raw.verdict by name
select
    getvariable('run_id') as run_id, getvariable('batch_id') as batch_id, getvariable('booked_as') as source,
    getvariable('verdict') as verdict, getvariable('load_seq') as load_seq
where getvariable('verdict') is not null;

-- The outcome of each item, by the window in its page's id. The item that speaks for a mention gets the credit for its
-- change; a rejected one that made a mention let go stays rejected.
insert into raw.load_window by name
with credited as (
    select item_key from verdict
    union
    select item_key from filled
    union
    select item_key
    from batch_mention
    semi join rematched using (mention_no)
    anti join let_go using (mention_no)
    union
    select item_key from batch_deletion
    union
    select item_key from batch_visit
),

judged as (
    select
        regexp_replace(i.page_id, '/[^/]*/[^/]*$', '') as window_id, i.outcome, x.item_key is not null as is_excluded,
        x.reasons is not null as is_withheld, c.item_key is not null as is_credited
    from in_item as i
    join page as p using (page_id)
    left join excluded as x on key_of(p.page_no, i.item_no) = x.item_key
    left join credited as c on key_of(p.page_no, i.item_no) = c.item_key
)

select
    getvariable('batch_id') as batch_id, getvariable('load_seq') as load_seq, getvariable('run_id') as run_id,
    getvariable('booked_as') as source, window_id,
    count(*) as fetched,
    count(*) filter (not is_excluded and is_credited) as loaded,
    count(*) filter (not is_excluded and not is_credited) as duplicate,
    count(*) filter (outcome = 'rejected' and not is_withheld) as rejected,
    count(*) filter (is_withheld) as quarantined
from judged
group by window_id;

insert into raw.load by name
select
    getvariable('batch_id') as batch_id, getvariable('load_seq') as load_seq, getvariable('run_id') as run_id,
    getvariable('booked_as') as source, getvariable('pages') as pages,
    coalesce(sum(fetched), 0) as fetched, coalesce(sum(loaded), 0) as loaded, coalesce(sum(duplicate), 0) as duplicate,
    coalesce(sum(rejected), 0) as rejected, coalesce(sum(quarantined), 0) as quarantined,
    (select count(*) from new_snapshot) as snapshots,
    getvariable('loaded_at') as loaded_at
from raw.load_window
where batch_id = getvariable('batch_id');

-- A window may span batches: its quarantined items are those of the run so far.
insert into raw.collection by name
with withheld as (
    select window_id, sum(quarantined) as quarantined
    from raw.load_window
    where run_id = getvariable('run_id') and source = getvariable('booked_as')
    group by window_id
)

select
    c.run_id, c.source, c.platform, c.verb, c.topic_id, c.window_id, c.window_start, c.window_end, c.asked_at,
    c.is_covered, c.pages, c.items, c.rejected, c.lost_items, c.rate_limited, c.error,
    coalesce(w.quarantined, 0) as quarantined, getvariable('load_seq') as load_seq
from in_collection as c
left join withheld as w using (window_id);
