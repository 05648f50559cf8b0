"""Binance USD-M futures: single-asset and multi-assets mode, one-way and hedge mode, through ccxt's raw endpoints."""
