"""Binance USD-M futures on the wire: REST, WebSocket, signatures, limits and error codes."""
