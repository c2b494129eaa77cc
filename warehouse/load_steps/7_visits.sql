-- Visits a day: what is told again replaces what was told, unless that was read later. Unchanged numbers stay as they
-- are, with the moment at which they were first read.
create temp table batch_visit as
with last_item as (
    select
        site, visit_date, referrer, landing_page, arg_max(file_row_number, (captured_at, item_key)) as row_no,
        arg_max(item_key, (captured_at, item_key)) as item_key
    from good_referral_daily
    group by site, visit_date, referrer, landing_page
)

select l.row_no, l.item_key, k.rowid as known_row
from last_item as l
join in_referral_daily as n on n.file_row_number = l.row_no
left join raw.referral_daily as k
    on n.site = k.site and n.visit_date = k.visit_date and n.referrer = k.referrer and n.landing_page = k.landing_page
where
    k.site is null
    or (
        k.captured_at <= n.captured_at
        and (n.platform, n.sessions, n.engaged_sessions, n.conversions)
        is distinct from (k.platform, k.sessions, k.engaged_sessions, k.conversions)
    );

delete from raw.referral_daily where rowid in (select known_row from batch_visit where known_row is not null);

insert into raw.referral_daily by name
select
    n.site, n.visit_date, n.referrer, n.platform, n.landing_page, n.sessions, n.engaged_sessions, n.conversions,
    n.captured_at, getvariable('source') as source, getvariable('load_seq') as load_seq
from in_referral_daily as n
join batch_visit as b on n.file_row_number = b.row_no;
