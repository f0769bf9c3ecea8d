from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    label = "config"
    verbose_name = "Operations"

    def ready(self) -> None:
        from config import checks  # noqa: F401 - importing it registers the checks
