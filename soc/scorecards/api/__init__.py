"""The API of scorecards and standings."""
