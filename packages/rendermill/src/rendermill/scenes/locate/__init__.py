"""Finding the files that a scene names: path templates, the disk, and where files of another machine lie here."""
