-- What a release needs to make the page of a quarantined item again when landing has forgotten it: the page's own words.
-- NULL in rows that are older than these columns.
alter table raw.quarantine add column verb varchar;
alter table raw.quarantine add column topic_id varchar;
alter table raw.quarantine add column page_as_of timestamp;
alter table raw.quarantine add column request varchar;
-- How an item left the quarantine. state: open | released (its rows are loaded) | returned (tried again and refused
-- again: the row `successor_id` is open) | discarded. Only open rows hold a payload.
alter table raw.quarantine add column closed_at timestamp;
alter table raw.quarantine add column closed_run_id varchar;
alter table raw.quarantine add column note varchar; -- why, in the operator's words
alter table raw.quarantine add column waived varchar[]; -- critical rules that it breaks and was released against
alter table raw.quarantine add column successor_id varchar;

-- What validation said of each batch, written with it: counts and reasons as JSON, never a post. Kept for some runs.
create table raw.verdict (
    run_id varchar not null, batch_id varchar not null, source varchar not null, verdict varchar not null,
    load_seq bigint not null
);
