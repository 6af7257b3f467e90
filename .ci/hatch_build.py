"""Build hook: puts a software bill of materials (SBOM) into the wheel.

PEP 770 keeps it in ``.dist-info/sboms``, so that scanners find it. It describes what the wheel
contains, which is audioconv alone. The packages that it needs to run are named as external: they
are installed beside it, not in it, in a version that is not known here. It holds no time and no
random number, so that a wheel that is built again has the same bytes.

References
----------
CycloneDX 1.7, ECMA-424; PEP 770, "Improving measurability of Python packages with SBOMs".
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.requirements import Requirement
from packaging.version import Version

NAME = "audioconv.cdx.json"


class SbomHook(BuildHookInterface):
    """Writes the SBOM to a temporary file, which the builder copies."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the SBOM to a wheel."""
        core = self.metadata.core
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name, NAME)
        text = sbom(core.name, self.metadata.version, core.license_expression, core.dependencies)
        path.write_bytes(text.encode())
        build_data["sbom_files"].append(str(path))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the file once it is in the wheel."""
        self._folder.cleanup()


def sbom(name: str, version: str, license_id: str, dependencies: list[str]) -> str:
    """Return the SBOM of a wheel as CycloneDX JSON."""
    wheel = {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
        "licenses": [{"license": {"id": license_id}}],
    }
    external = [component(requirement) for requirement in sorted(dependencies)]
    needed = [one["bom-ref"] for one in external]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "version": 1,
        "metadata": {"component": wheel},
        "components": external,
        "dependencies": [
            {"ref": name, "dependsOn": needed},
            *({"ref": ref} for ref in needed),
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def component(text: str) -> dict[str, Any]:
    """Describe a package that is needed but not contained, such as ``numpy>=2.3``."""
    requirement = Requirement(text)
    bounds = sorted(requirement.specifier, key=lambda bound: Version(bound.version))
    return {
        "type": "library",
        "bom-ref": requirement.name,
        "name": requirement.name,
        "purl": f"pkg:pypi/{requirement.name}",
        "scope": "required",
        "isExternal": True,
        "versionRange": f"vers:pypi/{'|'.join(map(str, bounds)) or '*'}",
    }
