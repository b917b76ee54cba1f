"""Reads USD layers and packages (.usda, .usdc, .usd, .usdz) with usd-core, which must be installed.

Every layer that a scene is made of is looked through, whatever its variants select: what it names is told with the
layer, the prim and the attribute that name it. Of the composed scene only cameras and render settings are looked at,
so geometry is never composed.

A ``Renderable`` is of one of three kinds. ``render_product``: a RenderProduct of some RenderSettings; its ``details``
hold ``settings`` (the path of those), ``productType`` and ``vars`` (the names of its render variables).
``render_settings``: RenderSettings that list no product. ``stage``: the whole, named ``/``, where there are no render
settings. Where no camera is set it has every camera of the scene. Its frames are those of the scene, or frame 1 alone
where the scene names none.
"""

from __future__ import annotations

from rendermill.scenes.findings import DamageError, Findings, Source
from rendermill.scenes.report import Software


def read(source: Source, found: Findings) -> None:
    """Read a USD scene with its layers. Raises DamageError if it cannot be opened or usd-core is not there."""
    found.software = Software("usd", _version(bytes(source.data[:64])))
    try:
        import pxr  # noqa: F401
    except ImportError as error:
        raise DamageError("usd-core is not installed: pip install rendermill[usd]") from error
    from rendermill.scenes.usd.scene import read_scene

    read_scene(source, found)


def _version(head: bytes) -> str:
    """The version of the file format; a package has none."""
    if head.startswith(b"PXR-USDC") and len(head) > 10:
        return f"{head[8]}.{head[9]}.{head[10]}"
    words = head.removeprefix(b"\xef\xbb\xbf").split(maxsplit=2)
    return words[1].decode("ascii", "replace") if words[:1] == [b"#usda"] and len(words) > 1 else ""
