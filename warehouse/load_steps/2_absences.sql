-- What was asked for and not answered: noted once per moment, and answered by whatever tells of the mention since then.
insert into raw.absence by name
select
    n.mention_id, n.platform, getvariable('source') as source, getvariable('run_id') as run_id, n.absent_at,
    getvariable('load_seq') as load_seq
from in_absence as n
anti join raw.absence using (mention_id, absent_at)
anti join raw.tombstone using (mention_id);

update raw.absence set answered_at = getvariable('as_of')
where
    answered_at is null
    and absent_at <= getvariable('as_of')
    and mention_id in (
        select mention_id from in_mention
        union all
        select mention_id from in_engagement_snapshot
        union all
        select mention_id from in_deletion
    );
