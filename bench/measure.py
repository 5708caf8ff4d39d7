#!/usr/bin/env python3
"""Runs a command and prints its wall clock, CPU seconds and peak memory.

    python3 measure.py COMMAND [ARGUMENTS…]
"""

import resource
import subprocess
import sys
import time

start = time.time()
code = subprocess.call(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"wall {time.time() - start:.1f} s, CPU {used.ru_utime + used.ru_stime:.1f} s, peak memory {used.ru_maxrss / 1024:.0f} MB, exit {code}", file=sys.stderr)
