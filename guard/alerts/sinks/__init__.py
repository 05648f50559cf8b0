"""alerts/sinks."""
