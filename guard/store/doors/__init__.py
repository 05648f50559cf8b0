"""The store's methods by concept: each door adds those of one concept to `guard.store.store.Store`."""
