"""Every read of clocks and of the instruments behind them."""
