"""Binance portfolio margin: USD-M and COIN-M positions, margin balances and loans in one account; watched only."""
