"""BingX perpetual futures over the engine: REST under `/openApi`, gzipped WebSocket frames, listen keys."""
