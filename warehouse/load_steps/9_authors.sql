-- Authors of what is gone: whoever wrote nothing else here, did and received nothing and is not tracked, is forgotten.
create temp table forsaken as
with author as (
    select author_id as account_id from scrubbed
    where author_id is not null
    union
    select a.account_id
    from good_account as a
    join in_item as i using (page_id, item_no)
    semi join raw.tombstone as t on i.mention_id = t.mention_id
)

select account_id from author
anti join raw.mention as m on author.account_id = m.author_id
anti join raw.interaction as i on author.account_id = i.actor_id
anti join raw.interaction as t on author.account_id = t.target_id
anti join (
    select a.account_id
    from raw.account as a
    join raw.tracked_account as k on a.platform = k.platform and lower(a.handle) = lower(k.handle)
) as tracked using (account_id);

-- Pages of profiles name no mention: until the run's end it is remembered whose are to go.
insert into raw.forsaken by name
select distinct f.account_id, s.platform, getvariable('load_seq') as load_seq
from forsaken as f
join scrubbed as s on f.account_id = s.author_id;

delete from raw.account where account_id in (select account_id from forsaken);
delete from raw.account_snapshot where account_id in (select account_id from forsaken);
delete from raw.account_rank where account_id in (select account_id from forsaken);
