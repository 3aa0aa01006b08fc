"""Calls that may take long, that may call back, and that Ctrl-C must be able to end.

Python runs the handler of a signal on the main thread, between two steps of whatever Python code
runs there. Were the library called on the main thread, that code would be our callback, and a
KeyboardInterrupt that strikes in it before its first `try` would be printed as "Exception ignored"
and lost. So the library is called on a thread of its own, where no handler ever runs, while the
calling thread waits in Python: there Ctrl-C strikes like anywhere else, is kept, makes the
library's callbacks answer "stop", and is raised when the C call has ended and cleaned up. It works
the same on any thread that calls. The thread costs some 50 microseconds a call.

Callbacks that are the user's run on the calling thread all the same, one at a time, while the
library waits for the answer.
"""

from __future__ import annotations

import functools
import signal
import threading
from queue import SimpleQueue
from typing import Any, Callable, Generic, List, Optional, TypeVar

from . import _ffi

T = TypeVar("T")

_POLL_SECONDS = 0.05
_BEGIN_SECONDS = 1.0


class _Question(Generic[T]):
    """Something that the library's thread asks the calling one to do."""

    def __init__(self, function: Callable[[], T]) -> None:
        self.function = function
        self.answers: List[T] = []
        self.answered = threading.Lock()
        self.answered.acquire()

    def run(self) -> None:
        self.answers.append(self.function())
        self.answered.release()


class _State:
    """What callbacks look at. It stands apart, so that they do not refer to what owns them."""

    def __init__(self) -> None:
        self.is_running = False
        self.is_cancelled = False
        self.error: Optional[BaseException] = None  # that a callback raised on the library's thread
        self.questions: SimpleQueue[Optional[_Question[Any]]] = SimpleQueue()

    def answer_interrupted(self, _: Any) -> int:
        return int(self.is_cancelled)

    def ask(self, function: Callable[[], T], failed: T) -> T:
        """Has the calling thread run it; gives up when the calling thread did."""
        question = _Question(function)
        self.questions.put(question)
        while not question.answered.acquire(timeout=_POLL_SECONDS):
            if self.is_cancelled:
                return failed
        return question.answers[0]


class LongCall:
    """Callbacks of one job, and the way to run it.

    `interrupted` goes wherever the library takes an `interrupted` callback; `callback()` makes
    other callbacks. An object that outlives its first call (a reader, a scan) keeps its LongCall for as
    long as C may call back, and uses it for every further call; one call at a time.
    """

    def __init__(self) -> None:
        self._state = _State()
        self.interrupted = _ffi.mimic_interrupted_fn(self._state.answer_interrupted)
        self._callbacks: List[Any] = [self.interrupted]

    def cancel(self) -> None:
        """Asks the library to stop, from any thread; it does so within a fraction of a second."""
        self._state.is_cancelled = True

    def callback(self, prototype: Any, function: Callable[..., Any], failed: int = 1,
                 is_users: bool = True) -> Any:
        """A C callback around `function`, which gets the arguments of the C function.

        What it raises cancels the call, the library being told `failed`, and is raised by run().
        With is_users it runs on the thread that called run(); otherwise on the library's, for
        functions of this package that are quick and touch nothing of the user's.
        """
        state = self._state

        def called(*arguments: Any) -> Any:
            if state.is_cancelled:
                return failed
            try:
                if is_users and state.is_running:
                    return state.ask(functools.partial(function, *arguments), failed)
                return function(*arguments)
            except BaseException as error:
                state.error = error
                state.is_cancelled = True
                return failed

        made: Any = prototype(called)
        self._callbacks.append(made)
        return made

    def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Calls `function(*arguments)` on another thread and returns or raises what it does.

        Whatever is raised here meanwhile, by a signal's handler or a callback, cancels it and is
        raised when it has ended.
        """
        state = self._state
        if state.is_running:
            raise RuntimeError("another call on this object has not ended yet")
        state.questions = SimpleQueue()
        state.is_cancelled = False
        work = _Work(functools.partial(function, *arguments), state)
        try:
            try:
                state.is_running = True
                work.start()
                work.answer_questions()
            except BaseException:
                self.cancel()
                work.wait()
                raise
            if state.error is not None:
                raise state.error
            return work.result()
        finally:
            state.is_running = False
            state.error = None
            work.forget()


class _Started(threading.Event):
    """For a start() that does not wait: see _Thread."""

    def wait(self, timeout: Optional[float] = None) -> bool:
        return self.is_set()


class _Thread(threading.Thread):
    """Its start() does not wait until it has begun. Event.wait() is no place for Ctrl-C to strike: it
    may raise a RuntimeError instead, or open the lock that the new thread holds.
    """

    def __init__(self, target: Callable[[], None]) -> None:
        super().__init__(target=target, name="mimic")
        self._started: Any = _Started()


class _Work(Generic[T]):
    """One call of a function on a thread of its own."""

    def __init__(self, function: Callable[[], T], state: _State) -> None:
        self._function = function
        self._questions = state.questions
        self._claim = threading.Lock()  # whose it is: the thread's that begins, or a Ctrl-C's
        self._end = threading.Lock()    # held while it is marked as ended
        self._ended = threading.Lock()  # held until it has ended
        self._ended.acquire()
        self._refused = threading.Lock()  # held until it has found that it is not to begin
        self._refused.acquire()
        self._has_ended = False
        self._results: List[T] = []
        self._errors: List[BaseException] = []
        self._thread = _Thread(self._run)

    def start(self) -> None:
        self._thread.start()

    def answer_questions(self) -> None:
        """Until the end."""
        while True:
            question = self._questions.get()
            if question is None:
                return
            question.run()

    def _run(self) -> None:
        if not self._claim.acquire(blocking=False):
            self._refused.release()
            return
        try:
            self._results.append(self._function())
        except BaseException as error:
            self._errors.append(error)
        with self._end:
            self._has_ended = True
        self._ended.release()
        self._questions.put(None)

    def result(self) -> T:
        if self._errors:
            raise self._errors[0]
        return self._results[0]

    def forget(self) -> None:
        """Exceptions refer to frames, which refer to this: no cycle is left behind."""
        self._errors = []

    def wait(self) -> None:
        """Waits for the end of what was cancelled, or sees to it that it never begins.

        More of Ctrl-C changes nothing now. A call may hang in a system call, reading a pipe that
        nobody writes to: a signal to its thread interrupts that, and the handler that would then
        run here does nothing meanwhile.
        """
        if self._claim.acquire(blocking=False):
            # Did start() come to begin one? If so, it must know of the interpreter before that may
            # end: Python waits for threads that run, and frees what others are about to use.
            self._refused.acquire(timeout=_BEGIN_SECONDS)
            return
        handler: Any = None
        is_main = threading.current_thread() is threading.main_thread()
        try:
            if is_main and callable(signal.getsignal(signal.SIGINT)):
                handler = signal.signal(signal.SIGINT, _ignore)
            while not self._has_ended:
                if not self._ended.acquire(timeout=_POLL_SECONDS) and handler is not None:
                    self._interrupt()
        finally:
            if handler is not None:
                signal.signal(signal.SIGINT, handler)

    def _interrupt(self) -> None:
        with self._end:  # while it is held the thread cannot be gone
            if not self._has_ended and self._thread.ident is not None:
                signal.pthread_kill(self._thread.ident, signal.SIGINT)


def _ignore(number: int, frame: Any) -> None:
    pass
