"""The logs of a workspace: who entered and left its segments, and what else happened.

`log` says what a log is, `members` and `events` are the two that there are. `append` writes, `read` reads page by page, `tail`
follows live inside a process, `readers` keeps the positions of workers that read, `retention` drops what is old, `cursor` makes
of a position what a partner keeps.
"""
