"""What is worth a message, how it reads, and that it arrives.

`rules` decides, `render` writes, `announce` turns both into records and messages (all pure); `outbox` delivers what
the store holds through `sinks`. Knows no library of a chat service, no database and no venue.
"""
