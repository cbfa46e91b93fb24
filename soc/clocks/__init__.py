"""The time that is left: instruments, rules, clocks and their ledger."""
