from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from schemas.errors import CorruptDocument, RenderCrash, RenderTimeout, UnforeseenFault
from tasks.workers import WorkerPool
from tests.workers import jobs

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
HANGS_FOR = 0.5


@pytest.fixture
def workers():
    with WorkerPool(2, memory_mb=400) as pool:
        yield pool


async def until(condition: Callable[[], T]) -> T:
    """Wait for what another process does, of which no event tells."""
    while not (result := condition()):  # noqa: ASYNC110 - the other process knows nothing of our event loop
        await asyncio.sleep(0.01)
    return result


async def appears(path: Path) -> int:
    """The process id that a job writes."""
    return int(await until(lambda: path.exists() and path.read_text()))


async def is_gone(pid: int) -> None:
    status = Path(f"/proc/{pid}/stat")
    await until(lambda: not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] in "ZX")


async def test_jobs_run_in_processes_of_their_own(workers):
    assert await asyncio.gather(*(workers.run(jobs.double, number) for number in range(20))) == list(range(0, 40, 2))
    assert await workers.run(jobs.process_id) != os.getpid()


async def test_a_job_that_hangs_is_ended_in_time_and_its_neighbours_finish(workers, tmp_path):
    hang = workers.run(jobs.say_hello_then_hang, str(tmp_path / "pid"), seconds=HANGS_FOR)
    hung, *others = await asyncio.gather(
        hang, *(workers.run(jobs.double, number) for number in range(10)), return_exceptions=True
    )
    assert isinstance(hung, RenderTimeout)
    assert str(hung) == "it was not done after 0.5 seconds; its process was ended"
    assert others == list(range(0, 20, 2))
    await is_gone(await appears(tmp_path / "pid"))


@pytest.mark.parametrize(
    ("job", "arguments", "words"),
    [
        (jobs.exit_without_a_word, (3,), "its process died, with exit code 3"),
        (jobs.read_address_zero, (), "its process died, of SIGSEGV"),
        (jobs.eat_memory, (), "it needs more than the 400 MB of memory that a worker may use"),
        (jobs.give_what_does_not_travel, (), None),
    ],
)
async def test_a_job_that_kills_its_process_costs_itself_alone(workers, job, arguments, words):
    dead, *others = await asyncio.gather(
        workers.run(job, *arguments),
        *(workers.run(jobs.double, number) for number in range(10)),
        return_exceptions=True,
    )
    assert isinstance(dead, RenderCrash) if words else isinstance(dead, Exception)
    assert words is None or str(dead) == words
    assert others == list(range(0, 20, 2))
    assert await workers.run(jobs.double, 1) == 2


async def test_a_job_whose_process_was_killed_by_chance_is_tried_again(workers, tmp_path):
    assert await workers.run(jobs.die_the_first_time, str(tmp_path / "died")) == "alive"


async def test_a_documents_fault_arrives_as_it_was_raised(workers):
    with pytest.raises(CorruptDocument, match=r"^page 3: the cross-reference table is ä mess$"):
        await workers.run(jobs.raise_corrupt)


async def test_an_error_that_cannot_travel_arrives_as_its_words(workers):
    with pytest.raises(UnforeseenFault, match=r"^Stubborn at jobs.py:\d+: this and that$"):
        await workers.run(jobs.raise_stubborn)
    assert await workers.run(jobs.double, 1) == 2


async def test_a_jobs_own_timeout_is_not_taken_for_ours(workers):
    with pytest.raises(UnforeseenFault, match=r"TimeoutError .*: the job's own"):
        await workers.run(jobs.raise_timeout, seconds=60)


async def test_waiting_for_a_free_worker_does_not_count_as_rendering(tmp_path):
    with WorkerPool(1, memory_mb=400) as pool:
        first = asyncio.ensure_future(pool.run(jobs.say_hello_then_hang, str(tmp_path / "pid"), seconds=2 * HANGS_FOR))
        await appears(tmp_path / "pid")
        second = asyncio.ensure_future(pool.run(jobs.double, 4, seconds=HANGS_FOR))
        assert await second == 8
        assert isinstance(first.exception(), RenderTimeout)


async def test_cancelling_a_call_ends_its_job(workers, tmp_path):
    call = asyncio.ensure_future(workers.run(jobs.say_hello_then_hang, str(tmp_path / "pid")))
    pid = await appears(tmp_path / "pid")
    call.cancel()
    await is_gone(pid)
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await workers.run(jobs.double, 1) == 2


async def test_closing_ends_what_still_runs(tmp_path):
    pool = WorkerPool(1, memory_mb=400)
    call = asyncio.ensure_future(pool.run(jobs.say_hello_then_hang, str(tmp_path / "pid")))
    pid = await appears(tmp_path / "pid")
    pool.close()
    with pytest.raises(asyncio.CancelledError):
        await call
    await is_gone(pid)
    with pytest.raises(RuntimeError, match="closed"):
        await pool.run(jobs.double, 1)


async def test_a_pool_that_never_worked_closes():
    WorkerPool(1, memory_mb=400).close()


async def test_workers_never_write_to_the_terminal(workers, capfd):
    await workers.run(jobs.shout)
    assert capfd.readouterr() == ("", "")


async def test_workers_start_with_the_parsers_and_without_models_threads_or_interrupts(workers):
    loaded, threads = await workers.run(jobs.what_is_loaded)
    assert {"pymupdf", "PIL.Image"} <= loaded
    assert loaded.isdisjoint({"onnxruntime", "pymupdf.layout", "prefect"})
    assert threads == 1
    assert await workers.run(jobs.ignores_interrupts)


def script(path: Path, *lines: str) -> dict[str, object]:
    """A program that uses workers without a guard around its body; gives what starts it."""
    imports = ("import asyncio", "from tasks.workers import WorkerPool", "from tests.workers import jobs")
    path.write_text("\n".join((*imports, *lines)))
    return {"args": [sys.executable, path], "env": os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}}


def test_workers_do_not_run_the_main_module_again(tmp_path):
    program = script(
        tmp_path / "run.py",
        "print('run')",
        "with WorkerPool(2, memory_mb=400) as pool:",
        "    print(asyncio.run(pool.run(jobs.double, 21)))",
    )
    done = subprocess.run(**program, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("run\n42\n", "", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_hanging_worker_does_not_outlive_a_killed_run(tmp_path):
    program = script(
        tmp_path / "run.py",
        f"job = jobs.say_hello_then_hang, {str(tmp_path / 'pid')!r}",
        "asyncio.run(WorkerPool(1, memory_mb=400).run(*job))",
    )
    with subprocess.Popen(**program) as run:
        pid = asyncio.run(appears(tmp_path / "pid"))
        run.send_signal(signal.SIGKILL)
    asyncio.run(is_gone(pid))
