"""What the branches of Binance's futures share: they speak alike, at addresses of their own."""
