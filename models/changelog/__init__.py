"""The logs of a workspace: who entered and left its segments, and other events.

log, members, events           what a log is; the two logs       append     writing to a log
read                           page by page after a position     cursor     a position for clients
tail, live_reader, followers   following live in a process       hints      that a log has grown
readers                        stored positions of workers       retention  how long logs are kept
"""
