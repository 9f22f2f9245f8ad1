-- Version 2: the tables of server/ledger/schema/sqlite.sql in a schema of one engine, column by column in the same
-- order. Instants are timestamptz with whole microseconds. Columns of type bytea that hold JSON are compressed as in
-- a file (server/ledger/compressed.py); JSON that can be asked about in SQL is json, which keeps it letter by letter:
-- jsonb changes the order of the keys and refuses the character U+0000. Texts compare by their bytes.

CREATE TABLE meta (
  key   text PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE migrations (
  version        integer PRIMARY KEY,
  applied_at     timestamptz NOT NULL DEFAULT now(),
  engine_version text NOT NULL
);

CREATE TABLE journal (
  seq     bigint PRIMARY KEY,
  at      timestamptz NOT NULL,
  kind    text NOT NULL,
  payload bytea NOT NULL,
  hash    bytea NOT NULL
);
-- Seqs have no gap and no repetition, whoever writes: a second writer is refused here at the latest.
CREATE FUNCTION journal_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  first bigint; last bigint; rows bigint; before bigint;
BEGIN
  SELECT min(seq), max(seq), count(*) INTO first, last, rows FROM added;
  SELECT coalesce(max(seq), 0) INTO before FROM journal WHERE seq < first;
  IF rows > 0 AND (first <> before + 1 OR last <> first + rows - 1) THEN
    RAISE EXCEPTION 'the seq does not follow the last one of the journal';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER journal_follows AFTER INSERT ON journal REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION journal_follows();
-- Refuses what is written after another end than the writer knows, within the transaction and without a question.
CREATE FUNCTION journal_ends(head bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT hash FROM journal ORDER BY seq DESC LIMIT 1) IS DISTINCT FROM head THEN
    RAISE EXCEPTION 'the journal ends otherwise than this writer left it';
  END IF;
END $$;

-- A receipt's body stays in its journal row (same seq).
CREATE TABLE receipts (
  seq          bigint PRIMARY KEY,
  id           text COLLATE "C" NOT NULL,
  received_at  timestamptz NOT NULL,
  status       text NOT NULL,
  http_status  integer NOT NULL,
  source       text,
  symbol       text,
  endpoint     text,
  code         text,
  reason       text,
  duplicate_of text,
  notes        text
);
CREATE UNIQUE INDEX receipts_id ON receipts (id);
CREATE INDEX receipts_refused ON receipts (status, seq) WHERE status <> 'accepted';

CREATE TABLE ledger_entries (
  id                 uuid NOT NULL,
  created_at         timestamptz NOT NULL,
  seq                bigint NOT NULL,
  engine_version     text NOT NULL,
  rules_fingerprint  text NOT NULL,
  signal_id          text NOT NULL,
  receipt_id         text NOT NULL,
  supersedes         text,
  position_id        text COLLATE "C",
  symbol             text NOT NULL,
  source             text NOT NULL,
  timeframe          integer,
  quality            text NOT NULL,
  decision           text NOT NULL,
  direction          text,
  proposed_direction text NOT NULL,
  confidence         double precision NOT NULL,
  code               text,
  confluence_score   numeric(5,2),
  signal             json NOT NULL,
  decision_breakdown json NOT NULL,
  regime             json,
  inputs             bytea NOT NULL,
  execution          json,
  exit               json,
  hypothetical       json,
  PRIMARY KEY (id, created_at)
);
CREATE INDEX ledger_newest ON ledger_entries (seq DESC, id DESC);
CREATE INDEX ledger_created ON ledger_entries (created_at DESC);
CREATE INDEX ledger_decision ON ledger_entries (decision, seq DESC, id DESC);
CREATE INDEX ledger_confidence ON ledger_entries (confidence DESC, seq DESC, id DESC);
CREATE INDEX ledger_trades ON ledger_entries (seq DESC, id DESC) WHERE execution IS NOT NULL;

-- The entry of the same id as a packed record (server/ledger/packed.py), for questions to the whole ledger.
CREATE TABLE decision_columns (
  seq    bigint NOT NULL,
  id     uuid NOT NULL,
  packed bytea NOT NULL,
  PRIMARY KEY (seq, id)
);

CREATE TABLE positions (
  id          text COLLATE "C" PRIMARY KEY,
  decision_id uuid NOT NULL,
  symbol      text NOT NULL,
  opened_at   timestamptz NOT NULL,
  closed_at   timestamptz,
  state       text NOT NULL,
  payload     json NOT NULL
);
CREATE INDEX positions_open ON positions (opened_at) WHERE closed_at IS NULL;

-- One row a trade for lists that sort, filter and search, written by server/ledger/trades.py from its entry,
-- position and notes. Days are the exchange's; instants are whole microseconds, because the list is sorted by them.
CREATE TABLE trades (
  seq          bigint NOT NULL,
  id           text COLLATE "C" PRIMARY KEY,
  position_id  text COLLATE "C" NOT NULL,
  symbol       text COLLATE "C" NOT NULL,
  direction    text COLLATE "C",
  contract     text COLLATE "C" NOT NULL,
  occ          text,
  setup        text COLLATE "C",
  state        text NOT NULL,
  timeframe    integer,
  quality      text NOT NULL,
  confidence   double precision NOT NULL,
  opened_at    bigint NOT NULL,
  opened_day   text COLLATE "C",
  closed_at    bigint,
  closed_day   text COLLATE "C",
  contracts    integer NOT NULL,
  entry_price  double precision NOT NULL,
  exit_price   double precision,
  hold_seconds double precision,
  r            double precision,
  net          double precision,
  reason       text COLLATE "C",
  mae          double precision,
  mfe          double precision,
  stale        integer NOT NULL,
  cuts         text NOT NULL,
  tags         text COLLATE "C" NOT NULL,
  search       text NOT NULL
);
CREATE INDEX trades_newest ON trades (seq DESC, id DESC);
CREATE INDEX trades_position ON trades (position_id);

-- A person's notes on a trade or a day; a removed one keeps its row, so that its trade is found.
CREATE TABLE notes (
  seq         bigint PRIMARY KEY,
  id          text COLLATE "C" NOT NULL,
  at          timestamptz NOT NULL,
  position_id text COLLATE "C",
  day         text COLLATE "C",
  text        text NOT NULL,
  tags        text NOT NULL,
  author      text NOT NULL,
  removed     integer NOT NULL,
  search      text NOT NULL
);
CREATE UNIQUE INDEX notes_id ON notes (id);
CREATE INDEX notes_position ON notes (position_id) WHERE position_id IS NOT NULL;
CREATE INDEX notes_day ON notes (day) WHERE day IS NOT NULL;

CREATE TABLE marks (
  n           bigint GENERATED BY DEFAULT AS IDENTITY,
  position_id text COLLATE "C" NOT NULL,
  at          timestamptz NOT NULL,
  payload     bytea NOT NULL,
  PRIMARY KEY (n, at)
);
CREATE INDEX marks_of_position ON marks (position_id, n);

-- Blocks of marks, as a file has them (server/ledger/mark_store.py). Here marks are rows until a checkpoint after the
-- close of their trade: a batch whose fate is in doubt is taken back row by row.
CREATE TABLE mark_blocks (
  position_id text COLLATE "C" NOT NULL,
  first       bigint NOT NULL,
  marks       integer NOT NULL,
  first_at    timestamptz NOT NULL,
  last_at     timestamptz NOT NULL,
  packed      bytea NOT NULL,
  PRIMARY KEY (position_id, first)
);

-- The prices that were put to the trades and shadows of a symbol, and on to the last close of the options they
-- were in: a what-if marks and exits along them.
CREATE TABLE paths (
  seq            bigint PRIMARY KEY,
  at             timestamptz NOT NULL,
  symbol         text NOT NULL,
  price          double precision NOT NULL,
  priced_at      timestamptz NOT NULL,
  source         text NOT NULL,
  open           double precision,
  high           double precision,
  low            double precision,
  official_close integer NOT NULL,
  quotes         bytea
);

-- When a bar of a path began, where that may lie before an entry: its high and low count for older trades only.
CREATE TABLE path_bars (
  seq   bigint PRIMARY KEY,
  began timestamptz NOT NULL
);

CREATE TABLE rules_versions (
  seq         bigint PRIMARY KEY,
  at          timestamptz NOT NULL,
  fingerprint text NOT NULL,
  name        text NOT NULL,
  author      text NOT NULL,
  toml        text NOT NULL
);

-- What a person said to a suggestion; the suggestions themselves are made from the entries anew.
CREATE TABLE suggestions (
  seq    bigint PRIMARY KEY,
  at     timestamptz NOT NULL,
  id     text NOT NULL,
  status text NOT NULL,
  author text NOT NULL,
  text   text NOT NULL
);

-- Trades that waited for a person: asked at ``at``, as they are now; ``payload`` is core.approvals.Approval.
CREATE TABLE approvals (
  id          text COLLATE "C" PRIMARY KEY,
  seq         bigint NOT NULL,
  at          timestamptz NOT NULL,
  signal_id   text NOT NULL,
  decision_id text NOT NULL,
  symbol      text NOT NULL,
  status      text NOT NULL,
  author      text,
  ended_at    timestamptz,
  payload     json NOT NULL
);
CREATE INDEX approvals_newest ON approvals (seq DESC, id DESC);

-- Alerts: when each began to stand, and when it cleared.
CREATE TABLE risk_events (
  id          text COLLATE "C" PRIMARY KEY,
  seq         bigint NOT NULL,
  at          timestamptz NOT NULL,
  code        text NOT NULL,
  cleared     integer NOT NULL,
  position_id text,
  text        text NOT NULL
);
CREATE INDEX risk_events_newest ON risk_events (seq DESC, id DESC);

-- The events of the stream in their order; ``key`` is the id of what happened, ``payload`` the event's data where no
-- other table keeps it unchanged.
CREATE TABLE stream_events (
  seq     bigint NOT NULL,
  n       integer NOT NULL,
  kind    text NOT NULL,
  symbol  text,
  key     text NOT NULL,
  payload bytea,
  PRIMARY KEY (seq, n)
);

-- The engine's state after an input, compressed; ``head`` is the hash of that input, ``hash`` covers all of it
-- (server/ledger/checkpoint.py).
CREATE TABLE checkpoints (
  seq   bigint PRIMARY KEY,
  at    timestamptz NOT NULL,
  head  bytea NOT NULL,
  state bytea NOT NULL,
  hash  bytea NOT NULL
);
