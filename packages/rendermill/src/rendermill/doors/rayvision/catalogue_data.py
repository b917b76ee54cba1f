# ruff: noqa: RUF001 - Chinese text has Chinese punctuation
"""The rows of the catalogue: for each code a description and a solution in Chinese, then the same in English."""

from __future__ import annotations

Row = tuple[str, str, str, str]

#: Which of these codes stands for which finding is not known: they share an honest text.
_HOUDINI_FINDING: Row = (
    "新版分析程序在 Houdini 场景中发现了问题，具体是哪一个，请看代码旁的消息。可能的情况："
    "没有渲染节点，渲染被锁定，OpenGL 节点需要 GPU，在 CPU 机器上使用 GPU 或 OptiX 降噪，不支持的导出模式，"
    "缺少控制、簇或输出驱动节点，用到的渲染器没有配置，缺少 Alembic 文件。",
    "请按消息修改它指出的节点或任务配置，保存场景后重新分析。",
    "A newer analyser found something in the Houdini scene; the message beside the code says which of these: "
    "no render node, a render lock, an OpenGL node that needs a GPU, a GPU or OptiX denoiser on a CPU machine, "
    "an unsupported export mode, a missing controls, cluster or output driver node, "
    "a renderer that is used but not configured, a missing Alembic file.",
    "Correct the node or the job's settings that the message names, save the scene and analyse again.",
)

#: Two codes of the Maya analysis of which no more is known than their family.
_MAYA_FAULT: Row = (
    "Maya 分析报告了错误，例如脚本出错或渲染层类型不符，具体请看代码旁的消息。",
    "请在 Maya 中打开场景，查看脚本编辑器的报错，检查渲染层的类型，然后重新分析。",
    "Maya's analysis met a fault, such as a script error or a wrong render layer type; the message says which.",
    "Open the scene in Maya, look at the script editor for errors, check the render layer type, analyse again.",
)

#: Findings that can be ignored.
WARNINGS: dict[str, Row] = {
    "10010": (
        "场景中有损坏的材质。",
        "在 3ds Max 中重建或替换消息里列出的材质，然后重新分析。",
        "The scene has a damaged material.",
        "Rebuild or replace the materials that the message names, then analyse again.",
    ),
    "10011": (
        "缺少 FumeFX 缓存文件。",
        "重新模拟，或把 FumeFX 对象指向现有的缓存，再把文件加入上传列表。",
        "A FumeFX cache file is missing.",
        "Simulate again or point the FumeFX object at its cache, and add the files to the upload.",
    ),
    "10012": (
        "缺少贴图或 HDRI 文件。",
        "在场景中修正路径，或补上文件后重新分析。不处理的话，画面可能缺少纹理或光照。",
        "A texture or an HDRI file is missing.",
        "Correct its path or put the file back, then analyse again; else the frames may lack texture or light.",
    ),
    "10013": (
        "3ds Max 的伽马校正处于开启状态。",
        "请确认输入和输出伽马与您要的画面一致，不需要时请关闭。",
        "Gamma correction is on in 3ds Max.",
        "Check that input and output gamma are what you want in the frames, or turn it off.",
    ),
    "10014": (
        "V-Ray 发光贴图使用了“添加到当前贴图”模式，不适合由多台机器分开渲染。",
        "改用“单帧”模式，或先在本地烘焙发光贴图，再从文件读取。",
        "V-Ray's irradiance map adds to the current map, which does not suit frames on separate machines.",
        "Use the single frame mode, or bake the map at home and read it from a file.",
    ),
    "10015": (
        "V-Ray 发光贴图使用了“多帧递增”模式，不适合由多台机器分开渲染。",
        "改用“单帧”模式，或先算好整段动画的发光贴图，再从文件读取。",
        "V-Ray's irradiance map is multiframe incremental, which does not suit frames on separate machines.",
        "Use the single frame mode, or compute the map of the whole shot first and read it from a file.",
    ),
    "10016": (
        "V-Ray 灯光缓存使用了“渐进路径跟踪”模式，不适合在农场上渲染。",
        "把灯光缓存改为“单帧”，或从文件读取。",
        "V-Ray's light cache is in progressive path tracing mode, which does not suit a farm.",
        "Set the light cache to single frame, or read it from a file.",
    ),
    "10017": (
        "V-Ray 原始图像文件（vrimg）已开启，但没有设置输出路径。",
        "在 V-Ray 帧缓冲区设置中填写路径，或关闭原始图像输出。",
        "V-Ray's raw image file (vrimg) is on but has no path.",
        "Give it a path in the V-Ray frame buffer settings, or turn the raw image off.",
    ),
    "10018": (
        "缺少 Alembic（abc）文件。",
        "在场景中修正路径，或重新导出缓存，然后重新分析。",
        "An Alembic (abc) file is missing.",
        "Correct its path in the scene or export the cache again, then analyse again.",
    ),
    "10019": (
        "缺少分析程序称为 kk 的一种文件，代码旁的消息会给出文件名。",
        "补上该文件，或在场景中修正路径，然后重新分析。",
        "A file of the kind that the analyser calls kk is missing; the message beside the code names it.",
        "Put the file back or correct its path in the scene, then analyse again.",
    ),
    "10020": (
        "缺少 XMesh 缓存文件。",
        "修正 XMesh 加载器的路径，或重新保存缓存，再加入上传列表。",
        "An XMesh cache file is missing.",
        "Correct the path in the XMesh loader or save the cache again, and add it to the upload.",
    ),
    "10021": (
        "缺少 RealFlow 缓存文件。",
        "在场景中修正 RealFlow 文件的路径，或重新导出，再加入上传列表。",
        "A RealFlow cache file is missing.",
        "Correct the path of the RealFlow files or export them again, and add them to the upload.",
    ),
    "10022": (
        "缺少 Phoenix 的火焰、烟雾或液体缓存文件。",
        "重新模拟，或修正模拟器的缓存路径，再把文件加入上传列表。",
        "A Phoenix cache of fire, smoke or liquid is missing.",
        "Simulate again or correct the simulator's cache path, and add the files to the upload.",
    ),
    "10023": (
        "缺少 V-Ray 发光贴图文件（vrmap）。",
        "重新计算发光贴图，或修正其路径。不需要时请不要从文件读取。",
        "A V-Ray irradiance map file (vrmap) is missing.",
        "Compute the map again or correct its path. If you do not need it, do not read it from a file.",
    ),
    "10024": (
        "缺少 V-Ray 灯光缓存文件（vrlmap）。",
        "重新计算灯光缓存，或修正其路径。不需要时请不要从文件读取。",
        "A V-Ray light cache file (vrlmap) is missing.",
        "Compute the cache again or correct its path. If you do not need it, do not read it from a file.",
    ),
    "10025": (
        "场景引用了外部场景文件（XRef 场景），这些文件可能没有一起上传。",
        "请把它们合并到场景中，或加入上传列表。",
        "The scene refers to other scene files (XRef scenes), which may not travel with it.",
        "Merge them into the scene, or add them to the upload.",
    ),
    "10026": (
        "场景引用了外部文件中的对象（XRef 对象），这些文件可能没有一起上传。",
        "请把这些对象合并到场景中，或把文件加入上传列表。",
        "The scene refers to objects in other files (XRef objects), which may not travel with it.",
        "Merge the objects into the scene, or add their files to the upload.",
    ),
    "10027": (
        "缺少动画贴图（每帧一个）的文件。",
        "补齐消息里列出的帧，或重新计算，然后重新分析。",
        "A file of an animated map, which has one for each frame, is missing.",
        "Put back or compute the frames that the message names, then analyse again.",
    ),
    "10028": (
        "缺少 VDB 体积文件。",
        "修正 VDB 路径，并检查序列是否覆盖整个帧范围。",
        "A VDB volume file is missing.",
        "Correct the VDB path, and check that the sequence covers the whole frame range.",
    ),
    "10030": (
        "缺少 V-Ray 代理网格文件（vrmesh）。",
        "修正代理对象的路径，或重新导出网格，再加入上传列表。",
        "A V-Ray proxy mesh (vrmesh) is missing.",
        "Correct the path in the proxy or export the mesh again, and add it to the upload.",
    ),
    "10032": (
        "缺少毛发文件。",
        "补上消息里列出的毛发文件，或在场景中修正路径，然后重新分析。",
        "A hair file is missing.",
        "Put back the hair files that the message names or correct their path, then analyse again.",
    ),
    "10033": (
        "使用的 3ds Max 不是英文版，部分名称在农场上可能无法识别。",
        "请用英文版 3ds Max 打开并保存场景，然后重新分析。",
        "The 3ds Max in use is not the English one, and a farm may not recognise some of its names.",
        "Open and save the scene in an English 3ds Max, then analyse again.",
    ),
    "46001": (
        "帧步长不是 1，范围内的部分帧不会渲染。",
        "如果需要所有帧，请在 Blender 的输出属性中把步长设为 1。",
        "The frame step is not 1, so some frames of the range are not rendered.",
        "If you want every frame, set the step to 1 in Blender's output properties.",
    ),
    "50001": (
        "Houdini 场景用到的一些文件找不到。",
        "修正消息里列出的节点的路径，或补上文件后重新分析。不处理的话，画面可能缺少内容。",
        "Some files that the Houdini scene uses were not found.",
        "Correct the paths of the nodes that the message names, or add the files; else the frames may lack something.",
    ),
    "50003": (
        "有的相机找不到，或 Alembic 相机的文件与其父节点不一致。",
        "检查消息里列出的渲染节点的相机路径和 Alembic 文件。",
        "Some camera is missing, or the file of an Alembic camera differs from that of its parent.",
        "Check the camera path and the Alembic files of the render nodes that the message names.",
    ),
    **dict.fromkeys(("50104", "50105", "50106", "50107", "50108", "50110", "50113", "50114"), _HOUDINI_FINDING),
}

#: Findings that block a submission.
ERRORS: dict[str, Row] = {
    "999": (
        "分析失败，原因不明。",
        "请查看代码旁的消息和分析日志，确认场景在您的机器上能打开，然后重试。",
        "The analysis failed, and the reason is not known.",
        "Read the message and the analysis log, check that the scene opens on your machine, and try again.",
    ),
    "15000": (
        "三维软件没有启动，或停止响应。",
        "请手动打开该软件和场景，检查许可证和弹出的对话框，然后重新分析。",
        "The 3D software did not start, or it hangs.",
        "Open it and the scene by hand, look for licence trouble and open dialogs, then analyse again.",
    ),
    "15002": (
        "无法读取场景信息。",
        "请在软件中打开场景并重新保存，检查是否有报错，然后重新分析。",
        "The information about the scene could not be read.",
        "Open the scene in its software, look for errors, save it again, then analyse again.",
    ),
    "15004": (
        "不支持场景所用的渲染器。",
        "请改用农场提供的渲染器，保存场景后重新分析。",
        "The scene's renderer is not supported.",
        "Choose a renderer that the farm offers, save the scene and analyse again.",
    ),
    "15005": (
        "找不到场景所用的渲染器。",
        "请安装该渲染器或改用其他渲染器，并检查任务的插件配置。",
        "The scene's renderer was not found.",
        "Install it or choose another, and check the plugins that the job asks for.",
    ),
    "15006": (
        "场景中没有可以渲染的相机。",
        "请添加相机，或把现有相机设为可渲染，保存后重新分析。",
        "The scene has no camera to render.",
        "Add a camera or make one renderable, save the scene and analyse again.",
    ),
    "15009": (
        "无法压缩场景文件。",
        "请检查磁盘空间和工作文件夹的写入权限，关闭占用该文件的程序后重试。",
        "The scene file could not be zipped.",
        "Check for free disk space and write access to the work folder, close programs that hold the file, try again.",
    ),
    "15010": (
        "3ds Max 的位图代理已开启，会用缩小的贴图渲染。",
        "请关闭全局位图代理，保存场景后重新分析。",
        "Bitmap proxies are on in 3ds Max, so it would render with reduced textures.",
        "Turn the global bitmap proxies off, save the scene and analyse again.",
    ),
    "15011": (
        "无法创建任务文件夹。",
        "请检查工作文件夹是否存在、可以写入，并且磁盘还有空间。",
        "The folder for the task could not be made.",
        "Check that the work folder exists, can be written to and has free space.",
    ),
    "15012": (
        "无法创建任务。",
        "请检查与农场的连接和您的账户，然后重试。如果仍然失败，请联系农场管理员。",
        "The task could not be created.",
        "Check the connection to the farm and your account, then try again. If it stays, tell whoever runs the farm.",
    ),
    "15013": (
        "保存场景的软件版本与任务要求的版本不一致。",
        "请把任务的软件版本改为与场景一致，或用所需的版本重新保存场景。",
        "The scene was saved by another version of the software than the job asks for.",
        "Ask for the scene's version, or save the scene in the version that you want.",
    ),
    "15015": (
        "有同名的相机。",
        "请重命名，使每个相机的名称不同，保存后重新分析。",
        "Two or more cameras have the same name.",
        "Rename them so that each name is unique, save the scene and analyse again.",
    ),
    "15016": (
        "有同名的渲染元素。",
        "请重命名或删除重复的元素，否则它们的图像会互相覆盖。",
        "Two or more render elements have the same name.",
        "Rename or delete the duplicates; their pictures would overwrite each other.",
    ),
    "15017": (
        "已开启单独的渲染通道输出，但没有设置文件路径。",
        "请在 V-Ray 帧缓冲区设置中填写通道的路径，或关闭该输出。",
        "Separate render channels are on but have no file path.",
        "Give the channels a path in the V-Ray frame buffer settings, or turn them off.",
    ),
    "15018": (
        "V-Ray 代理的文件名没有扩展名。",
        "请给文件名加上 .vrmesh，修正代理对象的路径，然后重新分析。",
        "The file name of a V-Ray proxy has no extension.",
        "Add .vrmesh to the file name, correct the path in the proxy and analyse again.",
    ),
    "15019": (
        "这台机器上没有找到所需的三维软件。",
        "请安装场景所需的版本，或在分析时给出可执行文件的路径。",
        "The 3D software that the scene needs was not found on this machine.",
        "Install the version of the scene, or give the analysis the path of the executable.",
    ),
    "15020": (
        "V-Ray 版本与场景或 3ds Max 的版本不匹配。",
        "请安装匹配的 V-Ray 版本，并在任务的插件配置中写同一版本。",
        "The version of V-Ray does not match the scene or 3ds Max.",
        "Install the V-Ray that matches, and name the same version in the plugins of the job.",
    ),
    "15021": (
        "MultiScatter 与所用的 V-Ray 版本冲突。",
        "请换用彼此兼容的版本，或从场景中移除 MultiScatter。",
        "MultiScatter conflicts with this version of V-Ray.",
        "Choose versions that go together, or take MultiScatter out of the scene.",
    ),
    "15022": (
        "RealFlow 插件的版本不匹配。",
        "请使用与场景匹配的 RealFlow 版本，并在任务的插件配置中写同一版本。",
        "The version of the RealFlow plugin does not match.",
        "Use the RealFlow version of the scene, and name the same in the plugins of the job.",
    ),
    "15023": (
        "不同的贴图使用了相同的文件名。",
        "请重命名其中的文件并更新路径，否则可能会用错贴图。",
        "Different textures have the same file name.",
        "Rename them and update their paths; else a frame may get the wrong one.",
    ),
    "15024": (
        "找不到场景文件。",
        "请检查文件的路径、名称和读取权限，然后重试。",
        "The scene file was not found.",
        "Check its path, its name and that you may read it, then try again.",
    ),
    "15028": (
        "无法打开播放列表（PL）文件。",
        "请检查该文件是否存在、可以读取，并且没有被其他程序占用。",
        "The playlist (PL) file could not be opened.",
        "Check that it exists, can be read and is not held by another program.",
    ),
    "15029": (
        "播放列表（PL）文件的内容有误。",
        "请重新生成该文件，或改正消息里指出的内容，然后重试。",
        "The content of the playlist (PL) file is wrong.",
        "Make the file anew or correct what the message points at, then try again.",
    ),
    "15030": (
        "3ds Max 以管理员权限运行，分析程序无法与它通信。",
        "请关闭 3ds Max，以普通权限启动后重试。",
        "3ds Max runs as administrator, so the analysis cannot talk to it.",
        "Close 3ds Max, start it with ordinary rights and try again.",
    ),
    "15031": (
        "无法获取任务的信息。",
        "请检查任务编号和与农场的连接，然后重试。",
        "The task could not be fetched.",
        "Check the task's number and the connection to the farm, then try again.",
    ),
    "15032": (
        "材质所用文件的路径过长。",
        "请把文件移到层级更少、名称更短的文件夹，并更新场景中的路径。",
        "The path of a material's file is too long.",
        "Move the file to a shallower folder with shorter names, and update the path in the scene.",
    ),
    "15033": (
        "3ds Max 场景的文件名含有不允许的字符。",
        "请只用英文字母、数字、下划线和连字符重命名文件，然后重新分析。",
        "The name of the 3ds Max scene has characters that are not allowed.",
        "Rename it with plain letters, digits, underscores and hyphens only, then analyse again.",
    ),
    **dict.fromkeys(("20001", "20012"), _MAYA_FAULT),
    "25009": (
        "场景引用的文件找不到。",
        "请修正消息里列出的引用路径，或补上文件，然后重新分析。",
        "A file that the scene references was not found.",
        "Correct the reference that the message names or put the file back, then analyse again.",
    ),
    "46000": (
        "Blender 的输出格式是视频，但农场逐帧渲染图像。",
        "请在输出属性中选择 PNG 或 OpenEXR 等图像格式，之后再合成视频。",
        "Blender's output format is a movie, but a farm renders single pictures.",
        "Choose a picture format such as PNG or OpenEXR, and make the movie from the frames afterwards.",
    ),
    "46002": (
        "场景使用 EEVEE 渲染，但所选机器只有 CPU。",
        "请选择带 GPU 的机器，或把渲染引擎改为 Cycles。",
        "The scene renders with EEVEE, but the machines chosen have CPUs only.",
        "Choose machines with a GPU, or change the render engine to Cycles.",
    ),
    "46003": (
        "Blender 场景没有活动相机。",
        "请添加相机，并在场景属性中设为活动相机，保存后重新分析。",
        "The Blender scene has no active camera.",
        "Add a camera, set it in the scene properties, save the scene and analyse again.",
    ),
    "50002": (
        "Houdini 场景中没有任何可用的相机。",
        "请添加相机，并在渲染节点的相机参数中选择它，然后重新分析。",
        "The Houdini scene has no usable camera at all.",
        "Add a camera, choose it in the camera parameter of the render nodes, then analyse again.",
    ),
    "50007": (
        "不支持这种分布式模拟的切分类型。",
        "请把模拟改为按粒子、体积或簇切分，或不使用分布式模拟。",
        "The way this distributed simulation is sliced is not supported.",
        "Slice it by particles, volume or cluster, or simulate without distribution.",
    ),
    "50008": (
        "分布式模拟的切片数超过 16。",
        "请把切片数减少到 16 或更少，然后重新分析。",
        "The distributed simulation has more than 16 slices.",
        "Reduce the number of slices to 16 or fewer, then analyse again.",
    ),
    **dict.fromkeys(("50010", "50011", "50012", "50013", "50014", "50015", "50016"), _HOUDINI_FINDING),
}
