"""What stands in `docker/`: no engine runs here, so it is read, and held against what it speaks of."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from flows.attending import GRACE
from flows.options import Ledger
from tests.prefect.composed import GIVEN, Image, composed, services, steps

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
INSTRUCTIONS = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "VOLUME", "CMD"}


def environment(service):
    return COMPOSE["services"][service]["environment"]


def test_the_image_has_a_fixed_beginning_no_root_and_only_files_that_are_there():
    assert {name for name, _ in steps()} <= INSTRUCTIONS
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", steps()[0][1])
    assert [rest for name, rest in steps() if name == "USER"] == ["mill"]
    for name, rest in steps():
        if name == "COPY":
            *sources, _ = shlex.split(rest)
            assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_image_holds_every_package_and_is_installed_by_the_lock():
    copied = {word for name, rest in steps() if name == "COPY" for word in shlex.split(rest)}
    assert {"schemas", "tasks", "flows", "data", "requirements.lock", "prefect.yaml"} <= copied
    assert "--require-hashes --no-deps --requirement requirements.lock" in DOCKERFILE


def test_the_image_has_a_python_on_which_it_may_be_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
    assert tuple(map(int, re.findall(r"\d+", steps()[0][1])[:2])) >= least


def test_what_needs_root_comes_before_the_user_who_is_the_one_that_is_spoken_of():
    names = [name for name, _ in steps()]
    assert names.index("USER") > max(number for number, name in enumerate(names) if name in {"RUN", "COPY"})
    (uid,) = re.findall(r"useradd --uid (\d+)", DOCKERFILE)
    assert f"runAsUser: {uid}," in (ROOT / "docker" / "kubernetes.yaml").read_text(encoding="utf-8")
    assert f"user {uid} may write" in (ROOT / "docs" / "many-machines.md").read_text(encoding="utf-8")


def test_the_folder_that_is_mounted_is_the_home_that_the_image_makes():
    (volume,) = [rest for name, rest in steps() if name == "VOLUME"]
    (mounted,) = COMPOSE["services"]["worker"]["volumes"]
    assert volume == mounted.rsplit(":", 1)[1] == environment("worker")["PAGEMILL_HOME"]
    assert f"chown mill {volume}" in DOCKERFILE


def test_what_the_image_holds_is_enough_to_run_the_command_it_begins_with(tmp_path):
    image = Image.build(tmp_path / "image")
    assert image.command == ["pagemill", "--help"]
    assert image.workdir == dict(steps())["WORKDIR"]
    path = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(image.folder)}
    environment = image.environment | path | {"HOME": str(tmp_path)}
    for command in (image.command, ["python", "-c", "import flows.process_backfill as at; print(at.__file__)"]):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(image.folder))


def test_a_password_that_nobody_gave_is_asked_for():
    with pytest.raises(AssertionError, match="say which password"):
        services({})
    assert services(GIVEN)["worker"]["environment"]["PGPASSWORD"] == GIVEN["POSTGRES_PASSWORD"]


def test_nothing_of_the_containers_is_left_in_what_is_run_here(tmp_path):
    with composed(tmp_path) as described:
        for name in ("server", "deploy", "worker"):
            words = [described.here(str(word)) for word in described.services[name]["command"]]
            said = " ".join([*words, *described.environment(name, tmp_path).values()])
            assert not re.search(r"//server|@database|0\.0\.0\.0|:4200|(?<![\w/])/mill|/opt/pagemill", said), said


def test_there_are_a_server_a_database_and_two_workers():
    services = COMPOSE["services"]
    assert set(services) == {"database", "server", "deploy", "worker"}
    assert services["worker"]["deploy"]["replicas"] == 2
    for service in services.values():
        for other in service.get("depends_on", {}):
            assert other in services
    for name, service in services.items():
        condition = [each["condition"] for each in service.get("depends_on", {}).values()]
        assert name == "database" or condition, name


def test_no_secret_stands_in_a_file():
    text = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
    assert not re.search(r"sk-\w", text + DOCKERFILE)
    for name in ("PGPASSWORD", "DASHSCOPE_API_KEY"):
        assert environment("worker")[name].startswith("${")
    assert environment("database")["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_workers_are_told_the_server_and_the_ledger_by_the_names_that_are_read():
    given = environment("worker")
    assert Ledger.__metadata__[0].envvar in given
    assert given["PREFECT_API_URL"] == "http://server:4200/api"
    assert given["PAGEMILL_HOME"] == "/mill"


def test_settings_of_the_server_are_settings_that_there_are():
    from prefect.settings import Settings

    known = {name.upper() for name in Settings().to_environment_variables(exclude_unset=False)}
    of_the_driver = {"PGPASSWORD"}
    assert set(environment("server")) - known == of_the_driver


def test_only_this_machine_reaches_the_server():
    assert COMPOSE["services"]["server"]["ports"] == ["127.0.0.1:4200:4200"]
    assert "ports" not in COMPOSE["services"]["database"]


def test_the_server_is_started_by_a_command_of_prefect():
    from prefect.cli._app import _app

    words = COMPOSE["services"]["server"]["command"]
    assert words[0] == "prefect"
    _app.parse_args([str(word) for word in words[1:]], exit_on_error=False, print_error=False)


def test_runs_have_time_to_finish_before_their_container_is_killed():
    (minutes,) = re.findall(r"^(\d+)m$", COMPOSE["services"]["worker"]["stop_grace_period"])
    assert int(minutes) * 60 > GRACE


def test_what_kubernetes_is_given_is_whole():
    text = (ROOT / "docker" / "kubernetes.yaml").read_text(encoding="utf-8")
    documents = list(yaml.safe_load_all(text))
    assert [document["kind"] for document in documents] == [
        "Namespace", "ServiceAccount", "Role", "RoleBinding", "PersistentVolumeClaim", "Deployment",
    ]  # fmt: skip
    for document in documents:
        assert document["apiVersion"]
        assert document["metadata"]["name"].startswith("pagemill")
    spec = documents[-1]["spec"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert spec["template"]["spec"]["securityContext"]["runAsNonRoot"] is True
