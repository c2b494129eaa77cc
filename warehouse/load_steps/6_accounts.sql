-- One row per account: the last item that says something about a column speaks for it.
create temp table batch_account as
select
    a.account_id,
    any_value(a.platform) as platform,
    any_value(a.native_id) as native_id,
    arg_max(a.handle, a.item_key) as handle,
    arg_max(a.display_name, a.item_key) as display_name,
    arg_max(a.url, a.item_key) as url,
    arg_max(a.is_bot, a.item_key) as is_bot,
    arg_max(a.created_at, a.item_key) as created_at
from good_account as a
group by a.account_id;

create temp table known_account as
select a.rowid as row_id, a.* from raw.account as a semi join batch_account using (account_id);

-- The newer page's word first; what it does not say comes from the other.
create temp table merged_account as
with ranked as (
    select b.account_id, b as page, k as stored, coalesce(k.seen_at > getvariable('as_of'), false) as is_older
    from batch_account as b
    left join known_account as k using (account_id)
),

chosen as (
    select
        account_id, page, stored, is_older,
        if(is_older, stored.handle, page.handle) as handle,
        if(is_older, stored.display_name, page.display_name) as display_name,
        if(is_older, stored.url, page.url) as url,
        if(is_older, stored.is_bot, page.is_bot) as is_bot,
        if(is_older, stored.created_at, page.created_at) as created_at
    from ranked
)

select
    account_id, page.platform, page.native_id,
    coalesce(handle, stored.handle, page.handle) as handle,
    coalesce(display_name, stored.display_name, page.display_name) as display_name,
    coalesce(url, stored.url, page.url) as url,
    coalesce(is_bot, stored.is_bot, page.is_bot) as is_bot,
    coalesce(created_at, stored.created_at, page.created_at) as created_at,
    least(stored.first_seen_at, getvariable('as_of')) as first_seen_at,
    greatest(stored.seen_at, getvariable('as_of')) as seen_at,
    stored.row_id
from chosen;

delete from merged_account as m using known_account as k
where
    m.row_id = k.row_id
    and (m.handle, m.display_name, m.url, m.is_bot, m.created_at)
    is not distinct from (k.handle, k.display_name, k.url, k.is_bot, k.created_at);

delete from raw.account where rowid in (select row_id from merged_account where row_id is not null);

insert into raw.account by name
select * exclude (row_id), getvariable('load_seq') as load_seq from merged_account;

-- Followers over time: the first, and each that differs from the one before it.
create temp table batch_account_snapshot as
select
    s.account_id, s.captured_at,
    arg_max((s.followers, s.following, s.posts), s.item_key) as told
from good_account_snapshot as s
group by s.account_id, s.captured_at;

insert into raw.account_snapshot by name
with earlier as (
    select account_id, captured_at, true as is_stored, (followers, following, posts) as told from raw.account_snapshot
    union all
    select account_id, captured_at, false as is_stored, told from batch_account_snapshot
),

previous as (
    select
        b.account_id, b.captured_at, any_value(b.told) as told,
        bool_or(e.is_stored and e.captured_at = b.captured_at) as is_known,
        arg_max(e.told, e.captured_at) filter (e.captured_at < b.captured_at) as told_before
    from batch_account_snapshot as b
    join earlier as e on b.account_id = e.account_id and b.captured_at >= e.captured_at
    group by b.account_id, b.captured_at
)

select
    account_id, captured_at, told[1] as followers, told[2] as following, told[3] as posts,
    getvariable('load_seq') as load_seq
from previous
where not is_known and told is distinct from told_before;
