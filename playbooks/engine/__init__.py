"""How a run goes on: claim, decide, perform outside any transaction, record."""
