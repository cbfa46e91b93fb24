"""How the service is: alive, ready, measured; how it starts and what it writes in its logs."""
