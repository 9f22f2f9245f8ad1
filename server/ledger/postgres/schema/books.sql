-- Since version 2. Books: trades that this engine did not make, from statements and exports (core/statements), kept
-- apart from all else. ``book_rows`` are the rows of the files, the rest is made of them (server/ledger/books.py). Days are the
-- exchange's; ``n`` numbers the trades of a book by their opening; ``sums`` is JSON.
CREATE TABLE books (
  book      text COLLATE "C" PRIMARY KEY,
  seq       bigint NOT NULL,
  at        bigint NOT NULL,
  layout    text COLLATE "C" NOT NULL,
  imports   bigint NOT NULL,
  file      text COLLATE "C" NOT NULL,
  file_rows bigint NOT NULL,
  added     bigint NOT NULL,
  unread    bigint NOT NULL,
  sums      text COLLATE "C" NOT NULL
);

CREATE TABLE book_rows (
  book    text COLLATE "C" NOT NULL,
  id      text COLLATE "C" NOT NULL,
  seq     bigint NOT NULL,
  payload text COLLATE "C" NOT NULL,
  PRIMARY KEY (book, id)
);

CREATE TABLE book_trades (
  book         text COLLATE "C" NOT NULL,
  n            bigint NOT NULL,
  seq          bigint NOT NULL,
  id           text COLLATE "C" NOT NULL,
  symbol       text COLLATE "C" NOT NULL,
  direction    text COLLATE "C" NOT NULL,
  contract     text COLLATE "C" NOT NULL,
  occ          text COLLATE "C",
  setup        text COLLATE "C",
  state        text COLLATE "C" NOT NULL,
  side         text COLLATE "C" NOT NULL,
  opened_at    bigint,
  opened_day   text COLLATE "C" NOT NULL,
  closed_at    bigint,
  closed_day   text COLLATE "C",
  contracts    double precision NOT NULL,
  entry_price  double precision,
  exit_price   double precision,
  hold_seconds double precision,
  r            double precision,
  net          double precision,
  in_open      double precision NOT NULL,
  fees         double precision NOT NULL,
  reason       text COLLATE "C",
  search       text COLLATE "C" NOT NULL,
  PRIMARY KEY (book, n)
);
