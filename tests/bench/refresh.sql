-- Counts of `refreshed` mentions of the last 30 days are read again, and one in 500 of these turns out to be deleted.
create or replace temp table again as
select mention_id, platform, author_id, root_id, published_at, hash(mention_id, 'gone') % 500 = 0 as is_gone
from raw.mention
where published_at >= getvariable('as_of') - interval 31 day and load_seq < getvariable('load_seq')
order by hash(mention_id)
limit getvariable('refreshed');

insert into raw.engagement_snapshot by name
select
    again.mention_id, getvariable('as_of') as captured_at,
    epoch(getvariable('as_of') - again.published_at) / 3600 as age_hours,
    newest.likes + 1 as likes, newest.replies + 1 as replies, newest.reposts, newest.views, newest.upvotes,
    getvariable('load_seq') as load_seq
from again
join raw.engagement_snapshot as newest on again.mention_id = newest.mention_id
where not again.is_gone
qualify row_number() over (partition by again.mention_id order by newest.captured_at desc) = 1;

insert into raw.touched by name
select
    getvariable('load_seq') as load_seq, again.mention_id, found.entity_id, again.platform, again.author_id, again.root_id,
    again.published_at, unnest(if(again.is_gone, ['old', 'new'], ['new'])) as state
from again
left join raw.mention_entity as found on again.mention_id = found.mention_id;

update raw.mention set deleted_at = getvariable('as_of'), load_seq = getvariable('load_seq')
where mention_id in (select mention_id from again where is_gone);
