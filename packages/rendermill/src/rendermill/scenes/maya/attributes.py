"""The attributes that are read: short and long name of each, as ``attributeQuery`` tells them."""

from __future__ import annotations

from rendermill.scenes.maya.model import Attribute

# renderGlobals
START: Attribute = ("fs", "startFrame")
END: Attribute = ("ef", "endFrame")
STEP: Attribute = ("bfs", "byFrameStep")
OLD_STEP: Attribute = ("bf", "byFrame")
ANIMATION: Attribute = ("an", "animation")
RENDERER: Attribute = ("ren", "currentRenderer")
PREFIX: Attribute = ("ifp", "imageFilePrefix")
IMAGE_FORMAT: Attribute = ("outf", "imageFormat")
FORMAT_KEY: Attribute = ("imfkey", "imfPluginKey")
PADDING: Attribute = ("ep", "extensionPadding")
RENUMBER: Attribute = ("me", "modifyExtension")
# resolution
WIDTH: Attribute = ("w", "width")
HEIGHT: Attribute = ("h", "height")
DEVICE_ASPECT: Attribute = ("dar", "deviceAspectRatio")
# time
CURRENT: Attribute = ("o", "outTime")
# camera
RENDERABLE: Attribute = ("rnd", "renderable")
ORTHOGRAPHIC: Attribute = ("o", "orthographic")
# renderLayer
LAYER_RENDERABLE: Attribute = ("rndr", "renderable")
GLOBAL: Attribute = ("g", "global")
ORDER: Attribute = ("do", "displayOrder")
# Render Setup
TARGET: Attribute = ("tgName", "targetNodeName")
OVERRIDDEN: Attribute = ("atr", "attribute")
OVERRIDE_VALUE: Attribute = ("atv", "attrValue")
FACTOR: Attribute = ("mul", "multiply")
OFFSET: Attribute = ("ofs", "offset")
SELF_ENABLED: Attribute = ("sen", "selfEnabled")
ENABLED: Attribute = ("en", "enabled")
SELECTION: Attribute = ("ssl", "staticSelection")
PATTERN: Attribute = ("pat", "pattern")
# renderers
ARNOLD_FORMAT: Attribute = ("ai_translator", "aiTranslator")
ARNOLD_PREFIX: Attribute = ("pre", "prefix")
VRAY_WIDTH: Attribute = ("wi", "width")
VRAY_HEIGHT: Attribute = ("he", "height")
VRAY_PREFIX: Attribute = ("fnprx", "fileNamePrefix")
VRAY_ANIMATION: Attribute = ("animtp", "animType")
VRAY_FORMAT: Attribute = ("imgfs", "imageFormatStr")
REDSHIFT_PREFIX: Attribute = ("imageFilePrefix", "imageFilePrefix")
REDSHIFT_FORMAT: Attribute = ("imageFormat", "imageFormat")
RENDERMAN_FOLDER: Attribute = ("imageOutputDir", "imageOutputDir")
RENDERMAN_NAME: Attribute = ("imageFileFormat", "imageFileFormat")
# script, and what files depend on
SCRIPT: Attribute = ("b", "before")
SEQUENCE: Attribute = ("ufe", "useFrameExtension")
TILING: Attribute = ("uvt", "uvTilingMode")
PLANE_TYPE: Attribute = ("t", "type")
CONFIG_ENABLED: Attribute = ("cfe", "configFileEnabled")

SETTINGS = frozenset(
    name for value in dict(globals()).values() if isinstance(value, tuple) for name in value if isinstance(name, str)
) | {"val", "value"}
"""Their names; ``val`` is what a render layer of old makes of an attribute."""
