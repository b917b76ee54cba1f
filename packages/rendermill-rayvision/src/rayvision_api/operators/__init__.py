"""The calls of the API, by what they are about. Each class has its name of the SDK's first versions too."""

from rayvision_api.operators.env import RenderEnvOperator
from rayvision_api.operators.query import QueryOperator
from rayvision_api.operators.tag import TagOperator
from rayvision_api.operators.task import TaskOperator
from rayvision_api.operators.transmit import TransmitOperator
from rayvision_api.operators.user import UserOperator

Query = QueryOperator
RenderEnv = RenderEnvOperator
Tag = TagOperator
Task = TaskOperator
User = UserOperator

__all__ = [
    "Query",
    "QueryOperator",
    "RenderEnv",
    "RenderEnvOperator",
    "Tag",
    "TagOperator",
    "Task",
    "TaskOperator",
    "TransmitOperator",
    "User",
    "UserOperator",
]
