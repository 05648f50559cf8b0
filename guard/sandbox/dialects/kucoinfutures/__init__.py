"""KuCoin futures as the sandbox speaks it."""
