"""The examples for operators: every command in them exists, and what can be parsed here is."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

import cli

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"
OPERATING = ROOT / "docs" / "operating.md"
CRON = (EXAMPLES / "crontab").read_text(encoding="utf-8")
JOB = yaml.safe_load((EXAMPLES / "cronjob.yaml").read_text(encoding="utf-8"))


def calls(text):
    """What is run in a text: after a prompt, a schedule, `ExecStart=`, in code marks, or as a list of arguments."""
    for found in re.finditer(r"(?:^|[\s`/])compliance ((?:[a-z]+)(?: [^|>&`\n]*)?)", text, re.MULTILINE):
        try:
            yield shlex.split(found[1].partition("  #")[0], comments=True)
        except ValueError:
            continue


def every_call():
    for path in (*sorted(EXAMPLES.iterdir()), OPERATING):
        lines = path.read_text(encoding="utf-8").splitlines()
        code = [line for line in lines if path != OPERATING or line.startswith(("compliance ", "$ compliance"))]
        code += re.findall(r"`(compliance [^`]+)`", "\n".join(lines)) if path == OPERATING else []
        for line in code:
            if not line.lstrip().startswith("#"):
                yield from ((path.name, call) for call in calls(line))
    yield "cronjob.yaml", container()["command"][1:]


def container():
    (one,) = JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return one


def test_examples_were_found():
    names = {name for name, _ in every_call()}
    assert names >= {"crontab", "compliance-scan.service", "cronjob.yaml", "operating.md"}


@pytest.mark.parametrize("call", sorted({" ".join(call) for _, call in every_call()}))
def test_every_command_of_the_examples_exists_with_its_options(call):
    command, words = get_command(cli.app), call.split()
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), call
    known = {option for parameter in command.params for option in parameter.opts}
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used <= known | {"--help"}
    names = call.split()[: len(call.split()) - len(words)]
    assert CliRunner().invoke(cli.app, [*names, "--help"]).exit_code == 0


def test_cron_lines_have_five_fields_and_escape_the_per_cent_sign():
    entries = [line for line in CRON.splitlines() if line[:1].isdigit()]
    assert len(entries) == 3
    for line in entries:
        fields = line.split(maxsplit=5)
        for field, highest in zip(fields[:5], (59, 23, 31, 12, 7), strict=True):
            assert field == "*" or 0 <= int(field) <= highest
        # Cron ends a command at a bare per cent sign.
        assert not re.search(r"(?<!\\)%", fields[5])


def test_the_cron_job_is_guarded():
    spec = JOB["spec"]
    assert (spec["concurrencyPolicy"], JOB["kind"], JOB["apiVersion"]) == ("Forbid", "CronJob", "batch/v1")
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["restartPolicy"] == "Never"
    guarded = container()["securityContext"]
    assert (guarded["readOnlyRootFilesystem"], guarded["allowPrivilegeEscalation"]) == (True, False)
    (secret,) = [each for each in container()["env"] if each["name"] == "COMPLIANCE_DATABASE"]
    assert "secretKeyRef" in secret["valueFrom"]
    mounted = {each["name"] for each in container()["volumeMounts"]}
    assert mounted == {each["name"] for each in pod["volumes"]}


def test_systemd_takes_the_units(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    units = []
    for name in ("compliance-scan.service", "compliance-scan.timer"):
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/usr/local/bin/compliance", "/bin/true"), encoding="utf-8")
        units.append(str(tmp_path / name))
    ended = subprocess.run([program, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_every_exit_code_is_explained():
    text = OPERATING.read_text(encoding="utf-8")
    assert [code for code in range(4) if f"| **{code}** |" not in text] == []
