"""URLs among the names of files: which names are URLs, and how much of one may be shown.

A URL may hold secrets: a user and a password, or a query with a token or a signature. So wherever a
name is shown or stored, it is the public part of it, `public_name`.
"""

from __future__ import annotations

import re
from hashlib import sha256

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]+://"

URL = re.compile(_SCHEME)
"""Beginning of a URL (RFC 3986): two letters or more, as ``C:`` is a drive of Windows."""

_NAMED = re.compile(rf"(?:^|[,:]){_SCHEME}")
"""A URL in a name: alone, or as a part of a join."""

_USER = re.compile(r"://(?:[^/?#]*|[^/?#@:]*:(?!:|\d*(?:/|$))[^?#]*)@")
"""User and password; a password with a slash in it, as its port is no number, goes as well."""

_QUERY = re.compile(r"[?#].*", re.DOTALL)

_WRITTEN = re.compile(rf"""{_SCHEME}[^\s'"<>]*""")
"""A URL in a text."""

_SIGNATURE = re.compile(r"X-(?:Amz|Goog)-", re.IGNORECASE)
"""Parameters that sign a query: the same file has others each day (AWS Signature Version 4)."""

HASH_DIGITS = 32


def is_url(name: str) -> bool:
    r"""Return whether a name is a URL, and not the path of a file; ``./a://b`` is a path.

    Examples
    --------
    >>> is_url("https://host/x.wav"), is_url("x.wav"), is_url("C:\\x.wav"), is_url("./s3://x.wav")
    (True, False, False, False)
    """
    return URL.match(name) is not None


def public_name(name: str) -> str:
    """Return a name without what may be secret in a URL: user, password, query and fragment.

    Any other name is returned as it is.

    Examples
    --------
    >>> public_name("https://me:word@host/x.wav?token=1"), public_name("what?.wav")
    ('https://host/x.wav', 'what?.wav')
    """
    named = _NAMED.search(name)
    if named is None:
        return name
    return name[: named.start()] + _USER.sub("://", _QUERY.sub("", name[named.start() :]))


def public_text(text: str) -> str:
    """Return a text in which each URL is replaced by its public name.

    Examples
    --------
    >>> public_text("404 for 'https://host/x.wav?token=1', gone")
    "404 for 'https://host/x.wav', gone"
    """
    return _WRITTEN.sub(lambda match: public_name(match[0]), text)


def address(name: str) -> str:
    """Return what tells a name apart: the public one, and a hash of the query of a URL.

    Whoever asks for a file, and a signature of the query, do not count.

    Examples
    --------
    >>> address("x.wav"), address("https://me:word@host/x.wav?X-Amz-Signature=1")
    ('x.wav', 'https://host/x.wav')
    >>> address("https://host/x.wav?v=1") == address("https://host/x.wav?v=2")
    False
    """
    public = public_name(name)
    query = _QUERY.search(name) if public != name else None
    told = [one for one in query[0][1:].split("&") if not _SIGNATURE.match(one)] if query else []
    if not told:
        return public
    digest = sha256("&".join(told).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{public}#{digest[:HASH_DIGITS]}"


def secrets_of(url: str) -> list[str]:
    """Return the parts of a URL that may be secret, and are long enough to be found in a text.

    Examples
    --------
    >>> secrets_of("https://me:word@host/x.wav?token=abcd&v=1")
    ['word', 'token=abcd&v=1', 'abcd']
    """
    user, query = _USER.search(url), _QUERY.search(url)
    parts = user[0][3:-1].split(":") if user else []
    if query:
        values = (one.partition("=")[2] for one in query[0][1:].split("&"))
        parts += [query[0][1:], *values]
    return [part for part in parts if len(part) > 3]


def url_below(url: str, path: str) -> str:
    """Return the URL of a path that is relative to the folder of a URL; its query is not kept.

    Examples
    --------
    >>> url_below("https://host/set/list.csv?token=1", "wav/a.wav")
    'https://host/set/wav/a.wav'
    """
    return f"{_QUERY.sub('', url).rpartition('/')[0]}/{path}"
