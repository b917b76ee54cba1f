"""Tasks before they are submitted."""
