"""The types of nodes in .mb: four letters for those that Maya has itself, a number for those of plug-ins.

The codes are the type ids of Maya's API (``MTypeId``), as the nodes themselves tell them.
"""

from __future__ import annotations

_LETTERS = """
XFRM transform  DCAM camera  SRCA stereoRigCamera  DMSH mesh  JOIN joint  NCRV nurbsCurve  NSRF nurbsSurface
RNDL renderLayer  RNLM renderLayerManager  SCRP script  REFN reference  RGLB renderGlobals  RLTN resolution
RTFT file  PSDT psdFileTex  RTMV movie  DIPL imagePlane  AUDI audio  CCHF cacheFile  DSKC diskCache
YDGL dynGlobals  YPAR particle  NPAR nParticle  CMGB colorManagementGlobals  TIME time  NTWK network
RPL2 place2dTexture  RPLD place3dTexture  SHAD shadingEngine  DMTI materialInfo  RLLK lightLinker
DPLM displayLayerManager  DSPL displayLayer  SDML shapeEditorManager  PSDM poseInterpolatorManager
GPID groupId  GRPP groupParts  OBST objectSet  FSCL skinCluster  FMPT tweak  FPOS dagPose  FBLS blendShape
DEXP expression  HYPR hyperGraphInfo  HYPL hyperLayout  HYPV hyperView  CONT container  DAGC dagContainer
RLAM lambert  RBLN blinn  RPHO phong  RPHE phongE  RANI anisotropic  LYRS layeredShader  LYRT layeredTexture
RSSH surfaceShader  RBUM bump2d  RTRA ramp  RTCH checker  RMDI multiplyDivide  RPMA plusMinusAverage
PCTL animCurveTL  PCTA animCurveTA  PCTT animCurveTT  PCTU animCurveTU  PCUL animCurveUL  PCUA animCurveUA
PCUT animCurveUT  PCUU animCurveUU  POIT pointLight  SPTL spotLight  ARLT areaLight  DIRL directionalLight
AMBL ambientLight  VOLL volumeLight  DUNT unitConversion  HSYS hairSystem  HCRV follicle  NCLO nCloth
NRGD nRigid  NSYS nucleus  FLUI fluidShape  BRSH brush  STRK stroke  SQMG sequenceManager  SQNC sequencer
SHOT shot  LOCT locator  UNKN unknown  UNKD unknownDag  UNKT unknownTransform
"""
_RENDER_SETUP = {
    0x371: "renderSetup",
    0x372: "renderSetupLayer",
    0x373: "collection",
    0x375: "basicSelector",
    0x376: "group",
    0x378: "absOverride",
    0x37A: "relOverride",
    0x385: "connectionOverride",
    0x386: "shaderOverride",
    0x387: "materialOverride",
    0x394: "lightsCollection",
    0x395: "renderSettingsCollection",
    0x39A: "lightsChildCollection",
    0x39B: "aovCollection",
    0x39C: "aovChildCollection",
    0x39E: "simpleSelector",
    0x3A0: "absUniqueOverride",
    0x3A1: "relUniqueOverride",
    0x3A2: "connectionUniqueOverride",
    0x3A3: "renderSettingsChildCollection",
    0x3A4: "lightsCollectionSelector",
    0x3E1: "lightItem",
    0x3E2: "lightGroup",
    0x3E3: "lightEditor",
}
_RENDER_SETUP_BASE = 0x58000000

_WORDS = _LETTERS.split()
CODES = {code.encode(): name for code, name in zip(_WORDS[::2], _WORDS[1::2], strict=True)} | {
    (_RENDER_SETUP_BASE + number).to_bytes(4): name for number, name in _RENDER_SETUP.items()
}
"""The name of a type by its four bytes."""
