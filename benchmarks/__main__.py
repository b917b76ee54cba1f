"""``make bench``: every measurement, medians of five; ``python -m benchmarks tasks|blender`` for a part."""

import sys

from benchmarks import blender, tasks


def main() -> None:
    """Measure."""
    wanted = sys.argv[1:] or ["tasks", "blender"]
    if "tasks" in wanted:
        tasks.throughput()
        tasks.long_queue()
    if "blender" in wanted:
        blender.main()


main()
