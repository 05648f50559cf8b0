"""Gate: perpetual contracts of classic and unified accounts."""
