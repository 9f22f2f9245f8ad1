-- Version 12. Instants are whole microseconds since 1970 UTC; JSON columns hold what server/ledger/rows.py wrote. Those
-- of type ANY are compressed (server/ledger/compressed.py), or plain text where they are short or of an older version.
-- The journal is the truth, append-only and chained by hash; every other table can be made from it again.

CREATE TABLE IF NOT EXISTS meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS journal (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  payload ANY NOT NULL,
  hash    BLOB NOT NULL
) STRICT;
-- Seqs have no gap and no repetition, whoever writes: a second writer is refused here at the latest.
CREATE TRIGGER IF NOT EXISTS journal_follows BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
BEGIN
  SELECT RAISE(ABORT, 'the seq does not follow the last one of the journal');
END;

-- A receipt's body stays in its journal row (same seq).
CREATE TABLE IF NOT EXISTS receipts (
  seq          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL,
  received_at  INTEGER NOT NULL,
  status       TEXT NOT NULL,
  http_status  INTEGER NOT NULL,
  source       TEXT,
  symbol       TEXT,
  endpoint     TEXT,
  code         TEXT,
  reason       TEXT,
  duplicate_of TEXT,
  notes        TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS receipts_id ON receipts (id);
CREATE INDEX IF NOT EXISTS receipts_refused ON receipts (status, seq) WHERE status <> 'accepted';

CREATE TABLE IF NOT EXISTS ledger_entries (
  id                 TEXT NOT NULL,
  created_at         INTEGER NOT NULL,
  seq                INTEGER NOT NULL,
  engine_version     TEXT NOT NULL,
  rules_fingerprint  TEXT NOT NULL,
  signal_id          TEXT NOT NULL,
  receipt_id         TEXT NOT NULL,
  supersedes         TEXT,
  position_id        TEXT,
  symbol             TEXT NOT NULL,
  source             TEXT NOT NULL,
  timeframe          INTEGER,
  quality            TEXT NOT NULL,
  decision           TEXT NOT NULL,
  direction          TEXT,
  proposed_direction TEXT NOT NULL,
  confidence         REAL NOT NULL,
  code               TEXT,
  confluence_score   REAL,
  signal             ANY NOT NULL,
  decision_breakdown ANY NOT NULL,
  regime             TEXT,
  inputs             ANY NOT NULL,
  execution          TEXT,
  exit               TEXT,
  hypothetical       ANY,
  PRIMARY KEY (id, created_at)
) STRICT;
CREATE INDEX IF NOT EXISTS ledger_newest ON ledger_entries (seq DESC);
CREATE INDEX IF NOT EXISTS ledger_created ON ledger_entries (created_at DESC);
CREATE INDEX IF NOT EXISTS ledger_decision ON ledger_entries (decision, seq DESC);
CREATE INDEX IF NOT EXISTS ledger_confidence ON ledger_entries (confidence DESC, seq DESC);

-- The entry of the same id as a packed record (server/ledger/packed.py), for questions to the whole ledger.
CREATE TABLE IF NOT EXISTS decision_columns (
  seq    INTEGER NOT NULL,
  id     TEXT NOT NULL,
  packed BLOB NOT NULL,
  PRIMARY KEY (seq, id)
) STRICT, WITHOUT ROWID;

-- One row for each decision with a trade or a shadow, written by server/ledger/followed.py from its entry: what reports
-- and learning read of it. From ``kind`` on, all is NULL until every contract is sold. ``passed`` has a digit for each
-- gate, the codes in ``failed`` are joined by +, the fields in ``assumed`` by blanks.
CREATE TABLE IF NOT EXISTS followed (
  seq                 INTEGER NOT NULL,
  id                  TEXT NOT NULL,
  decided_at          INTEGER NOT NULL,
  status              TEXT NOT NULL,
  traded              INTEGER NOT NULL,
  kind                TEXT,
  code                TEXT,
  proposed            TEXT,
  exit_at             INTEGER,
  filled              REAL,
  premium             REAL,
  shares              INTEGER,
  passed              TEXT,
  failed              TEXT,
  symbol              TEXT,
  direction           TEXT,
  setup               TEXT,
  multiplier          REAL,
  timeframe           INTEGER,
  quality             TEXT,
  confidence          REAL,
  dte                 INTEGER,
  session             TEXT,
  weekday             TEXT,
  phase               INTEGER,
  exit_reason         TEXT,
  pnl_net             REAL,
  pnl_gross           REAL,
  risk_amount         REAL,
  r_multiple          REAL,
  hold_time_seconds   REAL,
  pnl_from_delta      REAL,
  pnl_from_gamma      REAL,
  pnl_from_iv         REAL,
  pnl_from_theta      REAL,
  pnl_unexplained     REAL,
  mfe                 REAL,
  mae                 REAL,
  pnl_best            REAL,
  pnl_expected        REAL,
  pnl_worst           REAL,
  stale_fill          INTEGER,
  without_feed        INTEGER,
  settled_estimate    INTEGER,
  by_hand             INTEGER,
  ai_score            REAL,
  entry               REAL,
  stop                REAL,
  target_1            REAL,
  target_2            REAL,
  rr1                 REAL,
  volume_ratio        REAL,
  trend_strength      REAL,
  bias_4h             TEXT,
  bias_1h             TEXT,
  atr                 REAL,
  atr14               REAL,
  iv_percentile       REAL,
  spread_bps          REAL,
  depth_score         REAL,
  expert_direction    TEXT,
  atr_is_daily        INTEGER,
  regime_confidence   REAL,
  volatility          TEXT,
  alignment_pct       REAL,
  directions          TEXT,
  levels_timeframe    INTEGER,
  price               REAL,
  market_price        REAL,
  market_volume_ratio REAL,
  assumed             TEXT,
  PRIMARY KEY (seq, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS followed_trades ON followed (seq DESC, id DESC) WHERE kind = 'executed';

CREATE TABLE IF NOT EXISTS positions (
  id          TEXT PRIMARY KEY,
  decision_id TEXT NOT NULL,
  symbol      TEXT NOT NULL,
  opened_at   INTEGER NOT NULL,
  closed_at   INTEGER,
  state       TEXT NOT NULL,
  payload     ANY NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS positions_open ON positions (opened_at) WHERE closed_at IS NULL;

-- One row a trade for lists that sort, filter and search, written by server/ledger/trades.py from its entry,
-- position and notes. Days are the exchange's; ``cuts`` is its group in every breakdown, ``tags`` are between blanks.
CREATE TABLE IF NOT EXISTS trades (
  seq          INTEGER NOT NULL,
  id           TEXT PRIMARY KEY,
  position_id  TEXT NOT NULL,
  symbol       TEXT NOT NULL,
  direction    TEXT,
  contract     TEXT NOT NULL,
  occ          TEXT,
  setup        TEXT,
  state        TEXT NOT NULL,
  timeframe    INTEGER,
  quality      TEXT NOT NULL,
  confidence   REAL NOT NULL,
  opened_at    INTEGER NOT NULL,
  opened_day   TEXT,
  closed_at    INTEGER,
  closed_day   TEXT,
  contracts    INTEGER NOT NULL,
  entry_price  REAL NOT NULL,
  exit_price   REAL,
  hold_seconds REAL,
  r            REAL,
  net          REAL,
  reason       TEXT,
  mae          REAL,
  mfe          REAL,
  stale        INTEGER NOT NULL,
  cuts         TEXT NOT NULL,
  tags         TEXT NOT NULL,
  search       TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS trades_newest ON trades (seq DESC, id DESC);
CREATE INDEX IF NOT EXISTS trades_position ON trades (position_id);

-- A person's notes on a trade or a day; a removed one keeps its row, so that its trade is found.
CREATE TABLE IF NOT EXISTS notes (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL,
  at          INTEGER NOT NULL,
  position_id TEXT,
  day         TEXT,
  text        TEXT NOT NULL,
  tags        TEXT NOT NULL,
  author      TEXT NOT NULL,
  removed     INTEGER NOT NULL,
  search      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS notes_id ON notes (id);
CREATE INDEX IF NOT EXISTS notes_position ON notes (position_id) WHERE position_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS notes_day ON notes (day) WHERE day IS NOT NULL;

-- Books: trades that this engine did not make, from statements and exports (core/statements), kept apart from all
-- else. ``book_rows`` are the rows of the files, the rest is made of them (server/ledger/books.py). Days are the
-- exchange's; ``n`` numbers the trades of a book by their opening; ``sums`` is JSON.
CREATE TABLE IF NOT EXISTS books (
  book      TEXT PRIMARY KEY,
  seq       INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  layout    TEXT NOT NULL,
  imports   INTEGER NOT NULL,
  file      TEXT NOT NULL,
  file_rows INTEGER NOT NULL,
  added     INTEGER NOT NULL,
  unread    INTEGER NOT NULL,
  sums      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS book_rows (
  book    TEXT NOT NULL,
  id      TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (book, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS book_trades (
  book         TEXT NOT NULL,
  n            INTEGER NOT NULL,
  seq          INTEGER NOT NULL,
  id           TEXT NOT NULL,
  symbol       TEXT NOT NULL,
  direction    TEXT NOT NULL,
  contract     TEXT NOT NULL,
  occ          TEXT,
  setup        TEXT,
  state        TEXT NOT NULL,
  side         TEXT NOT NULL,
  opened_at    INTEGER,
  opened_day   TEXT NOT NULL,
  closed_at    INTEGER,
  closed_day   TEXT,
  contracts    REAL NOT NULL,
  entry_price  REAL,
  exit_price   REAL,
  hold_seconds REAL,
  r            REAL,
  net          REAL,
  in_open      REAL NOT NULL,
  fees         REAL NOT NULL,
  reason       TEXT,
  search       TEXT NOT NULL,
  PRIMARY KEY (book, n)
) STRICT, WITHOUT ROWID;

-- The newest marks of open positions.
CREATE TABLE IF NOT EXISTS marks (
  n           INTEGER PRIMARY KEY,
  position_id TEXT NOT NULL,
  at          INTEGER NOT NULL,
  payload     ANY NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS marks_of_position ON marks (position_id, n);

-- All marks but those: ``marks`` of a position in one value, the first of them after ``first`` others
-- (server/ledger/mark_store.py).
CREATE TABLE IF NOT EXISTS mark_blocks (
  position_id TEXT NOT NULL,
  first       INTEGER NOT NULL,
  marks       INTEGER NOT NULL,
  first_at    INTEGER NOT NULL,
  last_at     INTEGER NOT NULL,
  packed      BLOB NOT NULL,
  PRIMARY KEY (position_id, first)
) STRICT;

-- The prices that were put to the trades and shadows of a symbol, and on to the last close of the options they
-- were in: a what-if marks and exits along them. Quotes "journal" are those of the
-- input of the same seq.
CREATE TABLE IF NOT EXISTS paths (
  seq            INTEGER PRIMARY KEY,
  at             INTEGER NOT NULL,
  symbol         TEXT NOT NULL,
  price          REAL NOT NULL,
  priced_at      INTEGER NOT NULL,
  source         TEXT NOT NULL,
  open           REAL,
  high           REAL,
  low            REAL,
  official_close INTEGER NOT NULL,
  quotes         ANY
) STRICT;

-- When a bar of a path began, where that may lie before an entry: its high and low count for older trades only.
CREATE TABLE IF NOT EXISTS path_bars (
  seq            INTEGER PRIMARY KEY,
  began          INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS rules_versions (
  seq         INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  name        TEXT NOT NULL,
  author      TEXT NOT NULL,
  toml        TEXT NOT NULL
) STRICT;

-- What a person said to a suggestion; the suggestions themselves are made from the entries anew.
CREATE TABLE IF NOT EXISTS suggestions (
  seq    INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  id     TEXT NOT NULL,
  status TEXT NOT NULL,
  author TEXT NOT NULL,
  text   TEXT NOT NULL
) STRICT;

-- Trades that waited for a person: asked at ``at``, as they are now; ``payload`` is core.approvals.Approval.
CREATE TABLE IF NOT EXISTS approvals (
  id          TEXT PRIMARY KEY,
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  signal_id   TEXT NOT NULL,
  decision_id TEXT NOT NULL,
  symbol      TEXT NOT NULL,
  status      TEXT NOT NULL,
  author      TEXT,
  ended_at    INTEGER,
  payload     ANY NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS approvals_newest ON approvals (seq DESC, id DESC);

-- Alerts: when each began to stand, and when it cleared.
CREATE TABLE IF NOT EXISTS risk_events (
  id          TEXT PRIMARY KEY,
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  code        TEXT NOT NULL,
  cleared     INTEGER NOT NULL,
  position_id TEXT,
  text        TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS risk_events_newest ON risk_events (seq DESC, id DESC);

-- The events of the stream in their order; ``key`` is the id of what happened, ``payload`` the event's data where no
-- other table keeps it unchanged. The meta key streamed_after is the last input of a ledger from before this table.
CREATE TABLE IF NOT EXISTS stream_events (
  seq     INTEGER NOT NULL,
  n       INTEGER NOT NULL,
  kind    TEXT NOT NULL,
  symbol  TEXT,
  key     TEXT NOT NULL,
  payload ANY,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;

-- The engine's state after an input, compressed; ``head`` is the hash of that input, ``hash`` covers all of it
-- (server/ledger/checkpoint.py).
CREATE TABLE IF NOT EXISTS checkpoints (
  seq   INTEGER PRIMARY KEY,
  at    INTEGER NOT NULL,
  head  BLOB NOT NULL,
  state BLOB NOT NULL,
  hash  BLOB NOT NULL
) STRICT;
