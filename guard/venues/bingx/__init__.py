"""BingX perpetual futures, USDT- and USDC-margined and coin-margined, through ccxt's raw endpoints."""
