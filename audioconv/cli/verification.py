"""The report of a verification: checks that are proven, and those sampled."""

from __future__ import annotations

from audioconv.cli.layout import Rows
from audioconv.cli.printing import format_db
from audioconv.errors import counted
from audioconv.job import VerificationReport


def brief(report: VerificationReport) -> Rows:
    """Return the row of a verification that passed, beside others."""
    count = report.frames * report.channels
    level = _to_level(report, report.samples_limit)
    spots = f"{report.spots} of them also beside the direct sum"
    return [("proven", f"{level}all {count} samples, {spots}")]


def section(report: VerificationReport) -> tuple[str, Rows]:
    """Return heading and rows of a verification."""
    count = report.frames * report.channels
    bound = f"the sums are guaranteed within {report.error_bound:.2g} of exact in every block"
    if report.exact:
        bound += ", which is under half a step of their grid: they are exact to the last bit"
    certificate = "proven" if report.certificate_passed else "FAILED"
    samples = "proven" if report.samples_passed else "FAILED"
    spots = "sampled" if report.spots_passed else "FAILED"
    return "verified" if report.passed else "NOT verified", [
        (certificate, f"{_to_level(report, report.certificate_limit)}{_certificate(report)}"),
        (
            samples,
            f"{_to_level(report, report.samples_limit)}all {count} samples are those sums, "
            f"rounded: {_samples(report)}",
        ),
        (spots, f"{_to_level(report, report.spots_limit)}{_spots(report)}"),
        *_limited(report),
        ("bound", bound),
        ("rounding", f"{report.subtype} adds at most {report.quantisation:.3g}"),
    ]


def _to_level(report: VerificationReport, limit: float) -> str:
    """Say how far below the signal a limit lies, if single precision left it high."""
    if report.precision != "single" or not report.passed:
        return ""
    from impulses.impulse import to_db  # late, so that help is fast

    level, peak = (format_db(to_db(value), "dBFS") for value in (limit, report.peak))
    return f"to {level}, beside a peak of {peak}: "


def _certificate(report: VerificationReport) -> str:
    """Describe what is proven of the sums, and how."""
    sums = (
        "the sums, computed anew by the same engine,"
        if report.anew
        else "the sums of the run, of the sound as it was read, once, and the impulse as prepared,"
    )
    primes = " and ".join(str(prime) for prime in report.primes)
    return (
        f"{sums} are the convolution: folded modulo the random primes {primes}, they are "
        f"{report.certificate_residual:.2g} off, limit {report.certificate_limit:.2g}; one sum off "
        f"by {report.certificate_smallest:.2g}, anywhere, would show"
    )


def _spots(report: VerificationReport) -> str:
    """Describe the comparison with the direct sum."""
    off = _deviation(report.spots_worst, report.spots_limit, report.spots_failed_at)
    return (
        f"{counted(report.spots, 'sample')} against the direct sum, {report.spots_exact} of them "
        f"exactly rounded, the rest to 100 bits: {off}"
    )


def _samples(report: VerificationReport) -> str:
    """Describe how far the samples are off their sums, and whether there are as many."""
    if report.frames_expected in (None, report.frames) or report.samples_failed_at:
        return _deviation(report.samples_worst, report.samples_limit, report.samples_failed_at)
    return (
        f"there are {counted(report.frames, 'frame')} instead of {report.frames_expected}; the "
        "frames that both have are right"
    )


def _limited(report: VerificationReport) -> Rows:
    """Return the row on samples limited to full scale, if there are any."""
    if report.limited_passed and not report.limited:
        return []
    row = f"{counted(report.limited, 'sample')} past full scale, limited to it"
    return [("limited" if report.limited_passed else "FAILED", row)]


def _deviation(worst: float, limit: float, place: tuple[int, int] | None) -> str:
    """Describe the deviation of the sample that fails, or else the largest of any."""
    which = "at most" if place is None else f"frame {place[0]}, channel {place[1]} is"
    return f"{which} {worst:.3g} off, limit {limit:.3g}"
