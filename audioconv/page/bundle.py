"""Bundle ES modules into one script: a page opened from a file cannot import other files.

Modules are put in one scope, each after those that it imports, without their imports and exports.
They import by name (``import { a, b } from "./c.js";``) and export where they declare, both at the
start of a line; names at the top level of a module are unique among all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

IMPORT = re.compile(
    r'^import \{\s*(\w+(?:,\s*\w+)*),?\s*\} from "\./([\w-]+\.js)";\n+', re.MULTILINE
)
DECLARATION = re.compile(r"^(export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) \w)", re.MULTILINE)
OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


@dataclass(frozen=True)
class _Module:
    imports: dict[str, set[str]]
    declared: set[str]
    exported: set[str]
    body: str


def bundle(entry: str, read: Callable[[str], str]) -> str:
    r"""Return a module and everything that it imports as one script.

    Parameters
    ----------
    entry : str
        file name of the module to begin with
    read : callable
        returns the text of a module by its file name

    Raises
    ------
    ValueError
        if a module imports a name that is not exported, if modules import each other in a cycle,
        if two of them declare the same name, or if an import or export has another form

    Examples
    --------
    >>> files = {
    ...     "main.js": 'import { two } from "./two.js";\nprint(two);\n',
    ...     "two.js": "export const two = 2;\n",
    ... }
    >>> print(bundle("main.js", files.__getitem__))
    // two.js
    const two = 2;
    <BLANKLINE>
    // main.js
    print(two);
    <BLANKLINE>
    """
    modules: dict[str, _Module] = {}
    owners: dict[str, str] = {}

    def add(name: str, importers: tuple[str, ...] = ()) -> None:
        path = (*importers, name)
        if name in importers:
            raise ValueError(f"modules import each other: {' -> '.join(path)}")
        if name in modules:
            return
        module = _parse(name, read(name))
        for source, names in module.imports.items():
            add(source, path)
            if missing := names - modules[source].exported:
                raise ValueError(
                    f"{name} imports {', '.join(sorted(missing))} from {source}, "
                    "which does not export it"
                )
        for declared in module.declared:
            if owners.setdefault(declared, name) != name:
                raise ValueError(f"{name} and {owners[declared]} both declare {declared}")
        modules[name] = module

    add(entry)
    return "\n".join(f"// {name}\n{module.body}" for name, module in modules.items())


def _parse(name: str, text: str) -> _Module:
    """Split a module into the names that it needs, the names that it declares, and its body."""
    imports: dict[str, set[str]] = {}
    for names, source in IMPORT.findall(text):
        imports.setdefault(source, set()).update(re.findall(r"\w+", names))
    declarations = DECLARATION.findall(text)
    body = EXPORT.sub("", IMPORT.sub("", text))
    if other := OTHER.search(body):
        raise ValueError(f"{name} has an import or export that is not understood: {other[0]}")
    return _Module(
        imports,
        {declared for _, declared in declarations},
        {declared for exported, declared in declarations if exported},
        body,
    )
