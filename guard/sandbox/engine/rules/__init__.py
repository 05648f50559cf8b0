"""Margin rules of venues other than Binance USD-M, in exact decimals, written apart from the guard's own."""
