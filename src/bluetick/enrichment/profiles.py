"""What a file profile provider is: it answers FileProfile's lookups."""

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

KEY = "lookup_key"


class FileProfileProvider(Protocol):
    """Answers for file ids. https://learn.microsoft.com/defender-xdr/advanced-hunting-fileprofile-function"""

    @property
    def version(self) -> str:
        """Names the data that answered, so that a run can be repeated."""
        ...

    @property
    def note(self) -> str:
        """What a reader of the result must know of where the numbers come from; '' for a plain profile table."""
        ...

    def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
        """A row for each key: `lookup_key` as given, then the 18 columns of FileProfile in physical types.

        ProfileAvailability is Available, Missing (not known) or Error; nulls ('' for strings) where there is nothing.
        `key_column` is the name of the queried column (InitiatingProcessSHA256 ...). A provider that cannot answer at
        all raises SourceError.
        """
        ...
