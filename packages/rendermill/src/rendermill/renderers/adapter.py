"""Applications that this farm has no plug-in for.

Whoever installs such an application on a worker gives it a command ``rendermill-NAME`` (``rendermill-houdini``), which
is called once for each task with what is to be rendered and writes pictures into the folder it is given. Until a
worker has the application, jobs for it wait.
"""

from __future__ import annotations

from typing import Any

from rendermill.farm.model.software import software_word
from rendermill.renderers.request import Part, Request, Values


class AdapterApplication:
    """Calls the command (:class:`rendermill.renderers.request.Application`)."""

    def step(self, request: Request, part: Part, number: int, values: Values) -> dict[str, Any]:
        """The steps of a part; each setting becomes an option of its name."""
        output = "{{Param.OutputDir}}"
        if part.folder:
            output += "/" + values.text(f"Folder{number}", part.folder)
        given = {"version": request.version, "project": request.project, "part": part.name, **part.settings}
        options = ["--scene", "{{Param.Scene}}", "--output", output, "--frames", "{{Task.Param.Frame}}"]
        for position, (name, value) in enumerate(sorted(given.items())):
            if value:
                options += [f"--{name}", values.text(f"Setting{number}_{position}", value)]
        command = f"rendermill-{software_word(request.software, '')}"
        return {"script": {"actions": {"onRun": {"command": command, "args": options}}}}
