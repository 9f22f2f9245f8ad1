"""The listener: webhooks in, pages of the ledger out, commands from those who may."""
