"""Webhooks to partners. An endpoint is a cursor over the logs.

event_types   what can be subscribed to, with schemas and examples: a new event of the log is added here
urls          which addresses may be endpoints, by their text
settings      what an endpoint is set to, checked
endpoints     create, change, delete
lifecycle     pause, resume, new secrets
rows          endpoints and deliveries as they are read
positions     the cursor of an endpoint: where it stands in both logs
ranges        how many entries go into which request; pure
planning      ranges of the logs become deliveries
bodies        what is sent for a delivery
schedule      when a failed request is tried again
outcomes      what attempts make of deliveries and of their endpoint
resending     test, resend, replay
messages      events that other parts of the product send to one endpoint
dispatch      which endpoints have something to send
"""
