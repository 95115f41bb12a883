"""Run the property tests again and again with new seeds: `python tools/fuzz.py [MINUTES]`.

Stops at the first failure; pytest has then printed the example and the seed that finds it again.
"""

import os
import random
import subprocess
import sys
import time


def main(arguments: list[str]) -> int:
    """0 when no seed failed in the time given, pytest's own exit code when one did."""
    seconds = 60 * float(arguments[0]) if arguments else 600.0
    begun = time.monotonic()
    rounds = 0
    while time.monotonic() - begun < seconds:
        rounds += 1
        seed = random.SystemRandom().randrange(2**32)
        print(f"round {rounds}, seed {seed}", flush=True)
        command = ["-m", "pytest", "-m", "hypothesis and not spark", "-x", f"--hypothesis-seed={seed}"]
        done = subprocess.run([sys.executable, *command], check=False)
        if done.returncode != 0:
            print(f"found with --hypothesis-seed={seed}", file=sys.stderr)
            return done.returncode
        patterns = ["-m", "pytest", "-x", "tests/regexes", "-k", "many_random_patterns"]
        done = subprocess.run(
            [sys.executable, *patterns], check=False, env=os.environ | {"BLUETICK_PATTERN_SEED": str(seed)}
        )
        if done.returncode != 0:
            print(f"found with BLUETICK_PATTERN_SEED={seed}", file=sys.stderr)
            return done.returncode
    print(f"{rounds} rounds, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
