"""A double of the Marketing API's custom audiences on loopback, which shows nobody anything: docs/meta-sandbox.md."""
