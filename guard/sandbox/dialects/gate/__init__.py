"""The dialect of Gate (APIv4)."""
