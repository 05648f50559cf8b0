"""Pure risk engine."""
