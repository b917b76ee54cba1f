"""What is known of Houdini's operators: which render and what they write, which parameters name files.

Types are named without namespace and version. Where an operator's dialog script is in the scene, that is asked first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Gate = str
"""A parameter that must be on for another to count; empty for none."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A type of node that renders or writes: its role, its renderer, and the parameters that tell camera and output."""

    role: str
    renderer: str = ""
    camera: str = "camera"
    outputs: tuple[str, ...] = ()
    exports: tuple[tuple[str, Gate], ...] = ()
    """Descriptions for the renderer, written instead of pictures when their gate is on."""
    guessed: bool = False
    """Its type is not known: what else it reads and writes is found as for any other node."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _written(*outputs: str) -> Operator:
    return Operator("geometry", camera="", outputs=outputs)


OPERATORS = {
    "ifd": Operator("render", "mantra", outputs=("vm_picture",), exports=(("soho_diskfile", "soho_outputmode"),)),
    "baketexture": Operator("render", "mantra", outputs=("vm_uvoutputpicture1",)),
    "Redshift_ROP": Operator(
        "render",
        "redshift",
        "RS_renderCamera",
        ("RS_outputFileNamePrefix",),
        (("RS_archive_file", "RS_archive_enable"),),
    ),
    "arnold": Operator("render", "arnold", outputs=("ar_picture",), exports=(("ar_ass_file", "ar_ass_export_enable"),)),
    "vray_renderer": Operator(
        "render",
        "vray",
        "render_camera",
        ("SettingsOutput_img_file_path",),
        (("render_export_filepath", "render_export_mode"),),
    ),
    "ris": Operator(
        "render", "renderman", outputs=("ri_display_0", "ri_display"), exports=(("rib_outputfile", "rib_outputmode"),)
    ),
    "Octane_ROP": Operator("render", "octane", "HO_renderCamera", ("HO_img_fileName",)),
    "opengl": Operator("render", "opengl", outputs=("picture",)),
    "karma": Operator("render", "karma", outputs=("picture",)),
    "usdrender": Operator("render", "", "override_camera", ("outputimage",)),
    "usdrender_rop": Operator("render", "", "override_camera", ("outputimage",)),
    "comp": Operator("render", camera="", outputs=("copoutput",)),
    "rop_comp": Operator("render", camera="", outputs=("copoutput",)),
    "image": Operator("render", camera="", outputs=("copoutput",)),
    "rop_image": Operator("render", camera="", outputs=("copoutput",)),
    "geometry": _written("sopoutput"),
    "rop_geometry": _written("sopoutput"),
    "rop_geometryraw": _written("sopoutput"),
    "filecache": _written("file", "sopoutput"),
    "dopio": _written("file"),
    "vellumio": _written("file", "sopoutput"),
    "rbdio": _written("file", "sopoutput"),
    "alembic": _written("filename"),
    "rop_alembic": _written("filename"),
    "filmboxfbx": _written("sopoutput"),
    "rop_fbx": _written("sopoutput"),
    "fbx": _written("sopoutput"),
    "gltf": _written("file"),
    "rop_gltf": _written("file"),
    "dop": _written("dopoutput"),
    "rop_dop": _written("dopoutput"),
    "output": _written("dopoutput"),
    "channel": _written("chopoutput"),
    "mdd": _written("file"),
    "usd": _written("lopoutput"),
    "usd_rop": _written("lopoutput"),
    "usdexport": _written("lopoutput"),
    "Redshift_Proxy_Output": _written("RS_archive_file"),
    "hq_sim": Operator("simulation", camera=""),
    "hq_render": Operator("driver", camera=""),
}

# Tasks with a render operator inside, whose parameters they have.
OPERATORS |= {
    f"rop{name}": OPERATORS[type_]
    for name, type_ in (
        ("mantra", "ifd"),
        ("karma", "karma"),
        ("opengl", "opengl"),
        ("composite", "comp"),
        ("image", "image"),
        ("geometry", "geometry"),
        ("alembic", "alembic"),
        ("fbx", "fbx"),
        ("gltf", "gltf"),
        ("usd", "usd"),
    )
}

DRIVERS_ONLY = _names("alembic arnold channel comp dop fbx geometry gltf image mdd usd")
"""Types that other operators have too, which do not render: those have no button for it."""

WIRING = frozenset(("fetch", "merge", "switch", "shell", "null", "subnet", "batch", "prepost", "netbarrier"))
"""Types in a network of render operators that only join others or run them."""

INTERACTIVE = re.compile(r"(?:^|_)ipr$", re.IGNORECASE)
"""Types that render into a window."""

DELEGATES = (
    (re.compile(r"karma", re.IGNORECASE), "karma"),
    (re.compile(r"prman", re.IGNORECASE), "renderman"),
    (re.compile(r"arnold", re.IGNORECASE), "arnold"),
    (re.compile(r"redshift", re.IGNORECASE), "redshift"),
    (re.compile(r"v-?ray", re.IGNORECASE), "vray"),
    (re.compile(r"octane", re.IGNORECASE), "octane"),
    (re.compile(r"storm|opengl|houdinigl|HdHoudini", re.IGNORECASE), "opengl"),
)
"""Renderers by the name of their Hydra delegate."""

CAMERAS = frozenset(("cam", "stereocam", "stereocamrig", "vrcam"))

RENDER_SETTINGS = frozenset(("karmarenderproperties", "karmarendersettings", "rendersettings"))
"""LOPs that set camera, resolution and picture for those that render what is wired to them."""

_MAPS = "file filename fileName filepath filepath1 map"

INPUTS: dict[str, frozenset[str]] = {
    type_: _names(names)
    for types, names in (
        ("file filemerge alembicarchive alembic alembicxform", "file filename filename1 filename2 fileName"),
        ("fbxcharacterimport fbxanimimport fbxskinimport agent agentclip usdimport lidarimport kinefx", _MAPS),
        ("tableimport", "file"),
        ("cam stereocamrig vrcam", "vm_background vm_bokehfile"),
        ("hlight envlight indirectlight", "env_map projmap areamap shadowmap_file pc_file light_texture ies_file"),
        ("rslight rslightdome rslightsun rslighties rslightportal", "env_map tex0 tex1 light_tex RSL_iesProfile"),
        ("TextureSampler NormalMap Sprite RSOSL OSL", "tex0 tex1 RS_osl_file filename"),
        ("redshift_packedProxySOP redshift_proxySOP redshift_volumeSOP", "RS_proxy_file RS_volume_file file"),
        ("geo instance subnet", "RS_objprop_proxy_file ar_operator_file"),
        ("image texture pxrtexture PxrTexture mtlximage mtlxtiledimage usduvtexture usdprimvarreader", _MAPS),
        ("arnold_light arnold_procedural arnold_volume arnold_photometric", "ar_light_color_texture ar_filename"),
        ("NT_TEX_IMAGE NT_TEX_FLOATIMAGE NT_TEX_ALPHAIMAGE", "A_FILENAME"),
        ("VRayNodeBitmapBuffer VRayNodeVRayScene VRayNodeVRayProxy BitmapBuffer", "file BitmapBuffer_file filepath"),
        (
            "sublayer reference payload assetreference loadlayer stitch componentgeometry",
            "filepath1 filepath sourcefile",
        ),
        ("domelight light volume", "xn__inputstexturefile_r3ah filepath1"),
        ("lsystem", "rulefile picfile"),
        ("attribfrommap trace scatter heightfield_file", "filename file densitytexture picfile"),
        ("wave audio", "file"),
    )
    for type_ in types.split()
}
"""Parameters that name files to read, of the types that many scenes use."""

GATES = {
    "RS_objprop_proxy_file": "RS_objprop_proxy_enable",
    "rulefile": "usefile",
    "densitytexture": "usedensitytexture",
}
"""Parameters that must be on for others to count, where no dialog script tells."""

CACHES = frozenset((("hlight", "shadowmap_file"), ("hlight", "pc_file"), ("dopnet", "explicitcachename")))
"""Parameters whose file the scene writes and reads again."""

READ_ONLY = {("dopnet", "playfilesname"): "isplayer"}
"""Parameters whose file is read if another parameter is on, and otherwise written."""

LOADS = "loadfromdisk"
"""A parameter that tells of a cache that it is only read."""

OUTPUTS = _names(
    "vm_picture picture soho_diskfile vm_dcmfilename vm_dsmfilename sopoutput dopoutput copoutput lopoutput chopoutput "
    "outputimage outputfilepath destfile RS_outputFileNamePrefix RS_archive_file render_export_filepath usd_outputfile "
    "explicitcachename playfilesname ar_picture ar_ass_file savetodirectory_directory OutputDeepWriter_file"
)
OUTPUT_NAME = re.compile(r"output|outfile|out_file|export(?:file|path)|savefile|savepath|writefile", re.IGNORECASE)
"""Parameters that name files to write, by their usual names."""

IGNORED = _names(
    "soho_program taskgraphfile checkpointfile pdg_workingdir tempdircustom rendergallerysource perffile debughip "
    "hythonbincustomuniversal pickscript l_pickscript i_pickscript prerender preframe postframe postwrite postrender "
    "vm_tmpsharedstorage vm_tmplocalstorage TOKEN"
)
IGNORED_NAME = re.compile(r"hq_|husk_|script_|soho_|.*(?:callback|snippet|code)$")
"""Parameters that name nothing to take along: scripts of Houdini, folders of farms, programs."""

SHIPPED_FILES = re.compile(
    r"default\.\w+|def(?:ault)?(?:cam|geo|light|fog)?\.(?:b?geo|pic|rat|pc)|(?:Mandril|mandrill|butterfly\d?|circle"
    r"|sphere_matte|lgtTextureGrid)\.(?:pic|rat|png)",
    re.IGNORECASE,
)
"""Names of files that Houdini brings along and scenes name without a folder."""

SHIPPED_FOLDER = re.compile(
    r"(?:^|/)hfs[\d.]*(?:/|$)|Side Effects|SIDEEF~\d|/Houdini\.framework/|SideFX|/HOUDIN~\d", re.IGNORECASE
)
"""What the folders have in common that Houdini, and what SideFX adds to it, is installed in."""

SHIPPED_LIBRARY = re.compile(r"(?:.*/)?OPlib\w*\.(?:otl|hda)", re.IGNORECASE)
"""Libraries of Houdini's own operators."""

PLUGINS = (
    ("redshift", re.compile(r"/Redshift(?:_v?(\d+(?:[._]\d+)+))?/(?:Plugins|redshift4houdini)/", re.IGNORECASE)),
    ("htoa", re.compile(r"/htoa-(\d+(?:\.\d+)*)", re.IGNORECASE)),
    ("vray", re.compile(r"/(?:vray_adv_(\d+)|V-Ray/Houdini|vray4houdini|vfh)", re.IGNORECASE)),
    ("renderman", re.compile(r"/RenderManForHoudini-(\d+(?:\.\d+)*)", re.IGNORECASE)),
    ("octane", re.compile(r"/Octane(?:_v?(\d+(?:\.\d+)+)|Houdini|Render)", re.IGNORECASE)),
    ("SideFXLabs", re.compile(r"/SideFXLabs(\d+(?:\.\d+)*)?", re.IGNORECASE)),
)
"""Plug-ins by the folders that their operators are in, with their versions."""

PLUGIN_RENDERERS = {
    "redshift": "redshift",
    "arnold": "htoa",
    "vray": "vray",
    "renderman": "renderman",
    "octane": "octane",
}
"""The plug-in that a renderer is in."""
