"""What a verification found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from audioconv.errors import VerificationError
from audioconv.files import display_name


@dataclass(frozen=True)
class Report:
    """What a verification found; every level in units of full scale.

    Parameters
    ----------
    failures : list of str
        what is wrong
    frames, channels : int
        of the output
    subtype : str
        of the output
    points : list of int
        k of the certificate's points exp(2 pi i k / (2^31 - 1))
    certificate_residual, certificate_limit : float
        of Y(z) - X(z) H(z); one sum off by more than the limit would have shown
    certificate_passed : bool
    samples_worst, samples_limit : float
        deviation of any sample of the output from the certified sums
    samples_passed : bool
        whether they are as many as there are sums, and none is off by more
    spots : int
        how many samples were compared with the exactly rounded direct sum
    spots_worst, spots_limit : float
    spots_passed : bool
    error_bound : float
        what the error of the sums was guaranteed to stay under, in the worst block
    exact : bool
        whether every sum is proven to be the true one to the last bit
    quantisation : float
        what rounding to the output's subtype adds at most
    """

    failures: list[str]
    frames: int
    channels: int
    subtype: str
    points: list[int]
    certificate_residual: float
    certificate_limit: float
    certificate_passed: bool
    samples_worst: float
    samples_limit: float
    samples_passed: bool
    spots: int
    spots_worst: float
    spots_limit: float
    spots_passed: bool
    error_bound: float
    exact: bool
    quantisation: float

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return self.certificate_passed and self.samples_passed and self.spots_passed

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {"passed": self.passed, **asdict(self)}

    def raise_if_failed(self, path: str) -> None:
        """Raise if anything is wrong.

        Raises
        ------
        VerificationError
        """
        if not self.passed:
            raise VerificationError(
                f"{display_name(path, role='output')} is not the convolution it should be: "
                f"{'; '.join(self.failures)}; if it was made with other options, give the same"
            )
