"""Where everything that happened is kept: the journal of inputs, and the tables made from it."""
