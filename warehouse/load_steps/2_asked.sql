-- When a mention was last asked for, by refreshes that were answered; an older page changes nothing.
create temp table asked_anew as
select
    n.mention_id, getvariable('source') as source, max(n.asked_at) as asked_at, any_value(k.asked_at) as asked_before,
    getvariable('load_seq') as load_seq
from in_asked as n
left join raw.asked as k using (mention_id)
where k.asked_at is null or k.asked_at < n.asked_at
group by n.mention_id;

delete from raw.asked where mention_id in (select mention_id from asked_anew);

insert into raw.asked by name from asked_anew;
