"""Every write of the simulated floor, each through the operations of the apps below."""
