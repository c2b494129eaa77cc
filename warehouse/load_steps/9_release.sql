-- What became of the quarantined items that this batch tried again. Their payload goes: of what is loaded, raw.mention has
-- what there is to know; of what came back, the new row has it.
update raw.quarantine as q set
    state = tried.state,
    payload = null,
    closed_at = getvariable('loaded_at'),
    closed_run_id = getvariable('run_id'),
    note = coalesce(if(tried.state = 'discarded', 'no query matches it', null), tried.note),
    waived = if(tried.state = 'released', tried.waived, null),
    successor_id = tried.successor_id
from (
    select
        r.quarantine_id, r.note, r.waived,
        case when x.item_key is null then 'released' when x.reasons is null then 'discarded' else 'returned' end
            as state,
        if(x.reasons is null, null, md5(getvariable('batch_id') || chr(31) || r.page_id || chr(31) || r.item_no))
            as successor_id
    from in_release as r
    join page as p using (page_id)
    left join excluded as x on key_of(p.page_no, r.item_no) = x.item_key
) as tried
where q.quarantine_id = tried.quarantine_id and q.state = 'open';
