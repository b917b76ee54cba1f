"""Text layers that break off or break their grammar: what stands before the damage is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.scenes_usd import report, write

SCENE = """#usda 1.0
(
    startTimeCode = 5
    endTimeCode = 7
    customLayerData = {
        string note = "a ) and a { in a string"
    }
)

def Xform "World" (
    doc = \"\"\"a ] in
    a text of two lines\"\"\"
)
{
    # a comment with a }
    asset first = @./tex/a(1.png@
    asset[] more = [
        @./b.png@,
        @@@./c@2.png@@@
    ]
    def Camera "Main" (
        active = true
    )
    {
        float focalLength = 50
    }
    asset last = @./d.png@
}
"""


def paths(scene: str, folder: Path) -> list[str]:
    found = report(write(folder / "shot.usda", scene))
    assert found.damage.startswith("damaged at byte ")
    return [each.path for each in found.files]


def test_a_text_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    scene = SCENE[: SCENE.index("asset last") + 10]
    found = report(write(tmp_path / "shot.usda", scene))
    assert found.damage.startswith(f"damaged at byte {scene.rindex('    asset')}: line 27: ")
    assert found.frames is not None
    assert (found.frames.start, found.frames.end) == (5, 7)
    assert found.cameras == ("/World/Main",)
    assert [each.path for each in found.files] == ["./tex/a(1.png", "./b.png", "./c@2.png"]


@pytest.mark.parametrize("length", range(60, len(SCENE) - 2, 7))
def test_wherever_a_text_breaks_off_nothing_before_is_lost(tmp_path: Path, length: int) -> None:
    found = report(write(tmp_path / "shot.usda", SCENE[:length]))
    assert found.damage
    assert (found.frames is not None) == (length > SCENE.index("endTime"))
    before = SCENE[: max(0, SCENE.rfind("\n", 0, length))]
    assert ("/World/Main" in found.cameras) == (")\n    {" in before)
    assert ("./b.png" in [each.path for each in found.files]) == ("    ]\n" in f"{before}\n")


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("float focalLength = 50", "float focalLength = @x@"),
        ("float focalLength = 50", "float2 focalLength = (1,)"),
        ('def Camera "Main"', 'def Camera "Ma in"'),
    ],
)
def test_a_fault_in_the_middle_costs_what_follows(tmp_path: Path, sound: str, broken: str) -> None:
    assert paths(SCENE.replace(sound, broken), tmp_path) == ["./tex/a(1.png", "./b.png", "./c@2.png"]
