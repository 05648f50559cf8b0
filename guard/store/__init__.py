"""Memory: what is remembered across cycles and crashes, in one SQLite file by default.

The only room that knows SQLModel, SQLAlchemy and alembic. Values of `guard.ports` go in and come out; rows, connections
and SQL never leave. Knows nothing of venues, chats or the meaning of a zone: it keeps what it is given.

`tables` are the rows, `people`, `accounts`, `cycle`, `history`, `outbox`, `journal` the statements over them by
concept, `store.Store` the door. `engine` owns connections and transactions, `vault` the key that seals credentials,
`schema` and `migrate` the version of the tables.
"""
