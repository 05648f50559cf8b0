"""Kraken Futures: the multi-collateral wallet computed, single-collateral wallets as the venue reports them."""
