"""The dialect of OKX (V5)."""
