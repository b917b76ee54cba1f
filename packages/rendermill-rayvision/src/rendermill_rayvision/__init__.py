"""What the import names of the Rayvision SDK have in common, over Rendermill's own reading of scenes.

The packages beside this one (``rayvision_houdini``, ``rayvision_maya`` …) have the names that scripts import, and what
is particular to one application. Here is the rest: the analysis and the four files that it writes.
"""

__version__ = "0.5.0"
