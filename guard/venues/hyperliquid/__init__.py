"""Hyperliquid perpetuals: watched by wallet address, traded with an agent's key."""
