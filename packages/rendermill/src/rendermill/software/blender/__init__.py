"""Blender: the ``bpy`` module in an environment of its own per version, or an installed executable."""
