"""Speed, memory and flags per 1,000 posts, side by side in one run: make bench POSTS=file.jsonl.

Each measurement is a process of its own, so that its peak memory is its own. Without a file, 20,000 made-up posts are used.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
_GROUPS = ("adviser", "brand-account")


def run(arguments: list[str], *, keep: bool = False) -> tuple[float, float, str]:
    """Run a command; return seconds, peak MB and what it printed (if kept)."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"CI", "COMPLIANCE_WORKSPACE", "COMPLIANCE_DATABASE"}
    } | {"PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as output,
        subprocess.Popen(
            [sys.executable, *arguments],
            stdout=output,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=tempfile.gettempdir(),
        ) as process,
    ):
        watched, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.02)
        process.wait()
        seconds = time.perf_counter() - started
        output.seek(0)
        return seconds, peak / 1e6, output.read() if keep else ""


def main() -> None:
    """Measure and print one table per question."""
    with tempfile.TemporaryDirectory() as folder:
        posts, source = _posts(Path(folder))
        number = sum(1 for line in posts.open("rb") if line.strip())
        size = posts.stat().st_size / 1e6
        print(
            f"{source}: {number:,} posts, {size:.1f} MB; {platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n"
        )
        _cold_start()
        _throughput(posts, number, Path(folder))
        _flags(posts, number)


def _posts(folder: Path) -> tuple[Path, str]:
    if len(sys.argv) > 1:
        return Path(sys.argv[1]).resolve(), Path(sys.argv[1]).name
    from generate import posts

    path = folder / "made.jsonl"
    path.write_text("".join(json.dumps(post) + "\n" for post in posts(20_000)), encoding="utf-8")
    return path, "made-up posts"


def _cold_start() -> None:
    print("start-up (best of 3)                          seconds   peak MB")
    for name, arguments in (
        ("python -c pass", ["-c", "pass"]),
        ("compliance --help", ["-m", "cli", "--help"]),
        ("compliance check --text '…' (all packs)", ["-m", "cli", "check", "--text", "Good morning"]),
        ("python -c 'import spacy, presidio_analyzer'", ["-c", "import spacy, presidio_analyzer"]),
    ):
        found = [run(arguments) for _ in range(3)]
        print(f"{name:<44} {min(seconds for seconds, _, _ in found):>8.2f} {max(peak for _, peak, _ in found):>9.0f}")
    print()


def _throughput(posts: Path, number: int, folder: Path) -> None:
    workspace = folder / "workspace"
    run(["-m", "cli", "init", str(workspace)])
    print("throughput                                    seconds   posts/s   peak MB")
    for name, arguments in (
        ("check --format jsonl", ["-m", "cli", "check", "--format", "jsonl", str(posts)]),
        ("scan (SQLite, first time)", ["-m", "cli", "scan", str(posts), "--workspace", str(workspace)]),
        ("scan (SQLite, nothing new)", ["-m", "cli", "scan", str(posts), "--workspace", str(workspace)]),
        ("scan --again (all stored posts)", ["-m", "cli", "scan", "--again", "--workspace", str(workspace)]),
    ):
        seconds, peak, _ = run(arguments)
        print(f"{name:<44} {seconds:>8.2f} {number / seconds:>9,.0f} {peak:>9.0f}")
    print()


def _flags(posts: Path, number: int) -> None:
    """Count findings and tags by rule, with no group and with each group that packs know."""
    from rules.document import Context, Document
    from rules.engine import Engine
    from rules.load import load_ruleset

    engine = Engine(load_ruleset())
    found: Counter[str] = Counter()
    flagged: Counter[str] = Counter()
    for group in ("", *_GROUPS):
        context = Context(audience="external", groups=frozenset([group] if group else []), at=None)
        for evaluation in engine.evaluate(Document(key="", text=row["text"], context=context) for row in _rows(posts)):
            policies = {rule.partition(".")[0] for rule in [*(f.rule for f in evaluation.findings), *evaluation.tags]}
            flagged.update((policy, group) for policy in policies)  # type: ignore[arg-type]
            found.update((rule, group) for rule in [*(f.rule for f in evaluation.findings), *evaluation.tags])  # type: ignore[arg-type]
    print(
        "flagged posts per 1,000, by the author's group   "
        + "".join(f"{group or '(none)':>15}" for group in ("", *_GROUPS))
    )
    for policy in sorted({key[0] for key in flagged}):
        print(
            f"{policy:<48} " + "".join(f"{1000 * flagged[policy, group] / number:>15.2f}" for group in ("", *_GROUPS))
        )  # type: ignore[index]
    print("\nfindings by rule" + " " * 33 + "".join(f"{group or '(none)':>15}" for group in ("", *_GROUPS)))
    for rule in sorted({key[0] for key in found}):
        print(f"{rule:<48} " + "".join(f"{found[rule, group]:>15}" for group in ("", *_GROUPS)))  # type: ignore[index]


def _rows(posts: Path) -> Any:  # noqa: ANN401 - a stream of JSON objects
    with posts.open("rb") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


if __name__ == "__main__":
    main()
