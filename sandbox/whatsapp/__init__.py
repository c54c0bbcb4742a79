"""A double of the WhatsApp Cloud API on loopback, for trying Muster out and for tests. It sends nothing to anybody.

It checks tokens, templates and limits as the API does, gives the same answers, and sends signed webhooks. Faults are caused by
phone numbers and by commands. See docs/whatsapp-sandbox.md.
"""
