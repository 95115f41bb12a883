"""The programs that run in the enterprise: what each file is, where it runs and how it talks."""

from dataclasses import dataclass
from enum import Enum, auto

from bluetick.simulation.devices import Role


class Lifetime(Enum):
    """When a process of the program starts anew."""

    SERVICE = auto()  # with the machine
    SESSION = auto()  # when the user logs on, each workday
    TASK = auto()  # a few times a day
    FIXED = auto()  # once, at a given instant


class Rhythm(Enum):
    """When in the day the program talks."""

    WORK = auto()
    FLAT = auto()
    NIGHT = auto()


class Reach(Enum):
    """Where the program's connections go to."""

    WEB = auto()  # the machine's own taste of the whole web
    VENDOR = auto()  # a few hosts of the maker
    INTERNAL = auto()  # servers of the enterprise, on `ports`
    CLIENTS = auto()  # nowhere: it answers clients on the internet


class Runs(Enum):
    """The account a program runs as."""

    SYSTEM = auto()
    NETWORK = auto()
    USER = auto()


WINDOWS = "C:\\Windows\\System32\\"
PROGRAMS = "C:\\Program Files\\"
PROFILE = "C:\\Users\\{user}\\AppData\\Local\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One executable file name. `rate` is connections a day and machine; no `prevalence`: the file has no profile."""

    file: str
    folder: str
    company: str = ""
    product: str = ""
    arguments: str = ""
    versions: tuple[str, ...] = ("1.0.0.0",)
    parent: str = "services.exe"
    roles: tuple[Role, ...] = ()
    share: float = 1.0
    runs: Runs = Runs.SYSTEM
    lifetime: Lifetime = Lifetime.SERVICE
    rhythm: Rhythm = Rhythm.FLAT
    reach: tuple[Reach, ...] = ()
    ports: tuple[int, ...] = ()
    hosts: int = 2
    rate: float = 0.0
    failing: float = 0.01
    prevalence: int | None = None
    issuer: str = ""
    threat: str = ""
    hashless: float = 0.0

    @property
    def is_kernel(self) -> bool:
        """Whether this is the System process, which has no file of its own."""
        return self.file == "System"
