"""Binance COIN-M futures: coin-settled perpetual and delivery contracts, a pool for each coin."""
