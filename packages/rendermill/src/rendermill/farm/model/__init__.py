"""The words that client and server share: errors, statuses, records, submissions.

Nothing in here does I/O.
"""
