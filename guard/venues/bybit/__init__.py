"""Bybit's unified trading account: USDT, USDC and inverse contracts."""
