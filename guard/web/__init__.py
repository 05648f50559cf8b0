"""Health and metrics over HTTP, loopback by default. Knows nothing of accounts, venues or storage."""
