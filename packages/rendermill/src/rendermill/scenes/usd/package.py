"""Checks of a USD package (.usdz): a zip archive whose members are stored, each at a multiple of 64 bytes."""

from __future__ import annotations

from rendermill.scenes.findings import DamageError, Findings
from rendermill.scenes.usd.address import LAYERS, Address
from rendermill.scenes.usd.opening import Opener

_ALIGNMENT = 64


def check(package: Address, opener: Opener, found: Findings) -> Address:
    """The package's layer, which is its first file; notes what USD does not allow. Raises DamageError if none is."""
    first = opener.first(package)
    if first is None:
        raise DamageError("it is a zip archive that cannot be read, or an empty one")
    if first.ending not in LAYERS or first.ending == "usdz":
        raise DamageError(f"its first file, {first.inside[-1]}, is no USD layer")
    archive = opener.archive(package)
    for name in opener.members(package):
        info = archive.GetFileInfo(name)
        if info.compressionMethod or info.encrypted:
            found.warn(f"{name} is compressed or encrypted in it, which USD does not read")
        elif info.dataOffset % _ALIGNMENT:
            found.warn(f"{name} does not begin at a multiple of {_ALIGNMENT} bytes in it, as USD packages demand")
    return first
