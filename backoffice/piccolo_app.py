"""The one Piccolo app: every room's tables, and where the migrations lie."""

from __future__ import annotations

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

from backoffice.plumbing.data import data_folder

TABLES = table_finder(
    [f"backoffice.{path.parent.name}.tables" for path in sorted(Path(__file__).parent.glob("*/tables.py"))],
    exclude_imported=True,
)

APP_CONFIG = AppConfig(
    app_name="backoffice",
    migrations_folder_path=str(data_folder("migrations")),
    table_classes=TABLES,
)
