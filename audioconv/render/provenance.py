"""Metadata and recipe of an output."""

from __future__ import annotations

from collections.abc import Sequence

from audioconv.effects.job import EffectJob
from audioconv.errors import AudioconvError
from audioconv.files import (
    NO_METADATA,
    Chunk,
    Digest,
    Metadata,
    Reader,
    SoundInfo,
    display_name,
    file_digest,
    holds_chunks,
    serialise,
)
from audioconv.ir.ingredients import Ingredient
from audioconv.job import Job, Options
from audioconv.render.recipe import ANY, NEUTRAL, Applied, Recipe

DEFAULTS = Options()


class Provenance:
    """Metadata and recipe of an output.

    Parameters
    ----------
    job : Job or EffectJob
    reader : Reader
        of the input
    made_by : tuple of Ingredient, or Applied
        sources of the impulses, or the effect
    paths : sequence of str
        of the files among these
    info : SoundInfo
        of the output
    version : str
        of audioconv, as the recipe states it
    """

    def __init__(
        self,
        job: Job | EffectJob,
        reader: Reader,
        made_by: tuple[Ingredient, ...] | Applied,
        paths: Sequence[str],
        info: SoundInfo,
        version: str,
    ) -> None:
        self._job = job
        self._reader = reader
        self._made_by = made_by
        self._paths = paths
        self._info = info
        self._version = version

    @property
    def metadata(self) -> Metadata:
        """Metadata of the input that is still true of the output, as far as it is known."""
        if self._job.options.metadata == "none":
            return NO_METADATA
        return self._reader.metadata.after_convolution(
            self._reader.info.channels, self._info.channels
        )

    def recipe(self, digest: Digest | None) -> Recipe | None:
        """Return the recipe of the output, given the digest of the input."""
        if digest is None or self._job.options.recipe == "none":
            return None
        defaults, info = vars(DEFAULTS), self._info
        chosen = {"format": info.format, "subtype": info.subtype, "quality": info.quality}
        options = {
            key: value
            for key, value in {**vars(self._job.options), **chosen}.items()
            if key not in NEUTRAL and value != defaults[key]
        }
        return Recipe(self._version, digest, self._made_by, dict(sorted(options.items())))

    def chunks(self, digest: Digest | None) -> list[Chunk]:
        """Return the recipe as a chunk, if the output can hold one."""
        recipe = self.recipe(digest) if holds_chunks(self._info) else None
        return [recipe.chunk()] if recipe else []

    def expected_bytes(self) -> int:
        """Return the size of the chunks after the samples, as far as it is known."""
        return len(serialise([*self.metadata.tail, *self.chunks(ANY)]))

    def sidecar(self, output: str, digest: Digest | None) -> bytes:
        """Return the recipe with paths, once the output can be read, given that of the input."""
        recipe = self.recipe(digest)
        if recipe is None:
            raise AudioconvError(
                f"{display_name(self._job.input)} was not read to its end, so it has no digest "
                "for a recipe; pass `recipe='none'`"
            )
        paths = [self._job.input, *self._paths]
        return recipe.sidecar(file_digest(output), paths).encode()
