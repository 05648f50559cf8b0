"""The words that sibling rooms exchange: errors, clock, venue accounts, stored records.

Values and protocols only, no behaviour. Rooms that must not know each other (`venues`, `store`, `alerts`,
`protect`, `bot`, `web`) speak in these; `app` wires them together. ccxt dicts, SQLModel rows and Telegram
objects never appear here.
"""
