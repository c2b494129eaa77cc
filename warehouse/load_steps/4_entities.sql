-- The entities whose queries matched, over all items of the batch. A page that matched none (a refresh, a thread)
-- says nothing about the set; an older page fills an empty set only, and not one that was let go (a query found the
-- mention, and yet the set is empty).
create temp table batch_entity as
select b.mention_no, e.entity_id, arg_max(e.matched_terms, e.item_key) as matched_terms
from good_mention_entity as e
join batch_mention as b using (mention_id)
where b.row_no is not null
group by b.mention_no, e.entity_id;

create temp table known_entity as
select e.rowid as row_id, b.mention_no, e.entity_id, e.matched_terms
from raw.mention_entity as e
join batch_mention as b using (mention_id);

-- A query that was narrowed lets go: what its own page now has rejected loses the set. The row stays, and so does
-- found_by: it tells how the mention came to us, and nothing is counted without an entity.
create temp table let_go as
select b.mention_no
from batch_mention as b
semi join off_topic using (mention_id)
semi join known_entity using (mention_no)
semi join (from known where seen_at <= getvariable('as_of')) using (mention_no);

create temp table rematched as
with new_set as (
    select mention_no, sum(hash(entity_id, matched_terms)::hugeint) as entities from batch_entity group by mention_no
),

known_set as (
    select mention_no, sum(hash(entity_id, matched_terms)::hugeint) as entities from known_entity group by mention_no
)

select n.mention_no
from new_set as n
left join known_set as o using (mention_no)
left join known as k using (mention_no)
where
    n.entities is distinct from o.entities
    and (
        k.mention_no is null
        or k.seen_at <= getvariable('as_of')
        or (o.mention_no is null and k.found_by <> 'query')
    )
union all
select mention_no from let_go;

delete from raw.mention_entity
where rowid in (select row_id from known_entity semi join rematched using (mention_no));

insert into raw.mention_entity by name
select b.mention_id, e.entity_id, e.matched_terms, getvariable('load_seq') as load_seq
from batch_entity as e
semi join rematched using (mention_no)
join batch_mention as b using (mention_no);

-- A set that was replaced was seen now, too: an older page must not put the old one back.
update raw.mention as m set seen_at = getvariable('as_of'), load_seq = getvariable('load_seq')
from (from known semi join rematched using (mention_no) where seen_at < getvariable('as_of')) as k
where m.rowid = k.row_id;
