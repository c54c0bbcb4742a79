"""The WhatsApp Business Cloud API: client, messages, errors, webhooks, and a sandbox that speaks the same."""
