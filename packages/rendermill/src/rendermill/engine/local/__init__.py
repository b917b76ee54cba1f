"""Sessions as processes of this machine.

server → fork server → one reaper per session → the session's host → what its tasks start. Whatever of these dies,
everything below it dies within a second: each reaper is a subreaper that kills its whole tree when the host ends,
when the server closes its lifeline, or when the fork server goes.
"""
