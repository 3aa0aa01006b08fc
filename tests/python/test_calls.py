"""Long calls: callbacks, exceptions in them, threads, and Ctrl-C at any moment."""

import ctypes
import gc
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import pytest

import mimic
from mimic import _calls, _ffi

ASK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)


def called(callback, times=1):
    """Stands for a C function that calls back until it is told to stop."""
    for number in range(times):
        if callback(number) != 0:
            raise mimic.CancelledError("stopped")
        time.sleep(0.001)
    return "done"


def test_callbacks_run_on_the_calling_thread():
    call, seen = _calls.LongCall(), []
    users = call.callback(ASK, lambda number: seen.append(threading.get_ident()) or 0)
    own = call.callback(ASK, lambda number: seen.append(threading.get_ident()) or 0, is_users=False)
    assert call.run(called, users, 3) == "done"
    assert set(seen) == {threading.get_ident()} and len(seen) == 3
    assert call.run(called, own) == "done"
    assert seen[3] != threading.get_ident()
    assert users(1) == 0 and seen[4] == threading.get_ident()  # outside of a call


@pytest.mark.parametrize("is_users", [True, False])
@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt, SystemExit,
                                  mimic.MimicError])
def test_exceptions_in_callbacks_are_raised(kind, is_users):
    call, error = _calls.LongCall(), kind("mine")

    def fail(number):
        if number == 2:
            raise error
        return 0

    callback = call.callback(ASK, fail, is_users=is_users)
    with pytest.raises(kind) as caught:
        call.run(called, callback, 100)
    assert caught.value is error
    assert "fail" in [entry.name for entry in caught.traceback]
    with pytest.raises(kind):
        call.run(called, callback, 100)  # it can be used again
    assert call.run(called, callback) == "done"


def test_stop_is_told():
    call = _calls.LongCall()
    with pytest.raises(mimic.CancelledError):
        call.run(called, call.callback(ASK, lambda number: number == 5), 100)


def test_errors_of_the_call():
    call = _calls.LongCall()
    with pytest.raises(mimic.NotFoundError):
        call.run(_ffi.lib.mimic_registry_find_dataset, mimic.registry()._handle, b"nope",
                 ctypes.byref(ctypes.c_void_p()))
    with pytest.raises(ctypes.ArgumentError):
        call.run(_ffi.lib.mimic_free, 0.5, 0.5)


def test_one_call_at_a_time():
    call = _calls.LongCall()

    def again(number):
        call.run(called, None)

    with pytest.raises(RuntimeError, match="another call"):
        call.run(called, call.callback(ASK, again))


def test_nothing_is_kept():
    class Owner:
        def answer(self, number):
            return self.value

    gc.collect()
    gc.disable()
    try:
        owner = Owner()
        owner.value = 0
        call = _calls.LongCall()
        call.run(called, call.callback(ASK, lambda number, known=weakref.ref(owner): known().value))
        with pytest.raises(mimic.CancelledError):
            owner.value = 1
            call.run(called, call.callback(ASK, lambda number: 1))
        seen = weakref.ref(owner), weakref.ref(call)
        del owner, call
        assert seen[0]() is None and seen[1]() is None
    finally:
        gc.enable()


def test_many_threads():
    results = []

    def work():
        call = _calls.LongCall()
        mine = []
        callback = call.callback(ASK, lambda number: mine.append(threading.get_ident()) or 0)
        results.append(call.run(called, callback, 20) == "done"
                       and set(mine) == {threading.get_ident()})

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 16


# Waits for a moment, is struck by SIGINT, and says what became of it. Nothing may be printed to
# stderr ("Exception ignored ..."), nothing may be lost, and no call may run on.
STRUCK = """
import ctypes, os, random, signal, sys, threading, time
import mimic
from mimic import _calls

random.seed(int(sys.argv[1]))
ASK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
clock = time.perf_counter
running = []

def work(callbacks, until):
    running.append(True)
    try:
        while clock() < until:
            for callback in callbacks:
                if callback(0) != 0:
                    raise mimic.CancelledError("stopped")
    finally:
        running.pop()

def strike_when(told, delay):
    told.acquire()
    time.sleep(delay)
    os.kill(os.getpid(), signal.SIGINT)

lost = late = 0
for _ in range(int(sys.argv[2])):
    call = _calls.LongCall()
    asked = ASK(lambda number: call.interrupted(None))
    callbacks = [call.callback(ASK, lambda number: 0), asked, call.callback(
        ASK, lambda number: 0, is_users=False)]
    delay = random.choice([0, 0.00005, 0.0005, 0.002, 0.005]) * random.random()
    told = threading.Lock()
    told.acquire()
    strike = threading.Thread(target=strike_when, args=(told, delay))
    strike.start()  # which is not safe from Ctrl-C itself
    was_struck = False
    begun = clock()
    try:
        told.release()
        call.run(work, callbacks, clock() + 100)
        strike.join()
    except KeyboardInterrupt:
        was_struck = True
        strike.join()
    lost += not was_struck
    late += clock() - begun > 50  # it ran on
    assert not running
print("lost", lost, "late", late)
"""


def test_ctrl_c_at_any_moment():
    seed = str(random.randrange(10**6))
    done = subprocess.run([sys.executable, "-W", "error", "-c", STRUCK, seed, "300"], capture_output=True, text=True,
                          timeout=600, check=False)
    assert done.stderr == ""
    assert done.stdout == "lost 0 late 0\n"


def test_no_event_is_waited_for_when_a_thread_begins(monkeypatch):
    """Ctrl-C in Condition.wait() may come out as a RuntimeError, and open another thread's lock."""
    def struck(self, timeout=None):
        raise RuntimeError("release unlocked lock")

    monkeypatch.setattr(threading.Condition, "wait", struck)
    assert _calls.LongCall().run(lambda: 7) == 7


def test_ctrl_c_before_the_thread_begins(monkeypatch):
    """It never calls then, but it is waited for: the interpreter may end right after that."""
    seen, begin = [], threading.Thread.run

    def late(self):
        time.sleep(0.2)
        seen.append("begun")
        begin(self)

    def struck(self):
        start(self)
        raise KeyboardInterrupt

    start = threading.Thread.start
    monkeypatch.setattr(_calls._Thread, "run", late)
    monkeypatch.setattr(_calls._Thread, "start", struck)
    with pytest.raises(KeyboardInterrupt):
        _calls.LongCall().run(seen.append, "called")
    assert seen == ["begun"]


PIPE = """
import os, signal, sys, threading, time
from ctypes import byref, c_size_t, c_void_p, create_string_buffer
from mimic import _calls, _ffi

call = _calls.LongCall()
options = _ffi.mimic_source_options(interrupted=call.interrupted)
source, size, buffer = c_void_p(), c_size_t(), create_string_buffer(100)
lib = _ffi.lib
main = threading.get_ident()
handler = signal.getsignal(signal.SIGINT)

def strike():
    # When the call is at work, and most likely waits. What is not heard is waited for without end.
    while not is_inside(sys._current_frames()[main]):
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)

def is_inside(frame):
    while frame is not None and frame.f_code is not _calls.LongCall.run.__code__:
        frame = frame.f_back
    return frame is not None

threading.Thread(target=strike).start()
try:
    call.run(lib.mimic_source_open, _ffi.context(), _ffi.path(sys.argv[1]), byref(options),
             byref(source))
    print("opened")
except KeyboardInterrupt:
    print("struck", signal.getsignal(signal.SIGINT) is handler)
"""


def test_ctrl_c_while_a_pipe_has_nothing(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    done = subprocess.run([sys.executable, "-W", "error", "-c", PIPE, str(path)],
                          capture_output=True, text=True, timeout=600, check=False)
    assert (done.stdout, done.stderr) == ("struck True\n", "")


def test_handlers_of_others_are_heard_too():
    def alarm(number, frame):
        raise TimeoutError("too long")

    before = signal.signal(signal.SIGALRM, alarm)
    try:
        call = _calls.LongCall()
        with pytest.raises(TimeoutError, match="too long"):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            call.run(called, call.interrupted, 1_000_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_process_may_end_during_a_call():
    """The interpreter waits for its threads; a daemon thread's call is given up with the process."""
    code = textwrap.dedent("""
        import threading, time
        from mimic import _calls
        def run():
            _calls.LongCall().run(time.sleep, 0.5)
        threading.Thread(target=run, daemon=True).start()
        time.sleep(0.1)
    """)
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True,
                          text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
