"""Reads Maya scenes, ``.ma`` (text) and ``.mb`` (IFF): layers, cameras, frames, settings and files.

Each layer is a :class:`Renderable`: of kind ``layer`` the default one (``defaultRenderLayer``; ``masterLayer`` where
Render Setup is used), of kind ``render_layer`` those of old, of kind ``render_setup_layer`` those of Render Setup. It
is enabled if it is renderable. Its output is the file name prefix as set, ``<Scene>`` if it is not, with ``<Layer>``
and ``<Camera>`` before it where Maya puts them itself. Attributes at their default are not in a scene: its version
tells which those are.

``details``: ``image_format`` and ``image_file_prefix`` as set, ``all_camera``, ``render_camera``, ``is_default_camera``
(it renders through none but those that every scene has), ``animation``, ``renumber_frames``, ``padding``,
``layer_type`` (``0`` render layers of old, ``1`` Render Setup), ``project`` and ``images`` (folders), ``playback``
(first and last frame of the time slider).

Scripts and expressions are not evaluated. The project is the nearest folder above with a ``workspace.mel``, which is
read. What a .mb tells is of low confidence, because its format is not published.
"""

from __future__ import annotations

from rendermill.scenes.findings import Findings, Source
from rendermill.scenes.maya import ascii as text
from rendermill.scenes.maya import binary
from rendermill.scenes.maya.meaning import tell
from rendermill.scenes.report import Confidence


def read(source: Source, found: Findings) -> None:
    """Read a scene."""
    if bytes(source.data[:3]) == b"FOR":
        found.confidence = Confidence.LOW
        scene = binary.parse(source, found)
    else:
        scene = text.parse(source, found)
        if not scene.complete:
            found.warn("the scene does not end as Maya ends one: it may be cut off")
    tell(scene, source, found)
