"""What the Rayvision door keeps beside the jobs: its tasks, projects, labels, environments and records."""
