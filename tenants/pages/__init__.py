"""Pages of the bottom floor: directory, people, keys, parked deliveries, one's own account."""
