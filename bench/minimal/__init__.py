"""The least that Django needs to take an alert: the yardstick of the intake, on the same PostgreSQL and the same servers."""
