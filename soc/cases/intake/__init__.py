"""How an alert of any known form becomes one normal alert, and which case it belongs to."""
