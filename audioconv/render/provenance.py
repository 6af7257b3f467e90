"""What an output tells besides its samples: what its input told, and its recipe."""

from __future__ import annotations

from dataclasses import asdict

from audioconv._version import __version__
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
from audioconv.ir.load import Ingredient, impulse_files
from audioconv.job import Job, Options
from audioconv.render.recipe import ANY, NEUTRAL, Recipe


class Provenance:
    """What an output tells besides its samples: what its input told, and its recipe."""

    def __init__(
        self, job: Job, reader: Reader, ingredients: tuple[Ingredient, ...], sound: SoundInfo
    ) -> None:
        self._job = job
        self._reader = reader
        self._ingredients = ingredients
        self._sound = sound

    @property
    def metadata(self) -> Metadata:
        """What of the input's is still true, so far as is known."""
        if self._job.options.metadata == "none":
            return NO_METADATA
        return self._reader.metadata.carried(self._reader.info.channels, self._sound.channels)

    def recipe(self, digest: Digest | None) -> Recipe | None:
        """Return how the output is made of an input that is known by its digest."""
        if digest is None or self._job.options.recipe == "none":
            return None
        usual = asdict(Options())
        options = {
            key: value
            for key, value in asdict(self._job.options).items()
            if key not in NEUTRAL and value != usual[key]
        }
        options |= {"format": self._sound.format, "subtype": self._sound.subtype}
        return Recipe(__version__, digest, self._ingredients, dict(sorted(options.items())))

    def chunks(self, digest: Digest | None) -> list[Chunk]:
        """Return the recipe as the output holds it, if it can hold any."""
        made = self.recipe(digest) if holds_chunks(self._sound) else None
        return [made.chunk()] if made else []

    def expected(self) -> int:
        """Return the bytes that will come after the samples, so far as is known."""
        return len(serialise([*self.metadata.tail, *self.chunks(ANY)]))

    def sidecar(self, output: str) -> bytes:
        """Return the recipe with paths, once the output can be read."""
        made = self.recipe(self._reader.digest())
        if made is None:
            raise AudioconvError(
                f"{display_name(self._job.input)} was not read to its end, so there is no recipe to keep; "
                "pass --recipe none"
            )
        paths = [self._job.input, *impulse_files(self._job.impulses)]
        return made.sidecar(file_digest(output), paths).encode()
