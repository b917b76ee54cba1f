"""The heart of the farm: jobs, their statuses and legal moves, the scheduler, and the ports it needs.

Standard library and ``openjd-model`` only: no SQL, no HTTP, no engine, no Blender in here.
"""
