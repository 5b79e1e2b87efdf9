"""The folders of data that ship with the code: beside the source, or copied into an installed package."""

from __future__ import annotations

from pathlib import Path

from backoffice.kernel.errors import NotFound

_PACKAGE = Path(__file__).parent.parent


def data_folder(name: str) -> Path:
    """Return the folder `policies`, `locales` or `migrations` of this install; raises NotFound where it has none."""
    folders = (_PACKAGE.parent / name, _PACKAGE / "_data" / name)
    for folder in folders:
        if folder.is_dir():
            return folder
    raise NotFound("data_missing", folder=name, looked_in=[str(folder) for folder in folders])
