"""The logs of a workspace: who entered and left its segments, and other events.

log          what a log is: three tables of one shape
members      the log of members
events       the log of other events
append       writes to a log
read         reads a log page by page, after a position
tail         follows logs live inside a process
live_reader  reads one log once, for all its followers
followers    a live follower, and the entries that wait for it
readers      stores the positions of workers that read a log
hints        tells other processes that a log has grown
cursor       positions as opaque text for clients
retention    drops what is older than the logs are kept
"""
