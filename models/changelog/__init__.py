"""The logs of a workspace: who entered and left its segments, and what else happened.

log          what a log is: three tables of one shape      members     the log of members
append       writing to a log                              events      the log of events
read         a log, page by page after a position          cursor      what a partner keeps of a position
tail         logs followed live inside a process           live_reader, followers   its parts
readers      positions of workers, kept in the database    retention   how long the logs are kept
"""
