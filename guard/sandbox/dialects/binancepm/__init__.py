"""Binance portfolio margin in the sandbox: what is read of such an account; no orders are taken on this wire."""
