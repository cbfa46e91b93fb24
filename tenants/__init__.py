"""Who we are, the wall between us, and what happened."""
