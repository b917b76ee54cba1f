"""What several layers of tests use."""
