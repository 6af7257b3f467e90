"""Reports known vulnerabilities of the packages that are installed, and fails nothing."""

import json
import os
import site
import subprocess
import sys
import tempfile
import time

SECONDS = 60


def main() -> None:
    """Install pip-audit elsewhere, as it would add to what it audits, and run it."""
    end = time.monotonic() + SECONDS
    try:
        with tempfile.TemporaryDirectory() as folder:
            python = (sys.executable, "-m")
            run(end, *python, "pip", "install", "-q", f"--target={folder}", "pip-audit")
            audit = (*python, "pip_audit", "--progress-spinner=off", "-f=json")
            places = [f"--path={path}" for path in site.getsitepackages()]
            done = run(end, *audit, *places, env={**os.environ, "PYTHONPATH": folder})
            report(json.loads(done)["dependencies"])
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        print(f"pip-audit: no report ({type(error).__name__}): no network, or too slow")


def run(end: float, *command: str, env: dict[str, str] | None = None) -> str:
    """Run a command until the time is over, and return what it prints."""
    left = max(0, end - time.monotonic())
    done = subprocess.run(command, capture_output=True, text=True, timeout=left, env=env)
    return done.stdout


def report(packages: list[dict]) -> None:
    """Print a line for each vulnerability, and one for all."""
    known = [package for package in packages if "skip_reason" not in package]
    for package in known:
        for found in package["vulns"]:
            fixed = ", ".join(found["fix_versions"]) or "none"
            print(f"{package['name']} {package['version']}: {found['id']}, fixed in {fixed}")
    count = sum(len(package["vulns"]) for package in known)
    print(
        f"pip-audit: {count} known vulnerabilities in {len(known)} packages; "
        f"{len(packages) - len(known)} could not be looked up"
    )


if __name__ == "__main__":
    main()
