-- How far a deletion has come. scrubbed_at: no landed page, row, payload or kept release tells of the mention any more;
-- erased_at: nor do the dead rows and free blocks of the warehouse file, which has been rewritten since.
-- NULL: still to be done, by the run that is on or by the next one. A page that tells of the mention again undoes the
-- first: no row is made of it.
alter table raw.tombstone add column scrubbed_at timestamp;
alter table raw.tombstone add column erased_at timestamp;
