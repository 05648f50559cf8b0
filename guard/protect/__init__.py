"""Protection: gates, plan, journal and executor of orders that bring an account back under its target.

`gate`, `plan` and what they are made of are pure; `executor` and `recovery` do the I/O through
`guard.ports.venue.VenueAccount` and `guard.protect.journal.JournalPort`. Knows no venue library, no database, no chat.
"""
