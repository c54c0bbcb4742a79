"""The WhatsApp Business Cloud API: client, messages, errors and webhooks."""
