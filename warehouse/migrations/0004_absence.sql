-- Mentions that a refresh asked for and the platform did not answer, once per run. The second absence without an answer
-- in between, an hour or more after the first, is a deletion; answered_at: as_of of the page that told of it again.
create table raw.absence (
    mention_id varchar not null, platform varchar not null, source varchar not null, run_id varchar not null,
    absent_at timestamp not null, answered_at timestamp, load_seq bigint not null
);
