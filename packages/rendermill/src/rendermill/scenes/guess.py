"""Strings that look like the path of a file: for what a reader finds without understanding what holds it."""

from __future__ import annotations

_LONGEST = 1024
_PICTURES = (
    "bmp cin dds dpx exr gif hdr hdri ies iff jpeg jpg mov mp4 pic png psd ptex ptx rat sgi tex tga tif tiff tx webp"
)
_SCENES = (
    "abc ass bgeo blend c4d dae fbx geo glb gltf lwo ma max mb mc mcx mdd obj pc2 pdb ply project prt rib rs sc stl "
    "usd usda usdc usdz vdb vrmesh vrscene xml"
)
_OTHERS = "aif aiff cube ifl lut mp3 ocio osl oso spi1d spi3d wav"
_EXTENSIONS = frozenset(f"{_PICTURES} {_SCENES} {_OTHERS}".split())


def looks_like_file(text: str) -> bool:
    """Whether a string ends in a name with an extension that scenes commonly use; no address with a scheme."""
    if len(text) > _LONGEST or "://" in text or not text.isprintable():
        return False
    name = text.replace("\\", "/").rpartition("/")[2]
    stem, _, extension = name.rpartition(".")
    return stem.strip(". ") != "" and extension.casefold() in _EXTENSIONS
