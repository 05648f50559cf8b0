"""Wire dialects: how a real venue would say what the engine knows."""
