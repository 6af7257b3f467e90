"""One long file on many machines: its blocks, convolved by the workers of a Dask cluster.

Reading, adding the tails, proving and writing stay here and in order, on the one grid of blocks
that a run has anywhere (`audioconv.engines.elsewhere`). So no input is ever sought in, memory is
that of the blocks under way, and the bytes are those of a run on this machine.
"""

from __future__ import annotations

from dataclasses import replace

from audioconv.batch.places import Place, cluster_at
from audioconv.errors import UsageError
from audioconv.job import Job, Outcome
from audioconv.progress import Progress, silent
from audioconv.render.prepare import prepare_for
from audioconv.render.run import run

AHEAD = 2
"""Blocks for each thread of the cluster, by default: one is convolved while another is sent."""


def run_shards(
    job: Job,
    place: Place,
    shards: int | None = None,
    progress: Progress = silent,
    *,
    notices: list[str],
) -> Outcome:
    """Convolve one file as `audioconv.render.run.run` does, but its blocks on a Dask cluster.

    Parameters
    ----------
    job : Job
    place : Place
        with a scheduler, or that of the environment
    shards : int > 0, optional
        blocks under way at a time, each of which is in memory here; by default twice as many as the
        workers have threads
    progress : Progress
    notices : list of str
        takes what the user should know of the cluster

    Raises
    ------
    AudioconvError
        The output path then holds its old content.
    """
    if shards is not None and shards < 1:
        raise UsageError(f"`shards` is {shards}; it must be at least 1")
    if job.options.threads is not None:
        raise UsageError("`threads` is for this machine; on a cluster, pass `shards` alone")
    if job.options.engine == "partitioned":
        raise UsageError(
            "`engine='partitioned'` needs the block before for each; leave it out on a cluster"
        )
    with cluster_at(place, notices) as cluster:
        options = replace(job.options, threads=shards or AHEAD * cluster.slots)
        return run(replace(job, options=options), progress, prepare=prepare_for(cluster))
