-- Mentions that are gone, and that we did not know to be gone: the platform says so, or was asked twice and knows them
-- no more. A mention that is gone stays gone:
-- the later steps leave all rows of it aside, whatever an older page says.
create temp table batch_deletion as
with said as (
    select mention_id, platform, deleted_at, reason, item_key from good_deletion
    union all
    select mention_id, platform, deleted_at, 'the post says so', item_key from good_mention where deleted_at is not null
    union all
    select n.mention_id, n.platform, n.absent_at as deleted_at, 'absent' as reason, null as item_key
    from in_absence as n
    join raw.absence as before using (mention_id)
    where before.answered_at is null and before.absent_at <= n.absent_at - interval 1 hour
)

select
    mention_id,
    any_value(platform) as platform,
    min(deleted_at) as deleted_at,
    arg_max(reason, coalesce(item_key, -1)) as reason,
    max(item_key) as item_key
from said
anti join raw.tombstone using (mention_id)
group by mention_id;

insert into raw.tombstone by name
select mention_id, platform, deleted_at, reason, getvariable('load_seq') as load_seq from batch_deletion;

-- What is gone keeps its row and counts, so that the past can be recomputed, but nothing that a person wrote or is.
create temp table scrubbed as
select
    m.rowid as row_id, m.mention_id, d.deleted_at, m.platform, m.author_id, m.root_id, m.published_at
from raw.mention as m
join batch_deletion as d using (mention_id);

update raw.mention as m set
    text = '', url = null, author_id = null, links = [], hashtags = [], handles = [],
    deleted_at = s.deleted_at,
    content_hash = 0,
    load_seq = getvariable('load_seq')
from scrubbed as s
where m.rowid = s.row_id;

delete from raw.interaction where mention_id in (select mention_id from batch_deletion);

update raw.interaction set target_id = null
where target_mention_id in (select mention_id from batch_deletion) and target_id is not null;

update raw.quarantine set payload = null
where mention_id in (select mention_id from batch_deletion) and payload is not null;

update raw.mention_entity set matched_terms = []
where mention_id in (select mention_id from batch_deletion);

update raw.text_signal set terms = []
where mention_id in (select mention_id from batch_deletion);

-- What tells of it again has landed again: these pages are to be scrubbed, too.
update raw.tombstone set scrubbed_at = null
where mention_id in (select mention_id from in_item) and scrubbed_at is not null;
