"""Bybit's V5 API over the one engine."""
