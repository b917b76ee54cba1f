import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from rendermill.software.blender.inside import commandline

PROGRAM = Path(commandline.__file__)
BUILD = """
import bpy, sys
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device, scene.cycles.samples = "CPU", 1
scene.render.resolution_x, scene.render.resolution_y = 32, 18
scene.frame_start, scene.frame_end = 1, 4
scene.render.filepath = "//default_"
bpy.data.scenes.new("no camera")
boot = bpy.data.texts.new("boot.py")
boot.write("print('boot has run')")
boot.use_module = True
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1])
"""


class Blender:
    """Runs command lines beside a fresh copy of the scene."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.command = [str(python), str(PROGRAM), "-b"]
        self.folder = folder

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def pictures(self) -> list[str]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.folder)) for path in files if path.suffix != ".blend")


@pytest.fixture
def blender(bpy_python: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Blender:
    built = tmp_path_factory.getbasetemp() / "blender_commandline.blend"
    if not built.exists():
        subprocess.run([bpy_python, "-c", BUILD, built], check=True, capture_output=True, timeout=60)
    shutil.copy(built, tmp_path / "scene.blend")
    return Blender(bpy_python, tmp_path)


def test_stills_and_animations_with_options_taken_from_left_to_right(blender: Blender) -> None:
    print_threads = "import bpy; print('threads', bpy.context.scene.render.threads)"
    command = ["-o", "too_early_", "scene.blend", "--python-expr", print_threads, "-f", "3"]
    command += ["-o", "//still_##", "-F", "JPEG", "-f", "2,-1"]
    command += ["-x", "0", "-o", "sub/bare_#", "-f", "+0"]
    command += ["-F", "OPEN_EXR", "-x", "1", "-o", "//anim_", "-s", "2", "-e", "-0", "-j", "2", "-a"]
    command += ["-o", "too_late_", "-t", "1", "--", "--cycles-device", "CPU"]
    ran = blender(*command)
    assert (ran.returncode, ran.stderr) == (0, "")
    numbered = ["anim_0002.exr", "anim_0004.exr", "default_0003.png", "still_02.jpg", "still_04.jpg"]
    expected = [*numbered, "sub/bare_1"]
    assert blender.pictures() == expected
    assert all(f"{name}'" in ran.stdout for name in expected)
    assert "Saved: " in ran.stdout
    assert "threads 1" in ran.stdout
    assert (blender.folder / "sub/bare_1").read_bytes()[:3] == b"\xff\xd8\xff"
    assert (blender.folder / "anim_0002.exr").read_bytes()[:4] == b"\x76\x2f\x31\x01"


def test_a_wrong_engine_ends_the_run_but_not_what_came_before(blender: Blender) -> None:
    ran = blender("scene.blend", "-F", "NOPE", "-f", "1", "-E", "NOPE", "-f", "2")
    assert ran.returncode == 1
    assert blender.pictures() == ["default_0001.png"]
    complaints = ran.stderr.splitlines()
    assert complaints[0] == "Error: -F: format 'NOPE' is not known to this Blender"
    assert complaints[1].startswith("Error: engine not found 'NOPE'; there are ")
    assert "CYCLES" in complaints[1]
    assert len(complaints) == 2


@pytest.mark.parametrize("name", ["missing.blend", "broken.blend"])
def test_a_file_that_does_not_open_ends_the_run(blender: Blender, name: str) -> None:
    (blender.folder / "broken.blend").write_text("BLENDER, but not really")
    ran = blender(name, "--python-expr", "print('went on')")
    assert ran.returncode == 1
    assert name in ran.stderr
    assert ran.stderr.startswith("Error: ")
    assert ran.stderr.count("\n") == 1
    assert "went on" not in ran.stdout


def test_without_a_camera_the_run_goes_on_and_fails(blender: Blender) -> None:
    ran = blender("scene.blend", "-S", "no camera", "-f", "1", "--python-expr", "print('went on')")
    assert ran.returncode == 1
    assert "no camera" in ran.stderr
    assert "went on" in ran.stdout
    assert blender.pictures() == []


def test_a_picture_without_content_fails_and_a_handler_left_behind_does_not_hang(blender: Blender) -> None:
    empty = "open(bpy.path.abspath('//default_0001.png'), 'w').close()"
    ran = blender(
        "scene.blend",
        "--python-expr",
        f"import bpy; bpy.app.handlers.render_write.append(lambda *_: {empty})",
        "-f",
        "1",
    )
    assert ran.returncode == 1
    assert "default_0001.png' is missing or empty" in ran.stderr


def test_scripts_see_the_whole_command_line_and_count_only_if_asked_to(blender: Blender) -> None:
    script = blender.folder / "fail.py"
    script.write_text("import sys\nprint(__name__, __file__, sys.argv[0], sys.argv[-1])\n{}['key']\n")
    ran = blender("-P", "fail.py", "-P", "none.py", "--python-text", "none", "--", "last")
    assert ran.returncode == 0
    assert f"__main__ {script} blender last" in ran.stdout
    assert "line 3, in <module>" in ran.stderr
    assert "commandline.py" not in ran.stderr
    assert "none.py' could not be opened" in ran.stderr
    assert "text block not found 'none'" in ran.stderr


def test_the_exit_code_of_scripts_is_set_from_left_to_right(blender: Blender) -> None:
    script = ["--python-expr", "print('run'); 1 / 0"]
    ran = blender(*script, "--python-exit-code", "3", *script, *script)
    assert ran.returncode == 3
    assert ran.stdout.count("run") == 2


def test_a_script_may_end_the_run(blender: Blender) -> None:
    assert blender("--python-expr", "import sys; sys.exit(5)", "-a").returncode == 5


@pytest.mark.parametrize(("option", "runs"), [("-b", False), ("-y", True)])
def test_scripts_of_the_file_run_only_if_enabled_anywhere(blender: Blender, option: str, runs: bool) -> None:
    ran = blender("scene.blend", "-E", "help", option)
    assert ran.returncode == 0
    assert "\tCYCLES\n" in ran.stdout
    assert ("boot has run" in ran.stdout) is runs


def test_cycles_takes_its_device_from_behind_the_dashes(blender: Blender) -> None:
    ran = blender("scene.blend", "-f", "1", "--", "--cycles-device", "ABACUS")
    assert "ABACUS is not a valid Cycles device" in ran.stdout + ran.stderr
    assert (ran.returncode == 1) is (blender.pictures() == [])  # Blender 4.2 goes on with the device it has


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_at_once_and_quietly(blender: Blender, number: signal.Signals) -> None:
    code = "import time; print('ready'); time.sleep(60)"
    command = [*blender.command, "--python-expr", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("ready" in line for line in process.stdout)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (-number, "")
