"""The append-only table of facts: recording, delivery, sealing."""
