"""``make bench``: every measurement; ``python -m benchmarks tasks`` (blender, rayvision, cinnamon …) for a part."""

import sys

from benchmarks import blender, cinnamon, rayvision, scenes, tasks, transfer


def main() -> None:
    """Measure."""
    wanted = sys.argv[1:] or ["tasks", "blender", "rayvision", "cinnamon", "scenes", "transfer"]
    if "tasks" in wanted:
        tasks.throughput()
        tasks.long_queue()
    if "blender" in wanted:
        blender.main()
    if "rayvision" in wanted:
        rayvision.main()
    if "cinnamon" in wanted:
        cinnamon.main()
    if "scenes" in wanted:
        scenes.main()
    if "transfer" in wanted:
        transfer.main()


main()
