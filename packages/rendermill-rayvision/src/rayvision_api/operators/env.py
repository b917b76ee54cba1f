"""Rendering environments: an application with plug-ins under a name of the user's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rayvision_api.constants import cg_id
from rayvision_api.operators.base import Operator, given
from rayvision_api.url import ApiUrl


class RenderEnvOperator(Operator):
    """A user's environments. One is a dict with the API's members, ``cgId``, ``cgVersion``, ``editName`` …"""

    def add_render_env(
        self, data: Mapping[str, Any] | None = None, render_env: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Add an environment, by either name; ``editName`` in it is its own."""
        return dict(self._connect.post(ApiUrl.addUserPluginConfig, data or render_env))

    def update_render_env(
        self, data: Mapping[str, Any] | None = None, render_env: Mapping[str, Any] | None = None
    ) -> None:
        """Change an environment."""
        self._connect.post(ApiUrl.editUserPluginConfig, data or render_env)

    def delete_render_env(self, edit_name: str) -> None:
        """Remove an environment."""
        self._connect.post(ApiUrl.deleteUserPluginConfig, {"editName": edit_name})

    def set_default_render_env(self, edit_name: str) -> None:
        """Make an environment the default of its application."""
        self._connect.post(ApiUrl.setDefaultUserPluginConfig, {"editName": edit_name})

    def get_render_env(
        self, name: str | None = None, cg_names: Iterable[str] | None = None, os_name: int = 1
    ) -> list[dict[str, Any]]:
        """The environments of an application, or of several; for Windows, or with ``os_name`` 0 for Linux.

        Raises BadInputError for an application that there is not.
        """
        ids = None if cg_names is None else [cg_id(each) for each in cg_names]
        body = given(cgId=cg_id(name) if name else None, cgIds=ids, osName=os_name)
        return list(self._connect.post(ApiUrl.getUserPluginConfig, body))
