"""A double of the WhatsApp Cloud API on loopback, which sends nothing to anybody: docs/whatsapp-sandbox.md."""
