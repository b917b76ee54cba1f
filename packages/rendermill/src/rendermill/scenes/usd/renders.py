"""What the composed scene would render: its cameras, its render settings and their products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pxr import Gf, Sdf, Usd, UsdGeom, UsdRender

from rendermill.scenes.findings import Findings, Reference, Role
from rendermill.scenes.locate import tokens
from rendermill.scenes.locate.template import Template
from rendermill.scenes.report import FrameRange, Renderable
from rendermill.scenes.usd.renderers import of_settings


def compose(layer: Any, places: list[Sdf.Path]) -> Any:
    """The stage of a layer, of which only the prims at and below places are composed."""
    return Usd.Stage.OpenMasked(layer, Usd.StagePopulationMask(places))


@dataclass(frozen=True, slots=True)
class Renders:
    """Tells what a stage renders. ``default`` is the path of the settings that the scene names, ``folder`` its own."""

    found: Findings
    default: str
    frames: FrameRange
    folder: str

    def tell(self, stage: Any) -> None:
        """Note cameras, renderables, what they write, and the resolution and the renderer of the default settings."""
        prims = list(stage.Traverse(Usd.TraverseInstanceProxies()))
        self.found.cameras += [str(prim.GetPath()) for prim in prims if prim.IsA(UsdGeom.Camera)]
        settings = [UsdRender.Settings(prim) for prim in prims if prim.IsA(UsdRender.Settings)]
        default = self._default(settings)
        if default is not None:
            self.found.resolution = _resolution(default)
            self.found.renderer = _renderer(default)
        for each in settings:
            self._settings(each, enabled=each is default)

    def tell_whole(self) -> None:
        """Note the stage itself as what can be rendered, where there are no render settings."""
        cameras = tuple(self.found.cameras)
        self.found.renderables.append(Renderable("/", "stage", self.frames, cameras, None, "", "", enabled=True))

    def _default(self, settings: list[Any]) -> Any:
        for each in settings:
            if str(each.GetPath()) == self.default:
                return each
        if self.default:
            self.found.warn(f"its default render settings {self.default} are not there")
        if len(settings) > 1:
            self.found.warn(f"it has {len(settings)} render settings, of which none is the default")
        return settings[0] if len(settings) == 1 else None

    def _settings(self, settings: Any, *, enabled: bool) -> None:
        stage = settings.GetPrim().GetStage()
        products = []
        for path in settings.GetProductsRel().GetForwardedTargets():
            prim = stage.GetPrimAtPath(path)
            if prim and prim.IsA(UsdRender.Product):
                products.append(UsdRender.Product(prim))
            else:
                self.found.warn(f"{settings.GetPath()} names the product {path}, which is not there")
        for product in products:
            self.found.renderables.append(self._product(product, settings, enabled=enabled))
        if not products:
            self.found.renderables.append(
                Renderable(
                    name=str(settings.GetPath()),
                    kind="render_settings",
                    frames=self.frames,
                    cameras=self._cameras(settings),
                    resolution=_resolution(settings),
                    renderer=_renderer(settings),
                    output="",
                    enabled=enabled,
                )
            )

    def _product(self, product: Any, settings: Any, *, enabled: bool) -> Renderable:
        """A product has the values of its settings but for those that it sets itself (UsdRenderComputeSpec)."""
        own_size = product.GetResolutionAttr().HasAuthoredValue()
        own_camera = bool(product.GetCameraRel().GetForwardedTargets())
        return Renderable(
            name=str(product.GetPath()),
            kind="render_product",
            frames=self.frames,
            cameras=self._cameras(product if own_camera else settings),
            resolution=_resolution(product if own_size else settings),
            renderer=_renderer(settings),
            output=self._output(product),
            enabled=enabled,
            details={
                "settings": str(settings.GetPath()),
                "productType": _text(product.GetProductTypeAttr()),
                "vars": [path.name for path in product.GetOrderedVarsRel().GetForwardedTargets()],
            },
        )

    def _cameras(self, base: Any) -> tuple[str, ...]:
        targets = [str(path) for path in base.GetCameraRel().GetForwardedTargets()]
        if not targets:
            return tuple(self.found.cameras)
        if targets[0] not in self.found.cameras:
            self.found.warn(f"{base.GetPath()} renders through {targets[0]}, which is no camera of the scene")
        return (targets[0],)

    def _output(self, product: Any) -> str:
        """The name that a product writes; with a sample for each frame, the first."""
        attribute = product.GetProductNameAttr()
        name = _text(attribute)
        if name:
            template = tokens.sequence(name) if len(attribute.GetTimeSamples()) > 1 else Template.literal(name)
            user = f"{product.GetPath()} {attribute.GetName()}"
            self.found.references.append(Reference(name, user, (template.under(self.folder),), Role.OUTPUT))
        return name


def _resolution(base: Any) -> tuple[int, int] | None:
    value = base.GetResolutionAttr().Get(Usd.TimeCode.EarliestTime())
    return (value[0], value[1]) if isinstance(value, Gf.Vec2i) and value[0] > 0 and value[1] > 0 else None


def _renderer(settings: Any) -> str:
    return of_settings(settings.GetPrim().GetAuthoredPropertyNames())


def _text(attribute: Any) -> str:
    value = attribute.Get(Usd.TimeCode.EarliestTime())
    return value if isinstance(value, str) else ""
