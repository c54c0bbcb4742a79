"""A WhatsApp that runs on loopback: a faithful double of the Cloud API for trying things out and for tests.

It checks tokens, templates, the number's throughput and the limit per person as the API does, answers in the same words, and
tells the rest by signed webhooks with delays. Faults come by phone number and by command, and it counts what it accepted for
whom. It sends nothing to anybody, and production never talks to it. See docs/whatsapp-sandbox.md.
"""
