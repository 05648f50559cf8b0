"""Deterministic simulation: the production code under virtual time, with the sandbox engine in process.

Owns the event loop that advances a clock instead of sleeping, seeded identifiers, and a venue account without a wire.
Stands above `app` and `sandbox`; nothing of the service imports it.
"""
