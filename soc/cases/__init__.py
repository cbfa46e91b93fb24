"""The work: alerts, cases, and everything that is done to them."""
