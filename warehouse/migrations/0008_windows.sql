-- The ledger by window: what a load made of the items of each of its windows. A window may span loads.
-- fetched = loaded + duplicate + rejected + quarantined here too; raw.load is the sum over the windows of a batch.
create table raw.load_window (
    batch_id varchar not null, load_seq bigint not null, run_id varchar not null, source varchar not null,
    window_id varchar not null, fetched bigint not null, loaded bigint not null, duplicate bigint not null,
    rejected bigint not null, quarantined bigint not null
);
