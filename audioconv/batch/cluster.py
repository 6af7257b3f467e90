"""A Dask cluster as an executor: the only module that uses Dask.

A worker is to compute what this process would, so it needs the same versions of whatever makes the
bytes. They are compared at the beginning, and again with each call, as workers may join later.

Dask blames a call if the worker dies that has it, and gives it up after a few deaths, although
others may be to blame that the worker had at the time. Calls that are given up, or lost, are
submitted again one at a time, so that only one of them can be to blame for the next death.

References
----------
https://distributed.dask.org/en/stable/killed.html
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import uuid4

from audioconv.batch.calls import Call, Placed
from audioconv.batch.skew import VERSIONS, Versions, in_words, skew
from audioconv.errors import AudioconvError, UsageError
from audioconv.files import display_name

if TYPE_CHECKING:
    from audioconv.batch.calls import Reply
    from audioconv.batch.places import Place

TRIES = 3
"""How often a call is submitted again; Dask itself runs each four times by default."""

INTERVAL = 5.0
"""Seconds between counts of the workers' threads."""

P = ParamSpec("P")
T = TypeVar("T")


class ClusterError(AudioconvError):
    """A cluster that does not answer, or does not do what it is given."""


class Cluster(Executor):
    """An executor whose calls are done by the workers of a Dask scheduler.

    Functions, arguments and results are pickled, and the workers must be able to import the
    functions, and see the same files by the same names.

    Parameters
    ----------
    place : Place
        scheduler, TLS, time to connect, and whether other versions are accepted

    Attributes
    ----------
    slots : int
        calls that can be done at a time
    notices : list of str
        what the user should know

    Raises
    ------
    ClusterError
        If Dask is not installed, no scheduler answers, or workers have other versions.
    UsageError
        If the scheduler's file or the TLS files cannot be used.
    """

    def __init__(self, place: Place) -> None:
        self.notices: list[str] = []
        self._client = _connected(place)
        self._refused: set[str] = set()
        self._threads, self._counted = 0, -INTERVAL
        self._placing = threading.Lock()
        self._again = ThreadPoolExecutor(1, thread_name_prefix="again")
        versions, self._do = _portable()
        ours = versions(VERSIONS)
        try:
            found = self._client.run(versions, VERSIONS, on_error="return")
            if not found:
                self.notices.append("the scheduler has no workers yet; the work waits for them")
            if not place.allow_skew:
                _refuse_skew(found, ours)
        except BaseException:
            self.shutdown()
            raise
        self._ours: Versions = {} if place.allow_skew else ours

    @property
    def slots(self) -> int:
        """Calls that the workers can do at a time, counted now and then."""
        if time.monotonic() > self._counted + INTERVAL:
            workers = self._client.scheduler_info()["workers"].values()
            self._threads = sum(worker["nthreads"] for worker in workers)
            self._counted = time.monotonic()
        return max(self._threads, 1)

    def place(self, value: object) -> Placed:
        """Send an object to all workers; in arguments of calls, what is returned stands for it."""
        return Placed(value)

    def submit(self, fn: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Let a worker do a call; it cannot be cancelled, as it may be under way."""
        future: Future[T] = Future()
        call = Call.of(fn, arguments, named)
        sent = self._send(call)
        future.set_running_or_notify_cancel()
        sent.add_done_callback(partial(self._received, call, future))
        return future

    def _send(self, call: Call) -> Any:
        """Submit a call to Dask, for workers that are not refused as long as there are some."""
        only: dict[str, Any] = {}
        if self._refused:
            workers = [*self._client.scheduler_info()["workers"]]
            wanted = [worker for worker in workers if worker not in self._refused]
            only = {"workers": wanted, "allow_other_workers": True} if wanted else {}
        key = f"audioconv-{uuid4().hex}"
        placed = [self._sent(one) for one in call.placed]
        return self._client.submit(
            self._do, call.pickled, self._ours, VERSIONS, *placed, key=key, pure=False, **only
        )

    def _sent(self, placed: Placed) -> Any:
        """Return Dask's future of an object, sent again if all workers died that had it."""
        with self._placing:
            if placed.sent is None or placed.sent.status != "finished":
                self._client.wait_for_workers(1)
                placed.sent = self._client.scatter(placed.pickled, broadcast=True, hash=False)
            return placed.sent

    def _received(self, call: Call, future: Future[Any], sent: Any) -> None:
        """Take what became of a call; if it is no result, the call is for another try."""
        if self._settled(future, sent) is not None:
            try:
                self._again.submit(self._retry, call, future)
            except RuntimeError:  # all is over
                future.set_exception(ClusterError("the cluster was left"))

    def _retry(self, call: Call, future: Future[Any]) -> None:
        """Submit a call again, alone among those that need it."""
        fault: str | None = "no try"
        for _ in range(TRIES):
            try:
                fault = self._settled(future, self._send(call))
            except Exception as error:
                fault = in_words(error)
            if fault is None:
                return
        future.set_exception(
            ClusterError(f"the cluster gave it up after {TRIES + 1} tries: {fault}")
        )

    def _settled(self, future: Future[Any], sent: Any) -> str | None:
        """Give the result of a call, once there is one, to its future; return what was wrong."""
        try:
            answer = sent.result()
        except (Exception, asyncio.CancelledError) as error:
            return in_words(error)
        if not isinstance(answer, bytes):
            return self._refuse(*answer)
        reply: Reply = pickle.loads(answer)
        if reply.error is None:
            future.set_result(reply.value)
        else:
            future.set_exception(reply.error)
        return None

    def _refuse(self, worker: str, theirs: Versions) -> str:
        """Give no more to a worker that has joined with other versions."""
        fault = skew(worker, theirs, self._ours) or f"{worker} is refused"
        if worker not in self._refused:
            self._refused.add(worker)
            self.notices.append(f"{fault}; it gets no work")
        return fault

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, which goes on without what it has not begun."""
        self._again.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._client.close()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """Wait for what is under way; after an error, do not."""
        self.shutdown(wait=kind is None, cancel_futures=kind is not None)


def _connected(place: Place) -> Any:
    """Return a client of the scheduler of a place."""
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(
            f"a Dask scheduler needs Dask ({error}); install it: pip install 'audioconv[dask]'"
        ) from None
    address = place.scheduler or _read_address(str(place.scheduler_file), place.connect_timeout)
    security = _security(distributed, place)
    try:
        distributed.comm.get_address_host_port(address)  # a client that fails at it never ends
        if address.startswith("tls:") and not security.get_connection_args("client")["ssl_context"]:
            raise UsageError(
                f"{address} is encrypted; pass `tls_ca_file`, `tls_cert` and `tls_key`"
            )
        return distributed.Client(
            address,
            timeout=place.connect_timeout,
            security=security,
            set_as_default=False,
            name="audioconv",
        )
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} within {place.connect_timeout:g} s "
            f"({type(error).__name__}); check the address, and TLS, or raise `connect_timeout`"
        ) from None


def _security(distributed: Any, place: Place) -> Any:
    """Return the TLS of a connection: that of Dask's configuration, unless files are given."""
    files = {
        "tls_ca_file": place.tls_ca_file,
        "tls_client_cert": place.tls_cert,
        "tls_client_key": place.tls_key,
    }
    given = {name: path for name, path in files.items() if path}
    for path in given.values():
        if not os.path.isfile(path):
            raise UsageError(f"the TLS file {display_name(path)} does not exist; check the name")
    return distributed.Security(**given, require_encryption=True if given else None)


def _read_address(path: str, timeout: float) -> str:
    """Return the address in the file of a scheduler, which may be about to write it."""
    end = time.monotonic() + timeout
    while True:
        try:
            with open(path, encoding="utf-8") as file:
                return str(json.load(file)["address"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            if time.monotonic() < end:
                time.sleep(min(0.1, timeout))
                continue
            raise ClusterError(
                f"{display_name(path)} names no Dask scheduler after {timeout:g} s "
                f"({type(error).__name__}); check the name, or raise `connect_timeout`"
            ) from None


def _portable() -> tuple[
    Callable[[Mapping[str, tuple[str, str]]], Versions],
    Callable[..., Any],
]:
    """Return what tells versions, and what does a call if they agree.

    Functions within a function are sent with their code: a worker may have no audioconv.
    """

    def versions(wanted: Mapping[str, tuple[str, str]]) -> Versions:
        from importlib import import_module

        found: Versions = {}
        for name, (module, attribute) in wanted.items():
            try:
                found[name] = str(getattr(import_module(module), attribute))
            except (ImportError, AttributeError):
                found[name] = None
        return found

    def do(
        call: bytes, ours: Versions, wanted: Mapping[str, tuple[str, str]], *placed: bytes
    ) -> Any:
        from distributed import get_worker

        theirs = versions(wanted) if ours else ours
        if theirs != ours:
            return get_worker().address, theirs
        from audioconv.batch.calls import answer

        return answer(call, *placed)

    return versions, do


def _refuse_skew(found: Mapping[str, Any], ours: Versions) -> None:
    """Raise if workers have other versions."""
    said = [fault for worker, theirs in found.items() if (fault := skew(worker, theirs, ours))]
    if said:
        more = f", and {len(said) - 1} more" if len(said) > 1 else ""
        raise ClusterError(f"{said[0]}{more}; install the same versions, or pass `allow_skew=True`")
