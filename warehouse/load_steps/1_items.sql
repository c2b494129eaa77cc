-- The pages in the order in which they were read. An item's key is its page's number and its own: bigger is later.
create temp table page as
select
    page_id, row_number() over (order by min(file_row_number)) as page_no, count(*) as items,
    count(distinct item_no) as distinct_items, min(item_no) as first_item, max(item_no) as last_item
from in_item
group by page_id;

create temp macro key_of(page_no, item_no) as (page_no << 32) | item_no;

-- The items whose rows are not to be loaded: rejected (reasons NULL) or quarantined, with every reason.
create temp table excluded as
with withheld as (
    select page_id, item_no, flatten(list(reasons)) as reasons from in_quarantine group by page_id, item_no
)

select
    key_of(p.page_no, i.item_no) as item_key, i.page_id, i.item_no, i.mention_id, i.outcome, i.payload,
    if(i.outcome = 'malformed', list_prepend(coalesce(i.reason, 'malformed'), coalesce(w.reasons, [])), w.reasons)
        as reasons
from in_item as i
join page as p using (page_id)
left join withheld as w using (page_id, item_no)
where i.outcome <> 'candidate' or w.page_id is not null;
