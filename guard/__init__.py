"""Risk guard: a watchdog for cross-margin derivatives accounts."""

__version__ = "0.1.0"
