"""The calls, by what they are about. Importing a module registers its calls."""
