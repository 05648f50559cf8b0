"""The sandbox in Hyperliquid's words."""
