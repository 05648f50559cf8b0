"""Binance COIN-M in the sandbox: the endpoints of USD-M under other paths, names and units."""
