"""Writes Clarisse projects from a small description."""

from __future__ import annotations

from pathlib import Path


def block(head: str, *lines: str) -> str:
    """``head { lines }``, indented as Clarisse does."""
    inner = "\n".join(f"    {line}" for text in lines for line in text.split("\n"))
    return f"{head} {{\n{inner}\n}}"


def context(name: str, *items: str) -> str:
    return block(f'Context "{name}"', "#created 1455809270", *items)


def item(class_name: str, name: str, *lines: str) -> str:
    return block(class_name, f'name "{name}"', "#version 0.9", *lines)


def image(name: str, *lines: str, layers: tuple[str, ...] = ()) -> str:
    """An image whose layers are those items, all in its list."""
    names = " ".join(f'".{layer.split(chr(34))[1]}"' for layer in layers)
    embedded = (f"layers {names}", block("embedded_objects", *layers)) if layers else ()
    return item("Image", name, *lines, *embedded)


def preferences(*animation: str) -> str:
    """Preferences as they are: a playblast, the animation, windows."""
    return block(
        "#preferences",
        block(
            "categories",
            block("playblast", "start 7", "end 8", 'format "image"', r'filename "$CTEMP\\blast_#####"'),
            block("animation", *animation),
        ),
        block("ui", block("tab", 'editor "WidgetTimeline"', block("settings", "first_frame 1", "last_frame 10"))),
    )


def project(*blocks: str, version: str = "4") -> str:
    """A whole project."""
    head = ("#Isotropix_Serial_Version 1.2", f"#Isotropix_Clarisse_Version {version}")
    return "\n".join((*head, "#Isotropix_Clarisse_Project_Version 0.94", *blocks)) + "\n"


def write(folder: Path, text: str, name: str = "scene.bin") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
