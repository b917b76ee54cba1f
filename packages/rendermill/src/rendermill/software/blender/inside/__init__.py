"""Scripts that run inside Blender's own process: standard library and ``bpy`` only, and no import from outside here.

Blender is GPL software; these scripts talk to it in its process, and the rest of Rendermill talks to them over pipes.
"""
