"""Accounts at venues: the only room that knows ccxt.

`guard.venues.registry.open_account` is the door. ccxt is loaded when the first account is opened, and of it only the
module of that venue (`guard.venues.library`).
"""
