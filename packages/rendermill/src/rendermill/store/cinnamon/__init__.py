"""Cinnamon repositories in SQL: folders, objects, metasets, and who may do what with them."""
