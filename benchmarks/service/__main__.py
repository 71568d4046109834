"""Runs the benchmarks of the service, one after the other: `python -m benchmarks.service [NAME ...]`.

Each is a module of its own with options of its own: `python -m benchmarks.service.NAME --help`.
"""

import argparse
import subprocess
import sys

NAMES = ("status", "dispatch", "steps", "upload", "films")


def main() -> None:
    """Run those named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=f"any of {', '.join(NAMES)}")
    for name in parser.parse_args().names or NAMES:
        print(f"## {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.service.{name}"], check=True)


if __name__ == "__main__":
    main()
