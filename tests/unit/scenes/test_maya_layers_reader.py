"""What each layer renders: render layers of old with adjustments, Render Setup with collections and overrides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from rendermill.scenes.report import FrameRange, Renderable, SceneReport
from support.scenes_maya import FORMS, Frames, Node, Scene, Value, camera, globals_, report

Links = Sequence[tuple[str, str]]


def by_name(found: SceneReport) -> dict[str, Renderable]:
    return {each.name: each for each in found.renderables}


# Render layers of old -----------------------------------------------------------------------------------------------


def old(folder: Path, *nodes: Node, links: Links = (), form: str = "ma") -> dict[str, Renderable]:
    animated = globals_(an=True, ef=Frames(5), ifp="img")
    return by_name(report(folder, Scene(nodes=[animated, *nodes], links=links), form))


def adjusted(plug: str, layer: str, at: int = 0) -> tuple[str, str]:
    return plug, f"{layer}.adjs[{at}].plg"


@pytest.mark.parametrize("form", FORMS)
def test_render_layers_of_old(tmp_path: Path, form: str) -> None:
    nodes = [
        Node("renderLayer", "defaultRenderLayer", {"g": True, "rndr": False}, startup=True),
        Node("renderLayer", "shadow", {"do": 2, "rndr": False}),
        Node("renderLayer", "beauty", {"do": 1}),
    ]
    found = old(tmp_path, *nodes, form=form)
    assert [(each.name, each.kind, each.enabled) for each in found.values()] == [
        ("defaultRenderLayer", "layer", False),
        ("beauty", "render_layer", True),
        ("shadow", "render_layer", False),
    ]
    assert found["beauty"].details["layer_type"] == "0"
    assert found["beauty"].frames == FrameRange(1, 5, 1, 24)
    assert found["beauty"].output == "img"


@pytest.mark.parametrize("form", FORMS)
def test_adjustments_of_a_layer(tmp_path: Path, form: str) -> None:
    values: dict[str, Value] = {
        "adjs[0].val": Frames(20),
        "adjs[1].val": Frames(30),
        "adjs[2].val": 1280,
        "adjs[3].val": "arnold",
        "adjs[4].val": False,
        "adjs[5].val": "<Layer>/x",
    }
    links = [
        adjusted(":defaultRenderGlobals.fs", "beauty", 0),
        adjusted(":defaultRenderGlobals.endFrame", "beauty", 1),
        adjusted(":defaultResolution.w", "beauty", 2),
        adjusted(":defaultRenderGlobals.ren", "beauty", 3),
        adjusted("heroShape.rnd", "beauty", 4),
        adjusted(":defaultRenderGlobals.ifp", "beauty", 5),
    ]
    nodes = [*camera("hero"), *camera("wide"), Node("renderLayer", "beauty", values), Node("renderLayer", "plain")]
    found = old(tmp_path, *nodes, links=links, form=form)
    beauty, plain = found["beauty"], found["plain"]
    assert (beauty.frames, beauty.resolution) == (FrameRange(20, 30, 1, 24), (1280, 540))
    assert (beauty.renderer, beauty.cameras, beauty.output) == ("arnold", ("wide",), "<Layer>/x")
    assert (plain.frames, plain.resolution) == (FrameRange(1, 5, 1, 24), (960, 540))
    assert (plain.renderer, plain.cameras) == ("mayaSoftware", ("hero", "wide"))
    assert plain.output == "<Layer>/<Camera>/img"


def test_what_the_default_layer_adjusts_holds_for_all(tmp_path: Path) -> None:
    nodes = [
        Node("renderLayer", "defaultRenderLayer", {"g": True, "adjs[0].val": 2000}),
        Node("renderLayer", "own", {"adjs[7].val": 300}),
        Node("renderLayer", "other"),
    ]
    links = [
        adjusted(":defaultResolution.w", "defaultRenderLayer"),
        adjusted("|defaultResolution.width", "own", 7),
    ]
    sizes = {name: each.resolution for name, each in old(tmp_path, *nodes, links=links).items()}
    assert sizes == {"defaultRenderLayer": (2000, 540), "own": (300, 540), "other": (2000, 540)}


def test_other_links_to_a_layer_adjust_nothing(tmp_path: Path) -> None:
    nodes = [*camera("hero"), Node("renderLayer", "own", {"adjs[0].val": 300})]
    links = [("renderLayerManager.rlmi[1]", "own.rlid"), (":defaultResolution.w", "own.adjs[0].val")]
    assert old(tmp_path, *nodes, links=links)["own"].resolution == (960, 540)


def test_layers_that_files_left_behind_are_none(tmp_path: Path) -> None:
    nodes = [
        Node("renderLayerManager", "renderLayerManager"),
        Node("renderLayer", "mine"),
        Node("renderLayer", "car_defaultRenderLayer", {"g": True}),
        Node("renderLayer", "car_shadow"),
    ]
    links = [("renderLayerManager.rlmi[1]", "mine.rlid"), ("car_renderLayerManager.rlmi[1]", "car_shadow.rlid")]
    assert list(old(tmp_path, *nodes, links=links)) == ["defaultRenderLayer", "mine"]


# Render Setup -------------------------------------------------------------------------------------------------------


def setup(folder: Path, *nodes: Node, links: Links = (), form: str = "ma") -> dict[str, Renderable]:
    """One layer ``lay`` of Render Setup, with what the scene is before."""
    usual = [
        globals_(an=True, fs=Frames(1), ef=Frames(10), ren="arnold"),
        Node("renderLayer", "rs_lay"),
        Node("renderSetupLayer", "lay"),
    ]
    scene = Scene(nodes=[*usual, *nodes], links=[("rs_lay.msg", "lay.lrl"), *links])
    return by_name(report(folder, scene, form))


def override(type_: str, name: str, attribute: str, node: str = "", **values: Value) -> Node:
    target: dict[str, Value] = {"tgName": node} if node else {}
    return Node(type_, name, {"atr": attribute, **target, **values})


def below(child: str, parent: str) -> tuple[str, str]:
    return f"{parent}.cl", f"{child}.pls"


@pytest.mark.parametrize("form", FORMS)
def test_layers_of_render_setup(tmp_path: Path, form: str) -> None:
    nodes = [
        Node("renderLayer", "defaultRenderLayer", {"g": True, "rndr": False}),
        Node("renderLayer", "rs_second", {"do": 2, "rndr": False}),
        Node("renderLayer", "rs_first", {"do": 1}),
        Node("renderSetupLayer", "second"),
        Node("renderSetupLayer", "renamed"),
    ]
    links = [("rs_second.msg", "second.lrl"), ("rs_first.msg", "renamed.legacyRenderLayer")]
    scene = Scene(nodes=[globals_(ifp="a"), *nodes], links=links)
    found = report(tmp_path, scene, form).renderables
    assert [(each.name, each.kind, each.enabled) for each in found] == [
        ("masterLayer", "layer", False),
        ("renamed", "render_setup_layer", True),
        ("second", "render_setup_layer", False),
    ]
    assert {each.details["layer_type"] for each in found} == {"1"}


@pytest.mark.parametrize("form", FORMS)
def test_layers_of_render_setup_have_the_order_of_their_list(tmp_path: Path, form: str) -> None:
    nodes = [Node("renderSetupLayer", name) for name in ("last", "first", "middle")]
    nodes.append(Node("renderLayer", "rs_first", {"do": 9}))
    links = [("first.nxt", "middle.prv"), ("middle.next", "last.previous")]
    found = report(tmp_path, Scene(nodes=nodes, links=links), form).renderables
    assert [each.name for each in found] == ["masterLayer", "first", "middle", "last"]


def test_a_list_without_a_beginning(tmp_path: Path) -> None:
    nodes = [Node("renderSetupLayer", name) for name in ("a", "b")]
    links = [("a.nxt", "b.prv"), ("b.nxt", "a.prv")]
    found = report(tmp_path, Scene(nodes=nodes, links=links)).renderables
    assert [each.name for each in found] == ["masterLayer", "a", "b"]


@pytest.mark.parametrize("within", ["one collection", "two collections"])
def test_the_last_of_several_overrides_counts(tmp_path: Path, within: str) -> None:
    nodes = [
        Node("collection", "c2"),
        Node("collection", "c1"),
        override("absUniqueOverride", "o2", "width", "defaultResolution", atv=200),
        override("absUniqueOverride", "o1", "width", "defaultResolution", atv=100),
    ]
    links = [below("c1", "lay"), below("c2", "lay"), below("o1", "c1")]
    if within == "one collection":
        links += [below("o2", "c1"), ("o1.nxt", "o2.prv")]
    else:
        links += [below("o2", "c2"), ("c1.nxt", "c2.prv")]
    assert setup(tmp_path, *nodes, links=links)["lay"].resolution == (200, 540)


@pytest.mark.parametrize("form", FORMS)
def test_overrides_of_one_node(tmp_path: Path, form: str) -> None:
    nodes = [
        Node("collection", "col"),
        override("absUniqueOverride", "o1", "endFrame", "defaultRenderGlobals", atv=Frames(20)),
        override("relUniqueOverride", "o2", "startFrame", "defaultRenderGlobals", mul=2, ofs=Frames(4)),
        override("absUniqueOverride", "o3", "width", "defaultResolution", atv=1920),
        override("absUniqueOverride", "o4", "imageFilePrefix", "defaultRenderGlobals", atv="mine"),
        override("absUniqueOverride", "o5", "currentRenderer", "defaultRenderGlobals", atv="mayaHardware2"),
    ]
    links = [below("col", "lay"), *(below(f"o{number}", "col") for number in range(1, 6))]
    found = setup(tmp_path, *nodes, links=links, form=form)
    assert found["lay"].frames == FrameRange(6, 20, 1, 24)
    assert found["lay"].resolution == (1920, 540)
    assert (found["lay"].output, found["lay"].renderer) == ("<Layer>/mine", "mayaHardware2")
    master = found["masterLayer"]
    assert (master.frames, master.resolution) == (FrameRange(1, 10, 1, 24), (960, 540))
    assert (master.output, master.renderer) == ("<Layer>/<Scene>", "arnold")


def collected(*, selects: str = "", pattern: str = "") -> list[Node]:
    chosen: dict[str, Value] = {"ssl": selects} if selects else {"pat": pattern}
    return [
        *camera("hero"),
        *camera("wide"),
        Node("collection", "col"),
        Node("simpleSelector", "sel", chosen),
        override("absOverride", "off", "renderable", atv=False),
    ]


COLLECTED = [below("col", "lay"), ("sel.c", "col.sel"), below("off", "col")]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("selects", ["heroShape", "|hero|heroShape", "other\nheroShape", "hero|heroShape other"])
def test_overrides_of_a_collection(tmp_path: Path, form: str, selects: str) -> None:
    found = setup(tmp_path, *collected(selects=selects), links=COLLECTED, form=form)
    assert (found["lay"].cameras, found["masterLayer"].cameras) == (("wide",), ("hero", "wide"))


@pytest.mark.parametrize("pattern", ["hero*", "he?oShape", "nothing; *ero", "a, hero"])
def test_collections_by_patterns(tmp_path: Path, pattern: str) -> None:
    assert setup(tmp_path, *collected(pattern=pattern), links=COLLECTED)["lay"].cameras == ("wide",)


def test_a_pattern_that_selects_nothing(tmp_path: Path) -> None:
    assert setup(tmp_path, *collected(pattern="none*"), links=COLLECTED)["lay"].cameras == ("hero", "wide")


def test_a_camera_that_only_one_layer_renders(tmp_path: Path) -> None:
    nodes = [
        *camera("top", o=True, rnd=False),
        Node("collection", "col"),
        Node("simpleSelector", "sel", {"ssl": "topShape"}),
        override("absOverride", "on", "rnd", atv=True),
    ]
    found = setup(tmp_path, *nodes, links=[below("col", "lay"), ("sel.c", "col.sel"), below("on", "col")])
    assert (found["lay"].cameras, found["masterLayer"].cameras) == (("top",), ())


def test_collections_within_collections_and_groups(tmp_path: Path) -> None:
    nodes = [
        Node("group", "grp"),
        Node("collection", "outer"),
        Node("collection", "inner"),
        override("absUniqueOverride", "o", "width", "defaultResolution", atv=50),
    ]
    links = [below("grp", "lay"), below("outer", "grp"), below("inner", "outer"), below("o", "inner")]
    assert setup(tmp_path, *nodes, links=links)["lay"].resolution == (50, 540)


@pytest.mark.parametrize("switched_off", ["o", "inner", "outer", "grp"])
@pytest.mark.parametrize("flag", ["sen", "en", "selfEnabled"])
def test_what_is_switched_off_anywhere_above_does_nothing(tmp_path: Path, switched_off: str, flag: str) -> None:
    names = {"grp": "group", "outer": "collection", "inner": "collection"}
    off: dict[str, Value] = {flag: False}
    nodes = [Node(type_, name, off if name == switched_off else {}) for name, type_ in names.items()]
    own = off if switched_off == "o" else {}
    nodes.append(override("absUniqueOverride", "o", "width", "defaultResolution", atv=50, **own))
    links = [below("grp", "lay"), below("outer", "grp"), below("inner", "outer"), below("o", "inner")]
    assert setup(tmp_path, *nodes, links=links)["lay"].resolution == (960, 540)


def test_each_layer_has_its_own_overrides(tmp_path: Path) -> None:
    nodes = [
        Node("renderSetupLayer", "two"),
        Node("renderLayer", "rs_two", {"do": 1}),
        Node("collection", "c1"),
        Node("collection", "c2"),
        override("absUniqueOverride", "o1", "width", "defaultResolution", atv=1),
        override("absUniqueOverride", "o2", "width", "defaultResolution", atv=2),
    ]
    links = [below("c1", "lay"), below("c2", "two"), below("o1", "c1"), below("o2", "c2")]
    found = setup(tmp_path, *nodes, links=links)
    assert {name: each.resolution for name, each in found.items()} == {
        "masterLayer": (960, 540),
        "lay": (1, 540),
        "two": (2, 540),
    }


def test_an_override_that_hangs_nowhere_does_nothing(tmp_path: Path) -> None:
    found = setup(tmp_path, override("absUniqueOverride", "o", "width", "defaultResolution", atv=50))
    assert found["lay"].resolution == (960, 540)


def test_what_hangs_below_itself_ends(tmp_path: Path) -> None:
    nodes = [Node("collection", "a"), Node("collection", "b"), override("absOverride", "o", "width", atv=5)]
    links = [below("a", "b"), below("b", "a"), below("o", "a")]
    assert setup(tmp_path, *nodes, links=links)["lay"].resolution == (960, 540)


def test_adjustments_that_are_left_over_do_not_count_in_render_setup(tmp_path: Path) -> None:
    nodes = [Node("renderLayer", "defaultRenderLayer", {"adjs[0].val": 33})]
    found = setup(tmp_path, *nodes, links=[adjusted(":defaultResolution.w", "defaultRenderLayer")])
    assert {each.resolution for each in found.values()} == {(960, 540)}


def test_an_override_at_the_default_that_it_was_made_with(tmp_path: Path) -> None:
    scene = Scene(
        nodes=[
            Node("renderSetupLayer", "lay"),
            Node("collection", "col"),
            override("absUniqueOverride", "o", "width", "defaultResolution"),
        ],
        links=[below("col", "lay"), below("o", "col")],
    )
    assert by_name(report(tmp_path, scene))["lay"].resolution == (0, 540)
