"""People, roles, notices, files and the shape of an event."""

from accounts.models.event import LogEvent, Unsettled
from accounts.models.file import File
from accounts.models.notice import Notice, NoticePreference
from accounts.models.operation import Operation
from accounts.models.role import Membership, Role
from accounts.models.setting import Setting
from accounts.models.tally import Tally
from accounts.models.user import Theme, User

__all__ = [
    "File",
    "LogEvent",
    "Membership",
    "Notice",
    "NoticePreference",
    "Operation",
    "Role",
    "Setting",
    "Tally",
    "Theme",
    "Unsettled",
    "User",
]
