"""Bitget futures: USDT-, USDC- and coin-margined contracts of classic and of unified accounts."""
