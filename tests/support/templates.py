"""Small OpenJD templates."""

from __future__ import annotations

from typing import Any


def step(
    name: str,
    command: str,
    *args: str,
    frames: str | None = None,
    depends: tuple[str, ...] = (),
    requirements: dict[str, Any] | None = None,
    environment: dict[str, Any] | None = None,
    timeout: int | None = None,
) -> dict[str, Any]:
    """A step that runs a command, once or once a frame (``{{Task.Param.Frame}}``)."""
    action: dict[str, Any] = {"command": command}
    if args:
        action["args"] = list(args)
    if timeout is not None:
        action["timeout"] = timeout
    made: dict[str, Any] = {"name": name, "script": {"actions": {"onRun": action}}}
    if frames is not None:
        definition = {"name": "Frame", "type": "INT", "range": frames}
        made["parameterSpace"] = {"taskParameterDefinitions": [definition]}
    if depends:
        made["dependencies"] = [{"dependsOn": other} for other in depends]
    if requirements is not None:
        made["hostRequirements"] = requirements
    if environment is not None:
        made["stepEnvironments"] = [environment]
    return made


def shell(script: str, name: str = "run", **options: Any) -> dict[str, Any]:
    """A step that runs a shell script."""
    return step(name, "/bin/sh", "-c", script, **options)


def template(*steps: dict[str, Any], output: str | None = None) -> dict[str, Any]:
    """A template of steps; with ``output`` it has a parameter ``Out``, the folder that it writes to."""
    made: dict[str, Any] = {"specificationVersion": "jobtemplate-2023-09", "name": "test", "steps": list(steps)}
    if output is not None:
        out = {"name": "Out", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "OUT", "default": output}
        made["parameterDefinitions"] = [out]
    return made
