"""Files by content: hashing, and the blob store."""
