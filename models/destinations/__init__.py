"""Where what happens is told to others: webhooks of partners, advertising audiences."""
