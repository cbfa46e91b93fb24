"""The frame of every page: its words for time, its marks, and the first page of each role."""
