-- A snapshot is kept if it is the first, if any count differs from the one before it, or if an age of the ladder lies
-- between the two (`ladder`: how many are reached). The one before may stand in the warehouse or in this batch.
create temp table batch_snapshot as
select
    b.mention_no, s.captured_at, s.age_hours, s.item_key, s.likes, s.replies, s.reposts, s.quotes, s.views,
    s.bookmarks, s.upvotes, s.downvotes, s.clicks
from good_engagement_snapshot as s
join batch_mention as b using (mention_id);

-- Told twice for one moment: the last item speaks.
delete from batch_snapshot as s using (
    select mention_no, captured_at, max(item_key) as item_key
    from batch_snapshot
    group by mention_no, captured_at
    having count(*) > 1
) as last_item
where
    s.mention_no = last_item.mention_no and s.captured_at = last_item.captured_at and s.item_key < last_item.item_key;

create temp table new_snapshot as
with several as (select mention_no from batch_snapshot group by mention_no having count(*) > 1),

earlier as (
    select
        b.mention_no, s.captured_at, true as is_stored,
        (
            ladder(s.age_hours), s.likes, s.replies, s.reposts, s.quotes, s.views, s.bookmarks, s.upvotes,
            s.downvotes, s.clicks
        ) as told
    from raw.engagement_snapshot as s
    join batch_mention as b using (mention_id)
    union all
    select
        mention_no, captured_at, false as is_stored,
        (
            ladder(age_hours), likes, replies, reposts, quotes, views, bookmarks, upvotes, downvotes, clicks
        ) as told
    from batch_snapshot
    semi join several using (mention_no)
),

previous as (
    select
        b.mention_no, b.captured_at,
        bool_or(e.is_stored and e.captured_at = b.captured_at) as is_known,
        arg_max(e.told, e.captured_at) filter (e.captured_at < b.captured_at) as told
    from batch_snapshot as b
    join earlier as e on b.mention_no = e.mention_no and b.captured_at >= e.captured_at
    group by b.mention_no, b.captured_at
)

select b.* exclude (item_key)
from batch_snapshot as b
left join previous as p using (mention_no, captured_at)
where
    p.mention_no is null
    or (
        not p.is_known
        and (
            ladder(b.age_hours), b.likes, b.replies, b.reposts, b.quotes, b.views, b.bookmarks, b.upvotes,
            b.downvotes, b.clicks
        ) is distinct from p.told
    );

insert into raw.engagement_snapshot by name
select b.mention_id, s.* exclude (mention_no), getvariable('load_seq') as load_seq
from new_snapshot as s
join batch_mention as b using (mention_no);
