"""What the work is worth: times measured from the journal, scorecards, standings."""
