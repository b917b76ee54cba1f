"""USD scenes for tests: text layers from lines, crates from text, and packages as USD wants them."""

from __future__ import annotations

import zipfile
from pathlib import Path

from pxr import Sdf

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.locate.locator import Maps
from rendermill.scenes.report import FileUse, SceneReport


def text(*blocks: str, head: str = "") -> str:
    """A text layer; ``head`` are its metadata, a line each."""
    metadata = f"(\n{head}\n)\n" if head else ""
    return f"#usda 1.0\n{metadata}" + "\n".join(blocks) + "\n"


def prim(what: str, *body: str, meta: str = "") -> str:
    """A prim: ``Camera "main"``, with its metadata and what is in it."""
    metadata = f" (\n{meta}\n)" if meta else ""
    specifier = "" if what.startswith(("over ", "class ")) else "def "
    return f"{specifier}{what}{metadata}\n{{\n" + "\n".join(body) + "\n}"


def variants(name: str, **bodies: str) -> str:
    """A variant set with a body for each variant; its prim's metadata must name it."""
    inside = "\n".join(f'"{variant}" {{\n{body}\n}}' for variant, body in bodies.items())
    return f'variantSet "{name}" = {{\n{inside}\n}}'


def write(path: Path, content: str | bytes = "") -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def crate(path: Path, content: str) -> Path:
    """The same layer as a crate (.usdc)."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    layer.ImportFromString(content)
    target = path.with_name(f"{path.name}.usdc")
    layer.Export(str(target))
    return target.rename(path)


def package(path: Path, members: dict[str, str | bytes], *, aligned: bool = True, compressed: str = "") -> Path:
    """A package (.usdz): stored members, each at a multiple of 64 bytes; one of them may be ``compressed``."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            start = (archive.start_dir if hasattr(archive, "start_dir") else 0) + 30 + len(name.encode()) + 4
            padding = (-start) % 64 if aligned else (-start) % 64 + 1
            info.extra = b"\x86\x19" + padding.to_bytes(2, "little") + b"\0" * padding
            kind = zipfile.ZIP_DEFLATED if name == compressed else zipfile.ZIP_STORED
            archive.writestr(info, content, compress_type=kind)
    return path


def report(path: Path, maps: Maps = ()) -> SceneReport:
    """What is read of a scene, in this process."""
    return examine(path, maps, Listener())


def files(found: SceneReport) -> dict[str, FileUse]:
    """The files of a report by what the scene writes."""
    return {each.path: each for each in found.files}
