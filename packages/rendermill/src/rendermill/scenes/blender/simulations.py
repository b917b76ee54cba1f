"""What modifiers and simulations of objects read: mesh caches, oceans, fluids, bakes of nodes, point caches."""

from __future__ import annotations

from collections.abc import Iterator

from rendermill.scenes.blender.datablocks import Datablock
from rendermill.scenes.blender.files import named
from rendermill.scenes.blender.paths import absolute, beginning, single
from rendermill.scenes.blender.records import Record
from rendermill.scenes.findings import Reference

_CACHED = {
    "ParticleSystem": "pointcache",
    "ClothModifierData": "point_cache",
    "SoftBody": "pointcache",
    "SoftBody_Shared": "pointcache",
    "RigidBodyWorld": "pointcache",
    "RigidBodyWorld_Shared": "pointcache",
    "DynamicPaintSurface": "pointcache",
    "SmokeDomainSettings": "point_cache",
}
"""What has a point cache, and by which member. Others are left over: those of fluids since 2.82."""

KEPT = frozenset(
    {
        "MeshCacheModifierData",
        "OceanModifierData",
        "FluidModifierData",
        "FluidDomainSettings",
        "FluidsimSettings",
        "NodesModifierData",
        "NodesModifierBake",
        "PointCache",
        *_CACHED,
    }
)
"""The structs that are read here."""

_FLUID_BAKED = 1 << 1 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 9
"""Data, noise, mesh, particles, guides."""
_FLUIDSIM_DOMAIN = 2
_BAKED_INTO_SCENE = 1
_CACHE_BAKED, _CACHE_ON_DISK, _CACHE_EXTERNAL = 1 << 0, 1 << 6, 1 << 9


def references(block: Datablock, folder: str, stem: str) -> Iterator[Reference]:
    """What an object (or a scene, for its rigid bodies) reads; ``stem`` is the name of the .blend without extension.

    A cache that is not baked holds what happened to be computed: its absence is no fault.
    """
    for record in block.of("MeshCacheModifierData"):
        if raw := record.text("filepath"):
            yield named(raw, f"mesh cache {_modifier(record, block)}", folder)
    for record in block.of("OceanModifierData"):
        if record.whole("cached"):
            yield _folder(record.text("cachepath"), f"ocean {_modifier(record, block)}", folder)
    yield from _fluids(block, folder)
    yield from _bakes(block, folder)
    yield from _point_caches(block, folder, stem)


def _modifier(record: Record, block: Datablock) -> str:
    return f"modifier {record.text('modifier.name')} of {block.name}"


def _folder(raw: str, user: str, folder: str, *, optional: bool = False) -> Reference:
    return Reference(raw, user, (absolute(raw, folder, single),), folder=True, optional=optional)


def _fluids(block: Datablock, folder: str) -> Iterator[Reference]:
    for record in block.of("FluidModifierData"):
        domain = block.at(record.pointer("domain"))
        raw = domain.text("cache_directory") if domain else ""
        if domain and raw:
            baked = domain.whole("cache_flag") & _FLUID_BAKED
            yield _folder(raw, f"fluid {_modifier(record, block)}", folder, optional=not baked)
    for record in block.of("FluidsimSettings"):  # before Blender 2.82; what its path ends with begins the files' names
        raw = record.text("surfdataPath")
        if raw and record.whole("type") & _FLUIDSIM_DOMAIN:
            path = absolute(raw, folder, beginning)
            yield Reference(raw, f"fluid simulation of {block.name}", (path,), optional=True)


def _bakes(block: Datablock, folder: str) -> Iterator[Reference]:
    for record in block.of("NodesModifierData"):
        user = f"bakes of {_modifier(record, block)}"
        raws = [block.written(record.pointer("simulation_bake_directory"))]
        for bake in block.array(record.pointer("bakes"), record.whole("bakes_num")):
            if bake.whole("bake_target") != _BAKED_INTO_SCENE and not bake.pointer("packed"):
                raws.append(block.written(bake.pointer("directory")))
        for raw in filter(None, raws):
            yield _folder(raw, user, folder)


def _point_caches(block: Datablock, folder: str, stem: str) -> Iterator[Reference]:
    owners = [(owner, member) for kind, member in _CACHED.items() for owner in block.of(kind)]
    user = f"point cache of {block.name}"
    for address in dict.fromkeys(owner.pointer(member) for owner, member in owners):
        cache = block.at(address)
        flag = cache.whole("flag") if cache else 0
        if cache and flag & _CACHE_EXTERNAL and (raw := cache.text("path")):
            yield _folder(raw, user, folder)
        elif flag & _CACHE_ON_DISK:
            yield _folder(f"//blendcache_{stem}", user, folder, optional=not flag & _CACHE_BAKED)
