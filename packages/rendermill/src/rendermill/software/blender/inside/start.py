"""Runs one of the scripts beside it inside Blender: ``start.py NAME ARGUMENTS…``.

It makes ``rendermill`` importable without putting this environment's other packages, built for another Python, on
Blender's path.
"""

import runpy
import sys
import types
from pathlib import Path


def main() -> None:
    """Run the script."""
    if "bpy" in sys.modules:  # an executable: what is meant for us follows its --
        sys.argv = [__file__, *sys.argv[sys.argv.index("--") + 1 :]]
    package = types.ModuleType("rendermill")
    package.__path__ = [str(Path(__file__).resolve().parents[3])]
    sys.modules["rendermill"] = package
    name = f"rendermill.software.blender.inside.{sys.argv[1]}"
    del sys.argv[1]
    runpy.run_module(name, run_name="__main__", alter_sys=False)


if __name__ == "__main__":
    main()
