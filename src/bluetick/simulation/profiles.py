"""The table of file profiles that FileProfile() reads: reputation by hash, with some files missing on purpose."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bluetick.simulation.columns import PROFILES
from bluetick.simulation.parquet import Written
from bluetick.simulation.placements import file_hash, file_size
from bluetick.simulation.randomness import digest
from bluetick.simulation.software import Program
from bluetick.simulation.timeline import DAY, to_datetime
from bluetick.simulation.world import World

Cell = str | int | bool | datetime | None


def profile_rows(world: World) -> list[dict[str, Cell]]:
    """One row a known file, in order of SHA1."""
    files = {(placement.program.file, placement.version): placement.program for placement in world.placements}
    rows = [
        _profile(program, version, program.prevalence, world.window.end)
        for (_, version), program in files.items()
        if program.prevalence is not None
    ]
    return sorted(rows, key=lambda row: str(row["SHA1"]))


def _profile(program: Program, version: str, prevalence: int, end: int) -> dict[str, Cell]:
    signed = bool(program.issuer)
    by_microsoft = signed and program.company == "Microsoft Corporation"
    first_seen = end - (40 + int(file_hash(program, version, "md5")[:2], 16)) * DAY
    return {
        "SHA1": file_hash(program, version, "sha1"),
        "SHA256": file_hash(program, version, "sha256"),
        "MD5": file_hash(program, version, "md5"),
        "FileSize": file_size(program, version),
        "GlobalPrevalence": prevalence,
        "GlobalFirstSeen": to_datetime(first_seen),
        "GlobalLastSeen": to_datetime(end - 2 * DAY),
        "Signer": program.company if signed else "",
        "Issuer": program.issuer,
        "SignerHash": digest("sha1", "signer", program.company) if signed else "",
        "IsCertificateValid": True if signed else None,
        "IsRootSignerMicrosoft": by_microsoft if signed else None,
        "SignatureState": "SignedValid" if signed else "Unsigned",
        "IsExecutable": True,
        "ThreatName": program.threat,
        "Publisher": program.company,
        "SoftwareName": program.product,
    }


def write_profiles(world: World, path: Path) -> Written:
    """Write the profiles of all known files."""
    table = pa.Table.from_pylist(profile_rows(world), schema=PROFILES)
    pq.write_table(table, path, compression="zstd", store_schema=False)
    return Written(path, table.num_rows, path.stat().st_size)
