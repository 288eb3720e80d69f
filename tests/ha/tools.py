"""Finds the programs that the rig starts, and installs what is missing where that is possible: Debian's packages when we
are root, Patroni from PyPI into a virtual environment. It must never start one of them.

Standard library only: it runs before the virtual environment exists.
"""

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
POSTGRES_MIN = 15
# Of the server, and what Patroni calls. Some folders have a link to one or two of them.
POSTGRES_PROGRAMS = ["postgres", "initdb", "pg_ctl", "pg_isready", "pg_basebackup", "pg_controldata", "pg_rewind"]
# Debian's names, first the newer; and the services that these packages start, which the rig has no use for.
PACKAGES = {"etcd": ["etcd-server", "etcd"], "haproxy": ["haproxy"], "postgres": ["postgresql"]}
SERVICES = {"etcd": "etcd", "haproxy": "haproxy", "postgres": "postgresql"}


class Missing(Exception):
    """Something is not there and cannot be had; the text says what."""


@dataclass(frozen=True)
class Tools:
    """Where the programs are."""

    postgres: Path
    """The folder of the server's programs."""
    etcd: Path
    haproxy: Path
    python: Path
    """The virtual environment's interpreter; Patroni lies beside it."""
    account: str | None
    """Who runs PostgreSQL; None is ourselves. The server refuses to run as root."""

    @property
    def patroni(self) -> Path:
        return self.python.with_name("patroni")

    def to_json(self) -> dict[str, Any]:
        return {name: value and str(value) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Tools":
        return cls(**{name: value if name == "account" else Path(value) for name, value in told.items()})


def find(install: bool) -> Tools:
    """All of them, installed if need be."""
    if sys.platform != "linux":
        raise Missing("it needs Linux (it reads /proc and kills by process id)")
    finders = {"etcd": lambda: program("etcd"), "haproxy": lambda: program("haproxy"), "postgres": postgres}
    if missing := [name for name, finder in finders.items() if finder() is None]:
        if not install or os.geteuid() != 0 or not shutil.which("apt-get"):
            raise Missing(f"not on this machine: {', '.join(missing)} (Debian: {debian(missing)})")
        apt(missing)
    found = {name: finder() for name, finder in finders.items()}
    if missing := [name for name, path in found.items() if path is None]:
        raise Missing(f"still not there after installing: {', '.join(missing)}")
    account = server_account()
    return Tools(python=environment(account), account=account, **found)  # type: ignore[arg-type]


def program(name: str) -> Path | None:
    # Debian keeps servers in sbin, which is not in everybody's PATH.
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    return Path(found) if found else None


def postgres() -> Path | None:
    """The `bin` folder of the newest server that is new enough."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += Path("/usr/lib/postgresql").glob("*/bin")
    if given := os.environ.get("OFFICECONFIG_POSTGRES_BIN"):
        folders = [Path(given)]
    known = [
        (version(folder), folder) for folder in folders if all((folder / name).is_file() for name in POSTGRES_PROGRAMS)
    ]
    return max((one for one in known if one[0] >= POSTGRES_MIN), default=(0, None))[1]


def version(folder: Path) -> int:
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True).stdout
    number = re.search(r"\(PostgreSQL\) (\d+)", told)
    return int(number[1]) if number else 0


def debian(names: list[str]) -> str:
    return " ".join(PACKAGES[name][0] for name in names)


def apt(names: list[str]) -> None:
    """Debian's packages; the services that they start are stopped again."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    told = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    print(f"installing {debian(names)}")
    subprocess.run(["apt-get", "update"], env=told, **quiet)
    for name in names:
        for package in PACKAGES[name]:
            done = subprocess.run(
                ["apt-get", "install", "-y", "--no-install-recommends", package],
                env=told,
                capture_output=True,
                text=True,
            )
            if done.returncode == 0:
                break
        else:
            raise Missing(f"apt-get install {PACKAGES[name][0]}: {done.stderr.strip()}")
        if shutil.which("service"):
            subprocess.run(["service", SERVICES[name], "stop"], **quiet)


def server_account() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise Missing("PostgreSQL refuses to run as root, and there is no account postgres") from None


def environment(account: str | None) -> Path:
    """The virtual environment with exactly the requirements, in a folder that the server's account can read."""
    text = REQUIREMENTS.read_text()
    base = Path("/var/tmp") / f"officeconfig-ha-{os.geteuid()}"
    base.mkdir(mode=0o755, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.geteuid():
        raise Missing(f"{base} is somebody else's")
    python = base_python(account)
    folder = base / hashlib.sha256(f"{python}\n{text}".encode()).hexdigest()[:12]
    interpreter, stamp = folder / "bin/python", folder / "complete"
    if not stamp.exists():
        print(f"installing tests/ha/requirements.txt under {folder}")
        pip = [
            interpreter,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
            "-r",
            REQUIREMENTS,
        ]
        for command in ([python, "-m", "venv", "--clear", folder], pip):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                raise Missing(f"Patroni could not be installed: {done.stdout.strip()}")
        stamp.touch()
    return interpreter


def base_python(account: str | None) -> Path:
    """A Python that the server's account can run too: one below a private home (pyenv) would be refused when Patroni starts."""
    for candidate in (Path("/usr/bin/python3"), Path(sys.executable).resolve()):
        try:
            check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
            done = subprocess.run([candidate, "-c", check], user=account, cwd="/", capture_output=True)
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    raise Missing("no python3 ≥ 3.11 with venv that the account of PostgreSQL can run (Debian: python3-venv)")
