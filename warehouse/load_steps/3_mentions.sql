create temp macro found_rank(found_by) as case found_by when 'query' then 3 when 'account' then 2 else 1 end;
create temp macro found_name(found_rank) as case found_rank when 3 then 'query' when 2 then 'account' else 'thread' end;

-- Tells a changed mention from an unchanged one. DuckDB's own 64-bit hash: md5 costs six times as much, a second per
-- million. Should a newer DuckDB hash differently, what is seen again counts as changed, once.
create temp macro hash_content(
    kind, author_id, text, url, language_reported, published_at, edited_at, parent_id, root_id,
    links, hashtags, handles, media_formats, found_by
) as hash(
    kind, author_id, text, url, language_reported, published_at, edited_at, parent_id, root_id,
    links, hashtags, handles, media_formats, found_by
);

-- Mentions that no query matches any more, as far as this batch knows: an item was rejected, and none was matched.
create temp table off_topic as
select distinct mention_id
from excluded
anti join in_mention_entity using (mention_id)
where outcome = 'rejected' and reasons is null and mention_id is not null;

-- All mentions that the batch speaks of, numbered: joins on the number are cheaper than on the id. The last item of a
-- mention speaks for it (row_no: its row in the file; NULL: only counts came, or a rejection), its strongest way of
-- being found counts.
create temp table batch_mention as
with spoken_of as (
    select mention_id, item_key, file_row_number, found_rank(found_by) as found_rank
    from good_mention
    union all
    select mention_id, null as item_key, null as file_row_number, null as found_rank
    from good_engagement_snapshot
    union all
    select mention_id, null as item_key, null as file_row_number, null as found_rank
    from off_topic
)

select
    mention_id, row_number() over () as mention_no, arg_max(file_row_number, item_key) as row_no,
    max(item_key) as item_key, max(found_rank) as found_rank
from spoken_of
anti join raw.tombstone using (mention_id)
group by mention_id;

-- Their stored state. Wide columns (text, lists) stay out: reading them of all history would cost more than all the
-- rest. row_id is good within this transaction.
create temp table known as
select
    b.mention_no, m.rowid as row_id, m.platform, m.author_id, m.url, m.language_reported, m.published_at,
    m.edited_at, m.parent_id, m.root_id, m.found_by, m.source, m.first_seen_at, m.seen_at, m.content_hash
from raw.mention as m
join batch_mention as b using (mention_id);

-- What shall stand: the page's values; where it says nothing (NULL), what we knew. Pages as new as the stored state.
create temp table verdict as
with merged as (
    select
        b.mention_no, b.row_no, b.item_key, k.row_id, n.platform, n.kind,
        coalesce(n.author_id, k.author_id) as author_id,
        n.text,
        coalesce(n.url, k.url) as url,
        coalesce(n.language_reported, k.language_reported) as language_reported,
        -- Nothing is published after it was seen: a time that says so is the clock of a feed that tells no other.
        if(n.published_at > k.first_seen_at, k.published_at, n.published_at) as published_at,
        coalesce(n.edited_at, k.edited_at) as edited_at,
        coalesce(n.parent_id, k.parent_id) as parent_id,
        coalesce(n.root_id, k.root_id) as root_id,
        n.links, n.hashtags, n.handles, n.media_formats,
        found_name(greatest(b.found_rank, found_rank(k.found_by))) as found_by,
        k.content_hash as known_hash
    from in_mention as n
    join batch_mention as b on n.file_row_number = b.row_no
    left join known as k using (mention_no)
    where k.mention_no is null or k.seen_at <= getvariable('as_of')
),

hashed as (
    select
        mention_no, row_no, item_key, row_id, platform, author_id, root_id, published_at, found_by, known_hash,
        hash_content(
            kind, author_id, text, url, language_reported, published_at, edited_at, parent_id, root_id,
            links, hashtags, handles, media_formats, found_by
        ) as content_hash
    from merged
)

select * exclude (known_hash) from hashed where content_hash is distinct from known_hash;

delete from raw.mention where rowid in (select row_id from verdict where row_id is not null);

insert into raw.mention by name
select
    n.mention_id, n.platform, n.native_id, n.kind, v.author_id, n.text,
    coalesce(n.url, k.url) as url,
    coalesce(n.language_reported, k.language_reported) as language_reported,
    v.published_at,
    coalesce(n.edited_at, k.edited_at) as edited_at,
    coalesce(n.parent_id, k.parent_id) as parent_id,
    v.root_id, n.links, n.hashtags, n.handles, n.media_formats, v.found_by,
    coalesce(k.source, getvariable('source')) as source,
    least(k.first_seen_at, getvariable('as_of')) as first_seen_at,
    getvariable('as_of') as seen_at, v.content_hash, getvariable('load_seq') as load_seq
from in_mention as n
join verdict as v on n.file_row_number = v.row_no
left join known as k on v.mention_no = k.mention_no;

-- An older page (a replay, a backfill out of order) replaces nothing; it fills what is NULL and may tell that a
-- query finds the mention.
create temp table filled as
select
    k.row_id, b.mention_no, b.item_key, n.author_id, n.url, n.language_reported, n.edited_at, n.parent_id, n.root_id,
    found_name(greatest(b.found_rank, found_rank(k.found_by))) as found_by
from in_mention as n
join batch_mention as b on n.file_row_number = b.row_no
join (from known where seen_at > getvariable('as_of')) as k using (mention_no)
where
    (k.author_id is null and n.author_id is not null)
    or (k.url is null and n.url is not null)
    or (k.language_reported is null and n.language_reported is not null)
    or (k.edited_at is null and n.edited_at is not null)
    or (k.parent_id is null and n.parent_id is not null)
    or (k.root_id is null and n.root_id is not null)
    or b.found_rank > found_rank(k.found_by);

update raw.mention as m set
    author_id = coalesce(m.author_id, f.author_id),
    url = coalesce(m.url, f.url),
    language_reported = coalesce(m.language_reported, f.language_reported),
    edited_at = coalesce(m.edited_at, f.edited_at),
    parent_id = coalesce(m.parent_id, f.parent_id),
    root_id = coalesce(m.root_id, f.root_id),
    found_by = f.found_by,
    load_seq = getvariable('load_seq'),
    content_hash = hash_content(
        m.kind, coalesce(m.author_id, f.author_id), m.text, coalesce(m.url, f.url),
        coalesce(m.language_reported, f.language_reported), m.published_at, coalesce(m.edited_at, f.edited_at),
        coalesce(m.parent_id, f.parent_id), coalesce(m.root_id, f.root_id),
        m.links, m.hashtags, m.handles, m.media_formats, f.found_by
    )
from filled as f
where m.rowid = f.row_id;
