"""A plug-in for RenderServers: a thumbnail of an image, which becomes the task's content.

    python examples/cinnamon_thumbnail.py ID REPOSITORY HOST TICKET

The task's ``sourceId`` names the object with the image, its ``size`` (default 256) the longest side in pixels. What is
not given as arguments comes from ``CINNAMON_ID``, ``CINNAMON_REPOSITORY``, ``CINNAMON_HOST`` and ``CINNAMON_TICKET``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import OpenImageIO as oiio

from rendermill.farm.model.errors import DamagedSceneError
from rendermill.sdk.cinnamon import RenderTask


def main() -> None:
    """Work on the task; if anything goes wrong the task fails, with the reason as a message."""
    with RenderTask.given() as task, tempfile.TemporaryDirectory() as folder:
        source = task.source(Path(folder))
        target = Path(folder) / f"{source.stem}.thumbnail.jpg"
        shrink(source, target, int(task.input.get("size", "256")))
        task.message(f"a thumbnail of {source.name}")
        task.finish(target)


def shrink(source: Path, target: Path, size: int) -> None:
    """Write a small JPEG of an image. Raises :class:`DamagedSceneError` if it is none."""
    image = oiio.ImageBufAlgo.fit(oiio.ImageBuf(str(source)), roi=oiio.ROI(0, size, 0, size, 0, 1, 0, 3))
    if image.has_error or not image.write(str(target)):
        raise DamagedSceneError(image.geterror() or "it is no image", where=source.name)


if __name__ == "__main__":
    main()
