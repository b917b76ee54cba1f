"""What the farm needs of the rest: a store, blobs, an engine, a clock. Declared here, implemented elsewhere."""
