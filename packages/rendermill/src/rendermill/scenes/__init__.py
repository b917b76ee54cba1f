"""Reading scenes: what a farm must know before it renders one. Nothing in a scene is evaluated here."""
