"""The two ends of the channel layer: ringing after a commit, and hearing for all sockets of a process."""
