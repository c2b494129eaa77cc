-- Edges and how far threads were read: facts of a moment, kept once. A target that is gone is not named.
insert into raw.interaction by name
with last_item as (
    select mention_id, kind, arg_max(file_row_number, item_key) as row_no
    from good_interaction
    anti join raw.tombstone using (mention_id)
    anti join raw.interaction using (mention_id, kind)
    group by mention_id, kind
)

select
    n.mention_id, n.kind, n.actor_id, n.target_mention_id,
    if(t.mention_id is null, n.target_id, null) as target_id, n.occurred_at,
    getvariable('load_seq') as load_seq
from in_interaction as n
join last_item as l on n.file_row_number = l.row_no
left join raw.tombstone as t on n.target_mention_id = t.mention_id;

-- A thread may be read in several pages of a window: their replies add up, and the last page tells whether that was all.
-- Two windows may read the same thread, where a message did not name its first one: that is one reading, told twice.
insert into raw.thread_read by name
with told as (
    select page_id, root_id, read_at, max(replies_read) as replies_read, bool_or(is_complete) as is_complete
    from good_thread_read
    anti join raw.thread_read using (root_id, read_at)
    group by page_id, root_id, read_at
),

by_window as (
    select root_id, read_at, sum(replies_read)::bigint as replies_read, bool_or(is_complete) as is_complete
    from told
    group by split_part(page_id, '/', 1), root_id, read_at
)

select
    root_id, read_at, max(replies_read) as replies_read, bool_or(is_complete) as is_complete,
    getvariable('load_seq') as load_seq
from by_window
group by root_id, read_at;
