"""Puts the rig together, runs the rounds, reports. Runs in the virtual environment, below the guard."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from importlib.metadata import version
from itertools import product
from pathlib import Path
from types import FrameType

import direct
import report
import rounds
from cluster import Cluster
from kills import KINDS
from processes import kill_all_below
from tools import Tools
from workload import Estate, Workload


def run(args: argparse.Namespace, tools: Tools) -> int:
    os.umask(0o022)
    folder = Path(tempfile.mkdtemp(prefix="officeconfig-ha-"))
    # The account of PostgreSQL has to get through to its own folders.
    folder.chmod(0o755)

    def leave(_number: int, _frame: FrameType | None) -> None:
        # At once: threads in the middle of a request would only delay it. The guard may be gone, so do its work too.
        kill_all_below(folder)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(130)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    is_good = False
    try:
        results = run_in(folder, args, tools)
        failed = sum(not result.is_good for result in results)
        unrun = args.rounds * len(args.kinds) - len(results)
        print(f"{len(results) - failed} passed, {failed} failed, {unrun} skipped", flush=True)
        is_good = not failed
        return 0 if is_good else 1
    except (TimeoutError, RuntimeError) as error:
        print(f"tests/ha: {error}\n0 passed, 1 failed", flush=True)
        return 1
    finally:
        kill_all_below(folder)
        if is_good and not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"logs: {folder}", file=sys.stderr)


def run_in(folder: Path, args: argparse.Namespace, tools: Tools) -> list[rounds.Result]:
    began = time.monotonic()
    cluster = Cluster(tools, folder)
    cluster.start()
    direct.make_schema(cluster)
    workload: Workload
    servers = None
    if args.service:
        from servers import Servers
        from service import Service

        servers = Servers(args.service.resolve(), cluster, tools, folder)
        workload = Service(cluster, servers)
    else:
        workload = direct.Direct(cluster)
    workload.start()
    print(
        f"PostgreSQL {cluster.version}, Patroni {version('patroni')}; ready after {time.monotonic() - began:.0f} s",
        flush=True,
    )

    results: list[rounds.Result] = []
    estates: list[Estate | None] = []
    for number, kind in product(range(1, args.rounds + 1), args.kinds):
        result, estate = rounds.run(kind, number, KINDS[kind](cluster, servers), cluster, workload)
        results.append(result)
        estates.append(estate)
        print(report.line(result), *result.faults[:20], sep="\n  ", flush=True)
        if not rounds.is_whole(cluster, workload):
            print(f"no further rounds: {', '.join(cluster.ailments() + workload.ailments())}")
            break
    final_audit(results, estates)
    print(report.table(results), flush=True)
    if args.json:
        about = {
            "workload": "service" if args.service else "direct",
            "postgres": cluster.version,
            "patroni": version("patroni"),
        }
        report.write(args.json, results, about | {"seconds": round(time.monotonic() - began)})
    return results


def final_audit(results: list[rounds.Result], estates: list[Estate | None]) -> None:
    """What was there after its own round may have been lost in a later one."""
    for result, estate in zip(results, estates, strict=True):
        if not estate or not result.is_good:
            continue
        try:
            found = estate.audit()
        except Exception as error:
            result.faults.append(f"the last audit could not be done: {rounds.described(error)}")
            continue
        if found.lost:
            result.lost = len(found.lost)
            result.faults += [f"{one} (lost in a later round)" for one in found.lost]
