"""Every write of clocks and of the instruments behind them."""
