"""The client's side: connect to a server, prepare a job, send its files, follow it, fetch what it made."""
