"""Applications on this machine: found, installed, started. Shared by the client's side and the sessions."""
