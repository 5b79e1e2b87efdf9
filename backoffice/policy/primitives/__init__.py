"""The primitives: every rule of the gate, and every declared parameter of the five Terms and the law.

Importing this package registers them all.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
