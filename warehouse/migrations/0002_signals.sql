-- What is known besides what the platforms say: signals of texts and accounts, analysts' corrections, what web
-- analytics count; and the rest of the configuration. The tables of records equal flows/records.py, as in 0001.
create table raw.text_signal (
    mention_id varchar not null, model_version varchar not null, scored_at timestamp not null,
    language varchar, language_confidence double,
    sentiment varchar, sentiment_confidence double, -- positive | neutral | negative
    intents varchar[], intent_confidences double[], terms varchar[],
    -- loader
    load_seq bigint not null
);
create table raw.account_rank (
    account_id varchar not null, entity_id varchar not null, ranked_at timestamp not null, pagerank double not null,
    -- loader
    run_id varchar not null, load_seq bigint not null
);
-- What an analyst says instead of a model; it wins, and is kept over rebuilds. entity_id NULL: for all entities.
create table raw.correction (
    mention_id varchar not null, entity_id varchar, field varchar not null, value varchar not null,
    corrected_at timestamp not null,
    -- loader
    load_seq bigint not null
);
-- The site's own count of visits that a post brought; a day is told again while the vendor restates it, the newest wins.
create table raw.referral_daily (
    site varchar not null, visit_date date not null, referrer varchar not null, platform varchar,
    landing_page varchar not null, sessions bigint, engaged_sessions bigint, conversions bigint,
    captured_at timestamp not null,
    -- loader
    source varchar not null, load_seq bigint not null
);
-- Which queries of routing rules a mention's text matches. The hash outlives a change of the rules' order.
create table raw.mention_rule (mention_id varchar not null, query_hash varchar not null, load_seq bigint not null);

alter table raw.routing_rule add column query_hash varchar;

create table raw.department (
    department varchar not null, department_name varchar not null, sla_hours double not null, timezone varchar not null,
    workdays bigint[] not null, -- ISO: 1 is Monday
    opens_minute bigint not null, closes_minute bigint not null, -- of the local day; closes is not within
    holidays date[] not null
);
create table raw.campaign (
    entity_id varchar not null, starts_on date not null, ends_on date not null, -- both within
    budget double, currency varchar
);
-- What owned and employee posts should carry: a phrase (of the text, any case) or a hashtag, one of the two.
create table raw.message (message_id varchar not null, entity_id varchar not null, phrase varchar, hashtag varchar);
