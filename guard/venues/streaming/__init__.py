"""Listening to venues: one public stream of mark prices for each site, one private stream for each account.

Owns connections that ccxt.pro keeps, their liveness, and what they tell: mark prices, and that an account has changed.
No figure of an account is taken from a stream: an event only says that the account must be read again.
"""
