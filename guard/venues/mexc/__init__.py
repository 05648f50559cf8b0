"""MEXC futures, watched only, through ccxt's raw endpoints."""
