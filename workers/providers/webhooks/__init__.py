"""Sends webhooks: signing, safe addresses, the HTTP client."""
