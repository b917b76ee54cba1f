"""The files that a project mentions, as references."""

from __future__ import annotations

from collections.abc import Iterator

from rendermill.scenes.clarisse.paths import Spelling
from rendermill.scenes.clarisse.project import Mention, Project
from rendermill.scenes.findings import Reference, Role
from rendermill.scenes.report import Confidence

_SCENES = (".project", ".usd", ".usda", ".usdc", ".usdz")


def references(project: Project, spelling: Spelling) -> Iterator[Reference]:
    """Each file once for each attribute that names it."""
    seen: set[tuple[str, str]] = set()
    for mention in project.mentions:
        user = f"{mention.item.path} {mention.attribute}"
        if (user, mention.text) not in seen:
            seen.add((user, mention.text))
            yield _reference(mention, user, spelling)


def _reference(mention: Mention, user: str, spelling: Spelling) -> Reference:
    sure = Confidence.HIGH if mention.sure else Confidence.LOW
    if mention.expression:
        return Reference(mention.text, user, role=Role.UNRESOLVED, reason="expression", confidence=sure)
    spelled = spelling.spelled(mention.text)
    if mention.output:
        role = Role.OUTPUT
    elif spelled.built_in:
        role = Role.BUILT_IN
    else:
        role = Role.UNRESOLVED if spelled.reason else Role.INPUT
    follow = role is Role.INPUT and mention.text.casefold().endswith(_SCENES)
    return Reference(mention.text, user, spelled.paths, role, spelled.reason, follow=follow, confidence=sure)
