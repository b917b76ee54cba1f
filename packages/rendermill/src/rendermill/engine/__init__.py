"""Where sessions run, and the host that runs them."""
