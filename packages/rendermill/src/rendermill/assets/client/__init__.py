"""The client's end of the transfer: what a machine sends to a farm's storage and fetches from it."""
