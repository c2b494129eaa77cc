-- What the joined worlds leave empty or the same everywhere, by the number in the mention's id.
create or replace temp macro number_of(id) as cast(regexp_extract(id, '[0-9]+$') as bigint);

-- Six customers ask @acme, are answered an hour later, and speak again.
insert into raw.mention by name
select
    'x:' || (9000 + 10 * thread + place.no) as mention_id, 'x' as platform, mention_id as native_id,
    if(place.no = 0, 'post', 'reply') as kind, if(place.no = 1, 'x:desk0', 'x:customer' || thread) as author_id,
    'said' as text, timestamp '2026-03-20 08:00:00' + to_days(thread::integer) + to_hours(place.hour) as published_at,
    if(place.no = 0, null, 'x:' || (9000 + 10 * thread)) as parent_id, 'x:' || (9000 + 10 * thread) as root_id,
    if(place.no = 0, ['acme'], []) as handles, 'query' as found_by, 's' as source, published_at as first_seen_at,
    published_at as seen_at, 0 as content_hash, 1 as load_seq
from range(6) as threads (thread), (values (0, 0), (1, 1), (2, 5), (3, 6)) as place (no, hour)
where place.no < 2 or place.no = 2 + thread % 2;
insert into raw.mention_entity select mention_id, 'acme', ['said'], 1 from raw.mention where author_id like 'x:customer%';

update raw.mention
set
    text = (['said', 'We SAID so, Straße 5', 'ÉTÉ • 说了 🙂', 'it''s "said"' || chr(10) || '\n', ''])[1 + number_of(mention_id) % 5],
    url = case when number_of(mention_id) % 3 = 0 then 'https://example.org/' || mention_id || '?a=1&b=%20' end,
    language_reported = ([null, 'en', 'de'])[1 + number_of(mention_id) % 3],
    edited_at = case when number_of(mention_id) % 7 = 0 then published_at + interval 90 second end,
    hashtags = (([['fly'], ['ai', 'fly'], [], null]))[1 + number_of(mention_id) % 4],
    links = ([['https://example.org/a,b'], ['https://WWW.acme.example/contact/?by=x#form'], []])[1 + number_of(mention_id) % 3];

-- Posts of the crowd speak of brands, so that those whom others read far beyond their followers are found.
update raw.mention set found_by = 'query' where platform in ('bluesky', 'lemmy') and number_of(mention_id) % 4 = 0;
insert into raw.mention_entity
select mention_id, (['acme', 'bolt', 'cora'])[1 + number_of(mention_id) % 3], ['fly', 'ai'], load_seq
from raw.mention
where platform in ('bluesky', 'lemmy') and number_of(mention_id) % 5 < 3;

insert into raw.engagement_snapshot by name
select
    mention_id,
    published_at + to_hours(1 + number_of(mention_id) % 48) as captured_at,
    1 + number_of(mention_id) % 48 as age_hours,
    number_of(mention_id) % 11 as likes,
    number_of(mention_id) % 3 as replies,
    number_of(mention_id) % 5 as reposts,
    load_seq
from raw.mention
where platform in ('mastodon', 'reddit') and number_of(mention_id) % 3 = 0;

update raw.engagement_snapshot
set
    bookmarks = case when number_of(mention_id) % 4 > 0 then number_of(mention_id) % 9 end,
    downvotes = case when number_of(mention_id) % 5 = 0 then number_of(mention_id) % 7 end,
    clicks = case when number_of(mention_id) % 6 = 0 then number_of(mention_id) % 31 end;

update raw.account
set
    display_name = 'Ann ' || account_id,
    url = 'https://example.org/@' || handle,
    created_at = timestamp '2020-02-29 23:30:00.000001' + to_days(len(account_id));
update raw.account_snapshot set following = followers // 3, posts = followers % 1000;
update raw.tracked_account set department = 'desk' where entity_id = 'acme';

-- Customers complain, and are in another mood when they speak again.
insert into raw.text_signal by name
select
    mention_id, 'v3' as model_version, seen_at as scored_at, load_seq,
    case when number_of(mention_id) % 2 = 0 then 'negative' else 'positive' end as sentiment, 0.5 as sentiment_confidence
from raw.mention
where platform in ('x', 'hackernews', 'weibo') and number_of(mention_id) % 5 < 4;

-- One search of a hundred days in the posts' world: where it failed, no day of the others would be complete either.
update raw.collection set is_covered = true where platform = 'bluesky' and load_seq = (select min(load_seq) from raw.collection where platform = 'bluesky');
