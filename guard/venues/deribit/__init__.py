"""Deribit futures: standard margin, segregated and cross; portfolio margin as the venue reports it."""
