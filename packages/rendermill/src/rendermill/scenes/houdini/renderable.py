"""One node that renders or writes, as a renderable."""

from __future__ import annotations

from typing import Any

from rendermill.scenes.findings import Findings
from rendermill.scenes.houdini import cameras, operators, outputs, stage
from rendermill.scenes.houdini.cameras import Cameras, Size
from rendermill.scenes.houdini.evaluate import Evaluator
from rendermill.scenes.houdini.numbers import finite, plain
from rendermill.scenes.houdini.operators import Operator
from rendermill.scenes.houdini.scene import Scene, base, relative
from rendermill.scenes.houdini.values import UnknownValueError
from rendermill.scenes.report import FrameRange, Renderable

_RANGES = {"0": "off", "1": "normal", "2": "on"}
_SIMULATION = {
    "sliceType": "slice_type",
    "simControlName": "hq_sim_controls",
    "num_slices": "num_slices",
    "cluster_node": "hq_cluster_node",
}
_SLICES = ("slicediv1", "slicediv2", "slicediv3")


class Rop:
    """A node that renders, read in the take that its evaluator is for."""

    def __init__(
        self,
        scene: Scene,
        all_cameras: Cameras,
        evaluator: Evaluator,
        found: Findings,
        node: str,
        operator: Operator,
    ) -> None:
        self._scene = scene
        self._cameras = all_cameras
        self._evaluator = evaluator
        self._found = found
        self._node = node
        self._operator = operator
        self._is_usd = operator.camera == "override_camera"
        self._settings = stage.settings_of(scene, evaluator, node) if self._is_usd else ""

    def renderable(self) -> Renderable:
        """All that is known of it. What has to be guessed is warned of."""
        camera, details = self._camera(), self._details()
        if camera and self._is_missing(camera):
            details["missing_camera"] = True
            self._found.warn(f"{self._node} renders through {camera}, which is not in the scene")
        return Renderable(
            name=self._node,
            kind=self._scene.types[self._node],
            frames=self._frames(),
            cameras=(camera,) if camera else (),
            resolution=self._size(camera),
            renderer=self._renderer(),
            output=self._output(),
            enabled=not self._scene.bypassed(self._node),
            active=True,
            details=details,
        )

    def _word(self, name: str) -> str:
        return self._evaluator.word(self._node, name)

    def _camera(self) -> str:
        """The camera's path; of a relative one that of its node. A ROP of USD may leave it to the render settings."""
        camera = self._word(self._operator.camera) if self._operator.camera else ""
        if not camera and self._settings:
            camera = self._evaluator.word(self._settings, "camera")
        if camera and not camera.startswith("/") and relative(self._node, camera) in self._scene.types:
            return relative(self._node, camera)
        return camera

    def _is_missing(self, camera: str) -> bool:
        """Whether the scene has no such camera. Prims of a stage, and nodes inside of assets, cannot be seen; what
        renders USD, or may render it, is therefore believed."""
        if self._operator.renderer in ("", "karma"):
            return False
        is_there = self._cameras.node(self._node, camera) != ""
        return not is_there and not self._cameras.may_hide(self._node, camera)

    def _size(self, camera: str) -> Size | None:
        if self._operator.role != "render":
            return None
        if self._is_usd:
            return stage.sized(self._evaluator, self._node, self._settings)
        node = self._cameras.node(self._node, camera) if camera else ""
        return cameras.sized(self._evaluator, self._node, node)

    def _renderer(self) -> str:
        if not self._is_usd:
            return self._operator.renderer
        delegate = self._word("renderer")
        return next((name for pattern, name in operators.DELEGATES if pattern.search(delegate)), delegate)

    def _output(self) -> str:
        """The picture or cache as the scene writes it; of a ROP that renders none, its description for the renderer;
        of a distributed simulation, what its driver writes."""
        written = outputs.pictures, outputs.exports
        for name, value in (each for kind in written for each in kind(self._evaluator, self._node, self._operator)):
            return outputs.raw(self._evaluator, self._node, name) if value.channel else value.value
        if self._operator.role == "simulation":
            return self._simulated()
        return outputs.raw(self._evaluator, self._settings, "picture") if self._settings else ""

    def _frames(self) -> FrameRange:
        """The frames that it renders; those of a distributed simulation are its driver's."""
        time = self._scene.time
        start = 1.0 if time.start is None else time.start
        end, step = start if time.end is None else time.end, 1.0
        if self._word("trange") in ("off", "0"):
            start = end = start if time.current is None else time.current
        else:
            start, end, step = self._range(self._driver() or self._node, start, end)
        return FrameRange(plain(start), plain(end), plain(step), plain(time.fps))

    def _range(self, node: str, start: float, end: float) -> tuple[float, float, float]:
        """First, last and step that a node tells (a task calls them range); what it does not tell is as given."""
        name = "range" if self._evaluator.component(node, "f1") is None else "f"
        first, last = self._frame(node, f"{name}1", start), self._frame(node, f"{name}2", end)
        return first, last, self._frame(node, f"{name}3", 1.0) or 1.0

    def _frame(self, node: str, name: str, default: float) -> float:
        try:
            number = self._evaluator.number(node, name)
        except UnknownValueError as error:
            number = finite(self._evaluator.saved(node, name))
            self._found.warn(f"{node} {name} depends on {error.reason}; its value when the scene was saved is taken")
        return default if number is None else number

    def _driver(self) -> str:
        """The node that a distributed simulation runs; empty for none."""
        path = self._word("hq_driver")
        node = relative(self._node, path) if path else ""
        return node if node in self._scene.types else ""

    def _details(self) -> dict[str, Any]:
        details: dict[str, Any] = {"role": self._operator.role, "take": self._word("take")}
        trange = self._word("trange")
        details["trange"] = _RANGES.get(trange, trange)
        if self._evaluator.component(self._node, "f1") is not None:
            details["f"] = [plain(number) for number in self._range(self._node, 1.0, 1.0)]
        for name, _ in outputs.exports(self._evaluator, self._node, self._operator):
            details["export"] = outputs.raw(self._evaluator, self._node, name)
        if self._operator.role == "simulation":
            details |= self._simulation()
        return details

    def _simulation(self) -> dict[str, Any]:
        """What a distributed simulation is set up with."""
        return {
            "output_driver": self._driver() or self._word("hq_driver"),
            "output_file": self._simulated(),
            **{name: self._word(parm) for name, parm in _SIMULATION.items()},
            "slicediv": [self._word(name) for name in _SLICES],
        }

    def _simulated(self) -> str:
        """What the driver of a distributed simulation writes."""
        driver = self._driver()
        operator = operators.OPERATORS.get(base(self._scene.types.get(driver, "")))
        written = outputs.pictures(self._evaluator, driver, operator) if operator else iter(())
        return next((outputs.raw(self._evaluator, driver, name) or value.value for name, value in written), "")
