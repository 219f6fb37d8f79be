-- The database of a small shop: what a data engineer finds in one, the untidy parts included.
--
-- Each table has a column that only grows and that an incremental extraction can follow
-- (updated_at, ordered_at, recorded_at), but for vip, which is read as a whole each time.

CREATE TABLE users (
    id             bigint PRIMARY KEY,
    customer_id    text,                 -- who the customer is in CleverTap; never checked, once imported
    full_name      text,
    nickname       text,
    email          text,
    mobile         text,                 -- as the customer typed it
    country_code   text,
    birth_date     date,
    gender         text,
    education      text,
    is_employed    boolean,
    newsletter     boolean,
    sms_allowed    boolean,
    tags           text[],
    attributes     jsonb NOT NULL,       -- {"address": {...}, "preferences": {...}}
    balance        numeric(12, 2),
    lifetime_spend numeric,              -- as many digits as it takes
    loyalty_number bigint,               -- beyond 2^53
    credit_score   text,                 -- a number, most of the time
    member_since   text,                 -- 31.12.2020, most of the time
    last_seen_ms   bigint,               -- milliseconds since 1970
    bio            text,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);

CREATE TABLE orders (
    id          uuid PRIMARY KEY,
    customer_id text,
    total       numeric(12, 2),
    currency    char(3) NOT NULL,
    is_gift     boolean NOT NULL,
    line_items  jsonb NOT NULL,          -- [{"SKU": ..., "Title": ..., "Quantity": ..., "Price": ...}]
    ordered_at  timestamptz NOT NULL
);

CREATE TABLE page_views (
    id               bigint PRIMARY KEY,
    customer_id      text,
    event            text,               -- what happened: Product Viewed, Cart Viewed, ...
    page             text,
    device           text,
    duration_seconds double precision,
    happened_at      bigint,             -- seconds since 1970, most of the time
    recorded_at      timestamptz NOT NULL
);

CREATE TABLE vip (
    id          bigint PRIMARY KEY,
    customer_id text,
    since       date
);

CREATE INDEX ON users (updated_at);
CREATE INDEX ON orders (ordered_at);
CREATE INDEX ON page_views (recorded_at);
