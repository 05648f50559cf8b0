"""Pictures of an account for a phone: its history, exposure, distance to liquidation, and stress.

Plain values in, PNG bytes out. Three steps, each in files of its own: what is shown is decided by pure functions
(`history`, `exposure`, `reach`, `heat`: records to a picture as a value, see `picture`), drawn by matplotlib (`draw`
and the `draw_*` files), in a process of its own (`studio`, `worker`), so that nobody's alert waits for a picture.
Knows neither the store nor any chat.
"""
