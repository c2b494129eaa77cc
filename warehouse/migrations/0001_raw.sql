-- Schema raw: what the loader owns. Columns of record tables equal flows/records.py (held by a test);
-- the columns after "-- loader" are the loader's own.
create schema raw;
create schema staging;
create schema intermediate;
create schema marts;

create table raw.mention (
    mention_id varchar not null, platform varchar not null, native_id varchar not null, kind varchar not null,
    author_id varchar, text varchar not null, url varchar, language_reported varchar,
    published_at timestamp not null, edited_at timestamp, deleted_at timestamp,
    parent_id varchar, root_id varchar, links varchar[], hashtags varchar[], handles varchar[], media_formats varchar[],
    found_by varchar not null,
    -- loader
    -- seen_at: as_of of the page that gave this state; a page of an older as_of only fills what is NULL
    source varchar not null, first_seen_at timestamp not null, seen_at timestamp not null,
    content_hash ubigint not null, load_seq bigint not null
);
create table raw.mention_entity (
    mention_id varchar not null, entity_id varchar not null, matched_terms varchar[],
    -- loader
    load_seq bigint not null
);
create table raw.engagement_snapshot (
    mention_id varchar not null, captured_at timestamp not null, age_hours double not null,
    likes bigint, replies bigint, reposts bigint, quotes bigint, views bigint, bookmarks bigint,
    upvotes bigint, downvotes bigint, clicks bigint,
    -- loader
    load_seq bigint not null
);
create table raw.account (
    account_id varchar not null, platform varchar not null, native_id varchar not null, handle varchar,
    display_name varchar, url varchar, is_bot boolean, created_at timestamp,
    -- loader
    first_seen_at timestamp not null, seen_at timestamp not null, load_seq bigint not null
);
create table raw.account_snapshot (
    account_id varchar not null, captured_at timestamp not null, followers bigint, following bigint, posts bigint,
    -- loader
    load_seq bigint not null
);
create table raw.interaction (
    mention_id varchar not null, kind varchar not null, actor_id varchar, target_mention_id varchar, target_id varchar,
    occurred_at timestamp not null,
    -- loader
    load_seq bigint not null
);
create table raw.thread_read (
    root_id varchar not null, read_at timestamp not null, replies_read bigint not null, is_complete boolean not null,
    -- loader
    load_seq bigint not null
);

-- State of every mention that a load changed, or whose counts it changed: the models recompute from these what they
-- touch. One row per load_seq × mention × entity (entity NULL where none matched) × state; 'old' only where the
-- mention itself (not just its counts) changed. Pruned up to raw.build.built_load_seq.
create table raw.touched (
    load_seq bigint not null, mention_id varchar not null, entity_id varchar, platform varchar not null,
    author_id varchar, root_id varchar, published_at timestamp not null, state varchar not null -- old | new
);

-- One row per run: as_of is the only clock that models see.
create table raw.run (run_id varchar not null, as_of timestamp not null, started_at timestamp not null);
-- One row: everything up to this load_seq is in the models; -1: the configuration changed, all must be built anew.
create table raw.build (built_load_seq bigint not null);
insert into raw.build values (0);

-- One row per attempt at a window of a source and topic. topic_id NULL: the window serves all topics (a file).
create table raw.collection (
    run_id varchar not null, source varchar not null, platform varchar not null, verb varchar not null,
    topic_id varchar, window_id varchar not null, window_start timestamp, window_end timestamp, asked_at timestamp not null,
    is_covered boolean not null, pages bigint not null, items bigint not null, rejected bigint not null,
    quarantined bigint not null, lost_items bigint not null, rate_limited bigint not null, error varchar,
    load_seq bigint not null
);
-- The ledger: a batch that stands here is in the warehouse, once. fetched = loaded + duplicate + rejected + quarantined.
create table raw.load (
    batch_id varchar not null, load_seq bigint not null, run_id varchar not null, source varchar not null,
    pages bigint not null, fetched bigint not null, loaded bigint not null, duplicate bigint not null,
    rejected bigint not null, quarantined bigint not null, snapshots bigint not null, loaded_at timestamp not null
);
create table raw.quarantine (
    quarantine_id varchar not null, run_id varchar not null, source varchar not null, platform varchar not null,
    page_id varchar not null, item_no bigint not null, mention_id varchar, reasons varchar[] not null, payload varchar,
    quarantined_at timestamp not null, state varchar not null, -- open | released | discarded
    load_seq bigint not null
);
create table raw.tombstone (
    mention_id varchar not null, platform varchar not null, deleted_at timestamp not null, reason varchar not null,
    load_seq bigint not null
);

-- The configuration of the newest run, so that SQL can use and explain it.
create table raw.entity (
    entity_id varchar not null, entity_name varchar not null, entity_kind varchar not null, -- brand | product | campaign | competitor
    is_own boolean not null, parent_entity_id varchar, competitor_set varchar not null
);
create table raw.topic (topic_id varchar not null, entity_id varchar not null, query varchar not null, query_hash varchar not null);
create table raw.tracked_account (
    platform varchar not null, handle varchar not null, entity_id varchar, role varchar not null, -- owned | employee | media | competitor
    department varchar
);
create table raw.routing_rule (
    rule_no bigint not null, department varchar not null, entity_id varchar, platform varchar, intent varchar, query varchar,
    sla_hours double
);
create table raw.target (
    target_id varchar not null, metric varchar not null, entity_id varchar not null, month date not null, target double not null
);
create table raw.setting (name varchar not null, value varchar not null);
