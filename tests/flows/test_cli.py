from __future__ import annotations

import json
import re

import pytest

from flows.cli import main
from schemas.errors import ExitCode
from schemas.version import version
from tests.flows.scripted import ESTIMATE, LAST, ScriptedEngine


@pytest.fixture
def engine():
    return ScriptedEngine()


@pytest.fixture
def pagemill(engine, capsys):
    def call(*words):
        code = main(words, engine=engine)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_the_version_is_told(pagemill):
    assert pagemill("--version") == (ExitCode.OK, f"pagemill {version()}\n", "")


@pytest.mark.parametrize("command", ["run", "estimate", "status", "retry", "replay", "doctor", "models"])
def test_each_command_has_help(pagemill, command):
    code, out, _ = pagemill(command, "--help")
    assert code == ExitCode.OK
    assert f"pagemill {command}" in out


def test_the_help_lists_every_exit_code(pagemill):
    _, out, _ = pagemill("--help")
    words = " ".join(out.split())
    assert all(f"{code.value} {code.name.lower().replace('_', ' ')}" in words for code in ExitCode)


def test_without_a_command_the_help_is_shown_and_the_code_is_that_of_usage(pagemill):
    code, out, _ = pagemill()
    assert code == ExitCode.USAGE
    assert "estimate" in out


def test_options_become_the_settings_of_the_run(pagemill, engine, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("one\ntwo words\n", encoding="utf-8")
    given = "--rpm 60 --tpm 1e6 --in-flight 8 --workers 2 --max-cost 2.5 --max-tokens 900 --max-pages 7 --pages 1-3,7"
    more = "--backend dashscope --model qwen3-vl-plus --region singapore --text-format plain --ledger x.db"
    secrets = ("--password", "zero", "--password-file", str(words))
    code, _, _ = pagemill("run", "calm", "more", "--out", "o", *given.split(), *more.split(), *secrets)
    assert code == ExitCode.PAGES_MISSING
    (config,) = engine.configs
    assert config.sources == ("calm", "more")
    assert [word.get_secret_value() for word in config.passwords] == ["zero", "one", "two words"]
    assert config.model_dump(include={"requests_per_minute", "tokens_per_minute", "in_flight", "render_workers"}) == {
        "requests_per_minute": 60,
        "tokens_per_minute": 1e6,
        "in_flight": 8,
        "render_workers": 2,
    }
    assert (config.max_cost, config.max_tokens, config.max_pages, config.pages) == (2.5, 900, 7, "1-3,7")
    assert (config.backend, config.model, config.region) == ("dashscope", "qwen3-vl-plus", "singapore")
    assert (config.text_format, config.ledger) == ("plain", "x.db")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run in --ot o", "--ot (did you mean --out"),
        ("run in --out o --modle m", "--modle (did you mean --model"),
        ("rnu in", "Did you mean run?"),
        ("run in", "--out"),
        ("run in --out o --rpm -4", "--rpm: should be greater than 0 (was -4.0)"),
        ("run in --out o --rpm many", "--rpm"),
        ("run in --out o --pages 3-1", "--pages: '3-1' is no page range"),
        ("run in --out o --text-format md", "--text-format: should be 'markdown', 'plain' or 'layout' (was 'md')"),
        ("run in --out o --password-file none.txt", "--password-file none.txt cannot be read"),
        ("retry --out o --only faild", "did you mean failed?"),
        ("retry --out o --only ,", "--only names no status"),
    ],
)
def test_a_mistake_in_the_command_line_is_named_with_what_mends_it(pagemill, engine, words, said):
    code, out, err = pagemill(*words.split())
    assert (code, out) == (ExitCode.USAGE, "")
    assert said in err
    assert not engine.configs


def test_every_wrong_option_is_told_at_once(pagemill):
    _, _, err = pagemill("run", "in", "--out", "o", "--rpm", "-4", "--max-cost", "0", "--in-flight", "0")
    assert re.findall(r"error: (--\S+):", err) == ["--in-flight", "--rpm", "--max-cost"]


def test_json_is_one_object_on_stdout_and_words_are_on_stderr(pagemill):
    code, out, err = pagemill("run", "calm", "--out", "o", "--json")
    summary = json.loads(out)
    assert code == summary["exit_code"] == ExitCode.PAGES_MISSING
    assert (summary["pages_ok"], summary["pages_failed"], summary["out"]) == (4, 1, "o")
    assert summary["config"]["sources"] == ["calm"]
    assert "partial success" in err


def test_a_run_that_cannot_begin_says_why_in_json_too(pagemill):
    code, out, err = pagemill("run", "nothing", "--out", "o", "--json")
    assert code == ExitCode.NO_INPUT
    assert json.loads(out)["error_kind"] == "no_input"
    assert err == "error: nothing to read was found\ntry: name a folder that holds documents\n"


def test_even_a_usage_error_is_one_json_object_where_json_was_asked_for(pagemill):
    _, out, _ = pagemill("run", "--json")
    assert json.loads(out)["exit_code"] == ExitCode.USAGE


@pytest.mark.parametrize("code", [ExitCode.BUDGET, ExitCode.SERVICE, ExitCode.OUTPUT, ExitCode.CREDENTIALS])
def test_the_exit_code_is_that_of_the_run(engine, pagemill, code):
    engine.ending = {"status": "stopped", "error_kind": "why", "error_message": "so", "exit_code": code}
    assert pagemill("run", "calm", "--out", "o")[0] == code


def test_a_bug_is_one_line_and_its_traceback_lies_beside_the_results_without_the_key(pagemill, tmp_path, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-secret")
    code, out, err = pagemill("run", "bug", "--out", str(tmp_path))
    (crash,) = tmp_path.glob("_crash-*.txt")
    assert (code, out) == (ExitCode.INTERNAL, "")
    assert "error: ZeroDivisionError: a bug, with *** in it" in err
    assert str(crash) in err
    assert "Traceback" not in err
    assert "Traceback" in (kept := crash.read_text(encoding="utf-8"))
    assert "sk-secret" not in err + kept


def test_debug_shows_the_traceback_of_a_bug(pagemill, tmp_path):
    _, _, err = pagemill("run", "bug", "--out", str(tmp_path), "--debug")
    assert "Traceback" in err


@pytest.mark.parametrize(
    ("words", "url", "is_flow"), [((), None, False), (("--prefect",), None, True), ((), "http://127.0.0.1:4200", True)]
)
def test_a_run_is_a_flow_where_prefect_is_asked_for_or_configured(pagemill, engine, monkeypatch, words, url, is_flow):
    if url:
        monkeypatch.setenv("PREFECT_API_URL", url)
    pagemill("run", "calm", "--out", "o", *words)
    assert engine.flows == [is_flow]


def test_retry_takes_the_settings_of_the_last_run_and_lays_options_over_them(pagemill, engine):
    pagemill("retry", "--out", "earlier", "--only", "failed, truncated", "--max-cost", "9")
    (config,) = engine.configs
    assert engine.statuses == ("failed", "truncated")
    assert config == LAST.model_copy(update={"max_cost": 9.0})


def test_replay_takes_the_settings_of_the_last_run(pagemill, engine):
    assert pagemill("replay", "--out", "earlier")[0] == ExitCode.PAGES_MISSING
    assert engine.configs == [LAST]


def test_a_password_on_the_command_line_is_not_repeated(engine, pagemill):
    engine.ending = {"status": "stopped", "error_kind": "why", "error_message": "so", "exit_code": ExitCode.BUDGET}
    _, _, err = pagemill("run", "calm", "--out", "o", "--password", "secret")
    assert "resume: the same command again" in err
    assert "secret" not in err


def test_an_estimate_is_a_table_or_json(pagemill):
    code, out, _ = pagemill("estimate", "in")
    assert code == ExitCode.OK
    assert "¥0.26, between ¥0.18 and ¥0.50, prices of 2026-02-01" in out
    assert "40 to read, 10 kept and free" in out
    assert json.loads(pagemill("estimate", "in", "--json")[1])["cost_likely"] == ESTIMATE.cost_likely


def test_status_shows_what_is_done_and_open_and_wrong(pagemill):
    code, out, _ = pagemill("status", "--out", "o")
    assert code == ExitCode.OK
    for said in ("30 ok, 2 failed, 8 open", "unknown (known ¥1.20)", "pid 4711", "in/a.pdf page 3: render_timeout"):
        assert said in out
    assert "pagemill retry --out o --only failed" in out
    assert json.loads(pagemill("status", "--out", "o", "--json")[1])["pages"]["open"] == 8


def test_models_are_listed_with_limits_and_prices(pagemill):
    code, out, _ = pagemill("models")
    assert code == ExitCode.OK
    assert re.search(r"\*qwen3-vl-plus +1\.2k +1\.00M +¥1\.00 +¥10\.00", out)
    assert "qwen3-vl-plus" in {model["name"] for model in json.loads(pagemill("models", "--json")[1])}
