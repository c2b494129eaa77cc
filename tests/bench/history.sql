-- Mentions number first_no <= n < end_no of an invented world into schema raw, as of a load; everything is hashed from
-- the number. Variables: first_no, end_no, per_day, load_seq, as_of. Days begin on 2024-01-01; `per_day` are published a day.
create or replace temp macro dice(n, what) as (hash(n, what) % 1000000) / 1e6;

create or replace temp macro platform_of(n) as
    ['x', 'x', 'x', 'x', 'reddit', 'reddit', 'youtube', 'youtube', 'hackernews', 'bluesky'][n % 10 + 1];

-- Each tenth number belongs to one platform; eight of those in a row are a block, of which the first few are a thread.
create or replace temp table drawn as
with numbers as (
    select range as n from range(getvariable('first_no'), getvariable('end_no'))
),

placed as (
    select
        n,
        n - (n // 10 % 8) * 10 as root_no,
        n // 10 % 8 as place,
        n // 10 % 8 > 0 and n // 10 % 8 < 8 * dice(n - (n // 10 % 8) * 10, 'size') ^ 2 as is_answer,
        timestamp '2024-01-01' + to_microseconds(cast(n * 86400e6 / getvariable('per_day') as bigint)) as drawn_at
    from numbers
)

select
    n,
    platform_of(n) as platform,
    platform_of(n) || ':' || n as mention_id,
    is_answer,
    if(is_answer, platform_of(n) || ':' || (n - 10 * (1 + hash(n, 'up') % place)), null) as parent_id,
    if(is_answer and platform_of(n) not in ('x', 'bluesky'), platform_of(n) || ':' || root_no, null) as root_id,
    -- An answer comes up to five days after what it answers, mostly at once, and never after the load.
    least(
        drawn_at + if(is_answer, to_seconds(cast(432000 * dice(root_no, 'slow') ^ 6 * place / 8 as bigint)), interval 0 second),
        getvariable('as_of') - interval 2 minute
    ) as published_at,
    platform_of(n) || ':' || case
        when is_answer and dice(n, 'desk') < 0.15 then 'desk' || n % 3
        when dice(n, 'desk') > 0.9995 then 'desk' || n % 3
        -- A few are loud, most speak a handful of times.
        else 'a' || cast(floor(getvariable('per_day') * 12 * dice(n, 'who') ^ 2.5) as bigint)
    end as author_id
from placed;

insert into raw.mention by name
select
    mention_id, platform, cast(n as varchar) as native_id, if(is_answer, 'reply', 'post') as kind, author_id,
    'Number ' || hash(n, 'text') || ' is late again, they said at the gate, and nobody had told us' as text,
    published_at, parent_id, root_id,
    if(dice(n, 'link') < 0.05, ['https://acme.example/page' || n % 50], []) as links,
    if(dice(n, 'tag') < 0.1, ['tag' || n % 300], []) as hashtags,
    if(dice(n, 'to') < 0.2, ['desk' || n % 3], []) as handles,
    if(dice(n, 'picture') < 0.2, ['image'], []) as media_formats,
    if(dice(n, 'by') < 0.85, 'query', 'thread') as found_by,
    'bench' as source, published_at as first_seen_at, getvariable('as_of') as seen_at, hash(n) as content_hash,
    getvariable('load_seq') as load_seq
from drawn;

insert into raw.mention_entity
select mention_id, 'e' || cast(floor(6 * dice(n, 'entity') ^ 2) as bigint), ['said'], getvariable('load_seq')
from drawn
union
select mention_id, 'e0', ['said'], getvariable('load_seq')
from drawn
where dice(n, 'second') < 0.15;

insert into raw.engagement_snapshot by name
select
    mention_id, published_at + to_hours(age) as captured_at, age as age_hours,
    cast(3 * ln(1 + age) / dice(n, 'likes') ^ 0.8 as bigint) as likes,
    cast(ln(1 + age) / (0.05 + dice(n, 'replies')) as bigint) as replies,
    if(platform in ('x', 'bluesky'), cast(ln(1 + age) / (0.1 + dice(n, 'shares')) as bigint), null) as reposts,
    if(platform in ('x', 'youtube'), cast(100 * ln(1 + age) / (0.01 + dice(n, 'views')) as bigint), null) as views,
    if(platform in ('reddit', 'hackernews'), cast(3 * age / (1 + age) / (0.02 + dice(n, 'votes')) as bigint), null)
        as upvotes,
    getvariable('load_seq') as load_seq
from drawn
cross join unnest([1, 24, 168]) as ages (age)
where dice(n, 'likes') > 0 and published_at + to_hours(age) <= getvariable('as_of');

insert into raw.text_signal by name
select
    mention_id, 'v1' as model_version, published_at as scored_at, ['en', 'en', 'en', 'de', 'ja'][n % 5 + 1] as language,
    0.9 as language_confidence,
    ['positive', 'neutral', 'neutral', 'negative'][1 + cast(floor(4 * dice(n, 'mood')) as bigint)] as sentiment,
    0.8 as sentiment_confidence,
    [['complaint'], ['question'], [], [], [], ['praise'], ['purchase_intent'], []][n % 8 + 1] as intents,
    [[0.8], [0.8], [], [], [], [0.8], [0.8], []][n % 8 + 1] as intent_confidences,
    list_transform(range(6), lambda i: 'word' || cast(floor(20000 * dice(n, i) ^ 4) as bigint)) as terms,
    getvariable('load_seq') as load_seq
from drawn;

insert into raw.interaction by name
select
    mention_id, 'reply' as kind, author_id as actor_id, parent_id as target_mention_id, published_at as occurred_at,
    getvariable('load_seq') as load_seq
from drawn
where is_answer;

insert into raw.thread_read
select distinct root_id, getvariable('as_of'), 8, dice(root_id, 'read') < 0.9, getvariable('load_seq')
from drawn
where root_id is not null;

insert into raw.account by name
select
    author_id as account_id, platform, author_id as native_id, split_part(author_id, ':', 2) as handle,
    min(published_at) as first_seen_at, min(published_at) as seen_at, getvariable('load_seq') as load_seq
from drawn
anti join raw.account as known on drawn.author_id = known.account_id
group by author_id, platform;

-- Followers are read with a mention, at most once a week.
insert into raw.account_snapshot by name
select
    author_id as account_id, max(published_at) as captured_at,
    cast(20 / (0.0001 + dice(author_id, 'reach')) as bigint) as followers, getvariable('load_seq') as load_seq
from drawn
group by author_id, date_trunc('week', published_at);

insert into raw.collection by name
select
    'run-' || getvariable('load_seq') as run_id, 'bench' as source, platform, 'discover' as verb, topic_id,
    'discover-' || platform || '-' || topic_id || '-' || day as window_id, day as window_start,
    day + interval 1 day as window_end, getvariable('as_of') as asked_at, dice(day, platform) < 0.98 as is_covered,
    1 as pages, 9 as items, 0 as rejected, 0 as quarantined, 0 as lost_items, 0 as rate_limited,
    getvariable('load_seq') as load_seq
from (select distinct date_trunc('day', published_at) as day, platform from drawn)
cross join raw.topic;

insert into raw.touched by name
select
    getvariable('load_seq') as load_seq, d.mention_id, e.entity_id, d.platform, d.author_id, d.root_id, d.published_at,
    'new' as state
from drawn as d
left join raw.mention_entity as e on d.mention_id = e.mention_id;

insert into raw.run values ('run-' || getvariable('load_seq'), getvariable('as_of'), getvariable('as_of'));

insert into raw.load values (
    'batch-' || getvariable('load_seq'), getvariable('load_seq'), 'run-' || getvariable('load_seq'), 'bench',
    1, 0, 0, 0, 0, 0, 0, getvariable('as_of')
);
