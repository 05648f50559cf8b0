"""Channels of delivery, one a file; each is a `guard.ports.sending.Sink`."""
