"""PostgreSQL with a scope at every BEGIN."""
