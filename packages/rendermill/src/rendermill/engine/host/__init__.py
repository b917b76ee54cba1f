"""The session host: the process that runs one session on a worker.

It lays inputs out, drives the OpenJD session, keeps a log for each attempt, collects what a task wrote, and, while
the next task runs, verifies and publishes it.
"""
