-- Whose the operator's own web sites are, and on which of their pages visitors ask for help.
create table raw.site (site varchar not null, entity_id varchar not null, contact_pages varchar[] not null);
