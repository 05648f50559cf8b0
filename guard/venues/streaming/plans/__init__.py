"""What may be listened to at each venue: which ccxt.pro methods, and how their messages are read. Pure tables."""
