"""From an OpenJD template and its parameters to what the farm schedules.

The job model is Open Job Description 2023-09 (github.com/OpenJobDescription/openjd-specifications); parsing and
instantiation are ``openjd-model``'s. A job is stored as template and parameters and rebuilt by
:func:`instantiate`, because that takes milliseconds whatever the number of its tasks.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from openjd.model import (
    DecodeValidationError,
    ExpressionError,
    FormatStringError,
    JobParameterValues,
    JobTemplate,
    ParameterValue,
    StepParameterSpaceIterator,
    create_job,
    create_job_with_symbol_tables,
    decode_job_template,
    preprocess_job_parameters,
)
from openjd.model.v2023_09 import Job as OpenjdJob
from openjd.model.v2023_09 import Step as OpenjdStep

from rendermill.farm.model.errors import BadInputError, TooLargeError

EXTENSIONS = ("TASK_CHUNKING", "REDACTED_ENV_VARS", "FEATURE_BUNDLE_1", "EXPR", "WRAP_ACTIONS")
MAX_TEMPLATE_BYTES = 5 * 1024 * 1024
MAX_TASKS = 1_000_000


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a step asks of a worker (OpenJD ``hostRequirements``).

    ``amounts`` maps a capability to its least amount, ``attributes`` to the pair (any of, all of).
    """

    amounts: Mapping[str, float] = field(default_factory=dict)
    attributes: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)

    @property
    def cores(self) -> float | None:
        """Cores asked for, or None where the template leaves it to the worker."""
        return self.amounts.get("amount.worker.vcpu")

    @property
    def memory(self) -> float:
        """Memory asked for, in MiB."""
        return self.amounts.get("amount.worker.memory", 0.0)


class StepBlueprint:
    """One step of a job, instantiated: its script, environments, dependencies and parameter space."""

    def __init__(self, model: OpenjdStep, symbols: Any) -> None:
        self.model = model
        self.symbols = symbols
        self.name: str = model.name
        self.depends = tuple(d.dependsOn for d in model.dependencies or ())

    @cached_property
    def _space(self) -> StepParameterSpaceIterator:
        space = StepParameterSpaceIterator(space=self.model.parameterSpace)
        if not space.chunks_adaptive:
            return space
        # A task must be nameable by its index for as long as the job lives: chunks keep their default size.
        return StepParameterSpaceIterator(
            space=self.model.parameterSpace, chunks_task_count_override=space.chunks_default_task_count
        )

    @cached_property
    def total(self) -> int:
        """The number of tasks."""
        return len(self._space)

    def parameters(self, index: int) -> dict[str, ParameterValue]:
        """The task parameters of task ``index`` (from 0)."""
        return dict(self._space[index])

    def label(self, index: int) -> str:
        """A task's parameters as a person reads them: ``Frame=17``."""
        return ", ".join(f"{name}={value.value}" for name, value in self.parameters(index).items())

    @cached_property
    def requirements(self) -> Requirements:
        """What the step asks of a worker."""
        asked = self.model.hostRequirements
        if asked is None:
            return Requirements()
        amounts = {a.name: float(a.min) for a in asked.amounts or () if a.min is not None}
        attributes = {a.name: (tuple(a.anyOf or ()), tuple(a.allOf or ())) for a in asked.attributes or ()}
        return Requirements(amounts, attributes)


@dataclass(frozen=True)
class Blueprint:
    """A job, instantiated from template and parameters."""

    name: str
    parameters: JobParameterValues
    steps: tuple[StepBlueprint, ...]
    environments: tuple[Any, ...]
    symbols: Any
    extensions: tuple[str, ...]
    output_parameters: tuple[str, ...]
    """Names of PATH parameters into which the job writes (``dataFlow`` OUT or INOUT)."""
    output_files: frozenset[str]
    """Those of them that name a file and not a folder."""

    def step(self, name: str) -> StepBlueprint:
        """The step of that name (KeyError if there is none)."""
        return {step.name: step for step in self.steps}[name]


def parse(template: object) -> JobTemplate:
    """Check a job template.

    Raises :class:`BadInputError` with OpenJD's path and reason, :class:`TooLargeError` over 5 MiB.
    """
    if not isinstance(template, dict):
        raise BadInputError("a job template is an object", where="template")
    try:
        if len(json.dumps(template)) > MAX_TEMPLATE_BYTES:
            raise TooLargeError(f"over {MAX_TEMPLATE_BYTES} bytes", where="template")
        return decode_job_template(template=template, supported_extensions=EXTENSIONS)
    except IndexError as error:  # how the library ends where steps depend on each other in a circle
        raise _rejected(ValueError("steps -> dependencies:\n\tthe steps wait for each other in a circle")) from error
    except (DecodeValidationError, NotImplementedError, RecursionError, TypeError, ValueError) as error:
        raise _rejected(error) from error


def _rejected(error: Exception) -> BadInputError:
    return BadInputError(
        f"OpenJD rejects it: {error}",
        where="template",
        remedy="Compare it with the 2023-09 job template schema; the path above names the place.",
    )


def _create(template: JobTemplate, values: JobParameterValues) -> tuple[OpenjdJob, Any, Mapping[str, Any]]:
    """The job, its symbol table and its steps' tables; only expressions (EXPR) need the tables."""
    if "EXPR" not in (template.extensions or ()):
        return create_job(job_template=template, job_parameter_values=values), None, {}
    made = create_job_with_symbol_tables(job_template=template, job_parameter_values=values)
    return made.job, made.job_symbol_table, made.step_symbol_tables


def _output_parameters(template: JobTemplate) -> dict[str, bool]:
    """PATH parameters that the job writes to → whether they name a file."""
    found = {}
    for definition in template.parameterDefinitions or ():
        flow = getattr(definition, "dataFlow", None)
        if flow is not None and flow.value in ("OUT", "INOUT"):
            kind = getattr(definition, "objectType", None)
            found[definition.name] = kind is not None and kind.value == "FILE"
    return found


def _tasks(steps: Sequence[StepBlueprint]) -> float:
    try:
        return sum(step.total for step in steps)
    except OverflowError:  # a product of ranges that no machine counts
        return math.inf


def instantiate(template: object, parameters: Mapping[str, Any]) -> Blueprint:
    """Make the job of a template and its parameter values.

    PATH values stay as they are: they belong to the submitter's machine. Raises :class:`BadInputError` where
    the template or a value is wrong, :class:`TooLargeError` for more than a million tasks.
    """
    parsed = parse(template)
    for name, value in parameters.items():
        if value is None or isinstance(value, dict):
            raise BadInputError(f"{name} has no value that a parameter can have", where="parameters")
    try:
        values = preprocess_job_parameters(
            job_template=parsed,
            job_parameter_values=dict(parameters),
            job_template_dir=Path(),
            current_working_dir=Path(),
            allow_job_template_dir_walk_up=True,
        )
        job, job_symbols, step_symbols = _create(parsed, values)
    except (DecodeValidationError, ExpressionError, FormatStringError, ValueError, TypeError) as error:
        raise BadInputError(str(error), where="parameters") from error
    steps = tuple(StepBlueprint(step, step_symbols.get(step.name)) for step in job.steps)
    if _tasks(steps) > MAX_TASKS:
        raise TooLargeError(f"more than {MAX_TASKS} tasks", where="template", remedy="Chunk the frames.")
    written = _output_parameters(parsed)
    return Blueprint(
        name=job.name,
        parameters=values,
        steps=steps,
        environments=tuple(job.jobEnvironments or ()),
        symbols=job_symbols,
        extensions=tuple(parsed.extensions or ()),
        output_parameters=tuple(written),
        output_files=frozenset(name for name, is_file in written.items() if is_file),
    )
