"""Where files, or the blocks of one, are convolved: here, by our own workers, or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from audioconv.errors import UsageError
from audioconv.job import Size, available_cores
from audioconv.parameters import CLUSTER, COMPUTING, RARE, parameters, validated

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from audioconv.batch.cluster import Cluster

ADDRESS = "DASK_SCHEDULER_ADDRESS"

ITEM_TIMEOUT = 3600.0
"""Seconds that a file may take by default; days of sound take minutes."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the files of a batch, or the blocks of one file, are convolved.

    Parameters
    ----------
    workers : int >= 0
        processes, by default as many as cores. Each convolves one file at a time, and is replaced
        if a file ends it; 0 is this process alone, without limits
    item_timeout : float >= 0
        seconds after which a file has failed, and its worker is replaced; by default an hour; 0 is
        no limit
    item_memory : int or str
        memory that a file may take, such as 4GB, on Linux; by default no limit
    scheduler : str
        address of a Dask scheduler, whose workers convolve, such as tcp://host:8786; by default
        that of DASK_SCHEDULER_ADDRESS, if it is set
    scheduler_file : str
        file in which a Dask scheduler has written its address
    tls_ca_file : str
        certificate authority of the Dask cluster; the connection is encrypted
    tls_cert : str
        certificate shown to the Dask scheduler
    tls_key : str
        key of that certificate
    connect_timeout : float > 0
        seconds in which the Dask scheduler must answer
    allow_skew : bool
        accept Dask workers with other versions of audioconv, numpy, scipy, soundfile or
        libsndfile, whose outputs may differ

    Raises
    ------
    UsageError
        If a value has the wrong type, is out of range, or does not go with another.

    Examples
    --------
    >>> Place(workers=2, item_memory="1GB").item_memory
    1000000000
    """

    workers: int | None = field(default=None, metadata=COMPUTING)
    item_timeout: Annotated[float, "seconds"] | None = field(
        default=None, metadata=COMPUTING | RARE
    )
    item_memory: Size | None = field(default=None, metadata=COMPUTING | RARE)
    scheduler: Annotated[str, "address"] | None = field(default=None, metadata=CLUSTER | RARE)
    scheduler_file: Annotated[str, "file"] | None = field(default=None, metadata=CLUSTER | RARE)
    tls_ca_file: Annotated[str, "file"] | None = field(default=None, metadata=CLUSTER | RARE)
    tls_cert: Annotated[str, "file"] | None = field(default=None, metadata=CLUSTER | RARE)
    tls_key: Annotated[str, "file"] | None = field(default=None, metadata=CLUSTER | RARE)
    connect_timeout: Annotated[float, "seconds"] = field(default=10.0, metadata=CLUSTER | RARE)
    allow_skew: bool = field(default=False, metadata=CLUSTER | RARE)

    def __post_init__(self) -> None:
        for parameter in parameters(Place):
            value = validated(parameter, getattr(self, parameter.name))
            object.__setattr__(self, parameter.name, value)
        _check_ranges(self)
        _check_together(self)

    @property
    def on_cluster(self) -> bool:
        """Whether a Dask cluster is asked for."""
        return bool(self.scheduler or self.scheduler_file)


LOCAL = "workers", "item_timeout", "item_memory"
"""What is for our own workers alone."""

DISTANT = "tls_ca_file", "tls_cert", "tls_key", "allow_skew"
"""What is for a cluster alone."""


def _check_ranges(place: Place) -> None:
    for name in ("workers", "item_timeout", "item_memory"):
        value = getattr(place, name)
        if value is not None and value < 0:
            raise UsageError(f"`{name}` is {value}; it must be 0 or more")
    if not place.connect_timeout > 0:
        raise UsageError(f"`connect_timeout` is {place.connect_timeout}; it must be more than 0")


def _check_together(place: Place) -> None:
    if place.scheduler and place.scheduler_file:
        raise UsageError("both `scheduler` and `scheduler_file` are given; give one")
    local = [name for name in LOCAL if getattr(place, name) is not None]
    distant = [name for name in DISTANT if getattr(place, name)]
    if place.on_cluster and local:
        raise UsageError(f"`{local[0]}` is for workers of this machine; leave it out on a cluster")
    if place.workers is not None and distant:
        raise UsageError(f"`{distant[0]}` is for a Dask cluster; leave out `workers`")
    if place.workers == 0 and (place.item_timeout or place.item_memory):
        raise UsageError("`workers=0` has no limits; pass `workers=1`")
    if bool(place.tls_cert) != bool(place.tls_key):
        raise UsageError("a certificate needs its key; give both `tls_cert` and `tls_key`")


@contextmanager
def executor_at(place: Place, tasks: int, notices: list[str]) -> Iterator[Executor | None]:
    """Open the executor of a place; None is this process.

    Parameters
    ----------
    place : Place
    tasks : int
        number of calls that are to come
    notices : list of str
        takes what the user should know

    Raises
    ------
    AudioconvError
        If a cluster cannot be used.
    """
    place = _with_environment(place)
    if place.on_cluster:
        with cluster_at(place, notices) as cluster:
            yield cluster
        return
    if place.workers == 0:
        yield None
        return
    from audioconv.batch.worker import limits_memory
    from audioconv.batch.workers import Workers

    if place.item_memory and not limits_memory():
        notices.append("memory is not limited, as `item_memory` needs Linux")
    most = max(1, min(place.workers or available_cores(), tasks))
    with Workers(most, **_limits(place)) as workers:
        yield workers


@contextmanager
def cluster_at(place: Place, notices: list[str]) -> Iterator[Cluster]:
    """Open the Dask cluster of a place, or of the environment.

    Parameters
    ----------
    place : Place
    notices : list of str
        takes what the user should know

    Raises
    ------
    AudioconvError
        If there is none, or it cannot be used.
    """
    place = _with_environment(place)
    if not place.on_cluster:
        raise UsageError(
            f"no Dask scheduler is named; pass `scheduler`, or set {ADDRESS}; on one machine, "
            "leave out `shards`, as threads use all cores"
        )
    from audioconv.batch.cluster import Cluster

    with Cluster(place) as cluster:
        try:
            yield cluster
        finally:
            notices += cluster.notices


def _with_environment(place: Place) -> Place:
    """Return a place with the scheduler that the environment names, unless it is another place."""
    address = os.environ.get(ADDRESS)
    elsewhere = place.on_cluster or any(getattr(place, name) is not None for name in LOCAL)
    if address and not elsewhere:
        return replace(place, scheduler=address)
    lost = [name for name in DISTANT if getattr(place, name)]
    if lost and not place.on_cluster:
        raise UsageError(f"`{lost[0]}` is for a Dask cluster; pass `scheduler`, or set {ADDRESS}")
    return place


def _limits(place: Place) -> dict[str, Any]:
    """Return the limits of our own workers; 0 is none."""
    timeout = ITEM_TIMEOUT if place.item_timeout is None else place.item_timeout
    return {"item_timeout": timeout or None, "item_memory": place.item_memory or None}
