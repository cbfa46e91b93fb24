"""Pages of the measures: standings, and one agency's scorecard with what stands behind it."""
