"""Libraries of digital assets that a scene needs, and the plug-ins that show in where they lie."""

from __future__ import annotations

from rendermill.scenes.findings import Findings, Reference, Role, Source
from rendermill.scenes.houdini import operators
from rendermill.scenes.houdini.definitions import Asset
from rendermill.scenes.houdini.evaluate import Evaluator, ShippedError
from rendermill.scenes.houdini.grammar import Component
from rendermill.scenes.houdini.scene import Scene
from rendermill.scenes.houdini.values import UnknownValueError
from rendermill.scenes.locate.template import Template
from rendermill.scenes.report import Plugin

_EMBEDDED = "Embedded"


def read_assets(scene: Scene, source: Source, found: Findings) -> None:
    """Find libraries that do not come with Houdini, and plug-ins."""
    evaluator = Evaluator(scene, source)
    for asset in scene.definitions.assets:
        reference = _reference(asset, source, evaluator)
        if reference is not None:
            found.references.append(reference)
    for library in scene.definitions.libraries:
        found.references.append(_library(library, ".OPlibraries", [library], source, evaluator))
    versions = _plugins(scene)
    for renderer, plugin in operators.PLUGIN_RENDERERS.items():
        if any(each.renderer == renderer for each in found.renderables):
            versions.setdefault(plugin, "")
    found.plugins += [Plugin(name, version) for name, version in versions.items()]


def _plugins(scene: Scene) -> dict[str, str]:
    """The plug-ins that libraries lie in, with their versions."""
    versions: dict[str, str] = {}
    for asset in scene.definitions.assets:
        for path in asset.paths:
            for name, pattern in operators.PLUGINS:
                if match := pattern.search(path.replace("\\", "/")):
                    versions[name] = versions.get(name) or (match[1] or "").replace("_", ".")
    return versions


def _reference(asset: Asset, source: Source, evaluator: Evaluator) -> Reference | None:
    """The library of an operator; None for one that is Houdini's own or lies in the scene."""
    paths = [path.replace("\\", "/") for path in asset.paths if path != _EMBEDDED]
    if not paths or any(_ships(path) for path in paths):
        return None
    if any(pattern.search(path) for path in paths for _, pattern in operators.PLUGINS):
        return Reference(paths[0], asset.operator, role=Role.BUILT_IN)
    return _library(asset.paths[0], asset.operator, paths, source, evaluator)


def _ships(path: str) -> bool:
    return bool(operators.SHIPPED_FOLDER.search(path) or operators.SHIPPED_LIBRARY.fullmatch(path))


def _library(raw: str, user: str, paths: list[str], source: Source, evaluator: Evaluator) -> Reference:
    found: list[Template] = []
    try:
        for path in paths:
            parts = evaluator.text("/", Component(path)).parts
            found.append(Template.of(parts).under(source.folder))
    except ShippedError:
        return Reference(raw, user, role=Role.BUILT_IN)
    except UnknownValueError as error:
        if not found:
            return Reference(raw, user, role=Role.UNRESOLVED, reason=error.reason)
    return Reference(raw, user, tuple(found))
