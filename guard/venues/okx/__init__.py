"""OKX: futures, multi-currency and portfolio accounts."""
