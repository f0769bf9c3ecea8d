from config.models.heartbeat import Heartbeat
from config.models.job import JobRun

__all__ = ["Heartbeat", "JobRun"]
