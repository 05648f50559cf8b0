"""Any other exchange that ccxt knows: watched by its unified answers, never traded."""
