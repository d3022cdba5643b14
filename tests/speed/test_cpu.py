"""Processor time as the kernel counts it."""

import os
import subprocess
import sys
import time

from bench.cpu import cpu_seconds, family


def test_processor_time_is_that_of_the_process_and_of_what_it_waited_for() -> None:
    before = cpu_seconds([os.getpid()])
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    started = time.process_time()
    while time.process_time() < started + 0.1:
        pass

    assert cpu_seconds([os.getpid()]) - before >= 0.1  # in hundredths of a second, of two that take longer


def test_a_process_that_has_ended_meanwhile_counts_as_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        relatives = family(os.getpid())
        child.communicate(b"\n")

    assert {os.getpid(), child.pid} <= set(relatives)
    assert cpu_seconds([child.pid]) == 0
    assert cpu_seconds(relatives) > 0
