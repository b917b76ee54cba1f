"""``make bench``: every measurement; ``python -m benchmarks tasks|blender|rayvision`` for a part."""

import sys

from benchmarks import blender, rayvision, tasks


def main() -> None:
    """Measure."""
    wanted = sys.argv[1:] or ["tasks", "blender", "rayvision"]
    if "tasks" in wanted:
        tasks.throughput()
        tasks.long_queue()
    if "blender" in wanted:
        blender.main()
    if "rayvision" in wanted:
        rayvision.main()


main()
