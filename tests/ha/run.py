"""The high-availability rig: three PostgreSQL nodes under Patroni with etcd, three servers behind HAProxy, and what kills them.

    python3 tests/ha/run.py --rounds 1 --kinds primary,frozen --service target/release/officeconfig
    python3 tests/ha/run.py --rounds 10 --service target/release/officeconfig     # every kind
    python3 tests/ha/run.py --rounds 2                                            # the rig itself: no servers, plain SQL

Everything listens on loopback ports of its own and lies below one temporary folder, which is kept when something failed.
It closes with `N passed, N failed, N skipped` (a round is a test), as `cargo xtask` reads it.

This file only reads the command line and hands over: the rig needs packages of its own, so it runs in a virtual
environment, and below a guard, so that nothing is left behind however it ends. It must never import those packages.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import guard
import tools

KINDS = ["primary", "postmaster", "replica-server", "standbys", "etcd", "frozen"]
INSIDE = "OFFICECONFIG_HA_TOOLS"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Kills parts of a highly available installation and looks what is lost"
    )
    parser.add_argument("--rounds", type=int, default=1, help="rounds of each kind (default 1)")
    parser.add_argument(
        "--kinds", default="", help=f"which kinds, separated by commas: {','.join(KINDS)} (default all)"
    )
    parser.add_argument(
        "--service", type=Path, metavar="FILE", help="the officeconfig program; without it plain SQL is the workload"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder with all logs")
    parser.add_argument(
        "--no-install", action="store_true", help="skip instead of installing Debian packages that are missing"
    )
    parser.add_argument("--install-only", action="store_true", help="install what is missing, and run nothing")
    args = parser.parse_args()
    args.kinds = [kind for kind in args.kinds.split(",") if kind] or [
        kind for kind in KINDS if args.service or kind != "replica-server"
    ]
    if unknown := set(args.kinds) - set(KINDS):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    if not args.service and "replica-server" in args.kinds:
        parser.error("replica-server needs --service")
    if args.service and not args.service.is_file():
        parser.error(f"--service: there is no file {args.service}")
    if args.rounds < 1:
        parser.error("--rounds: at least 1")
    return args


def main() -> int:
    args = arguments()
    if INSIDE in os.environ:
        import rig

        return rig.run(args, tools.Tools.from_json(json.loads(os.environ[INSIDE])))
    # What is made here must be readable by the account that runs PostgreSQL.
    os.umask(0o022)
    try:
        found = tools.find(install=not args.no_install)
    except tools.Missing as why:
        print(f"skipped: tests/ha: {why}\n0 passed, 0 failed, 1 skipped")
        return 0
    if args.install_only:
        return 0
    told = {INSIDE: json.dumps(found.to_json()), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    return guard.run([str(found.python), str(Path(__file__).resolve()), *sys.argv[1:]], os.environ | told)


if __name__ == "__main__":
    sys.exit(main())
