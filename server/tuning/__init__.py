"""Search over rules on a ledger's past, by any number of processes on one study."""
