-- When each mention was last asked for by a refresh that was answered, whatever the answer; asked_before: the time
-- before that, so that a run taken up after a kill plans as if it had not asked yet.
create table raw.asked (
    mention_id varchar not null, source varchar not null, asked_at timestamp not null, asked_before timestamp,
    load_seq bigint not null
);
-- Authors of nothing that stands, from the load that forgets them until no landed page tells of them: the run's end.
create table raw.forsaken (account_id varchar not null, platform varchar not null, load_seq bigint not null);
