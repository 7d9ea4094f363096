"""The workflow tasks that a worker holds, and the functions it keeps suspended in memory."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import OrderedDict
from collections.abc import Coroutine
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from ._messages import worker, worker_service
from ._run import WorkflowRun
from .definitions import Workflow
from .errors import KagziError

if TYPE_CHECKING:
    from .worker import Worker

logger = logging.getLogger("kagzi.worker")


class WorkflowTasks:
    """Runs workflow functions: the host of their runs."""

    def __init__(self, owner: Worker, definitions: dict[tuple[str, int], Workflow[Any, Any]]) -> None:
        self.loop = asyncio.get_running_loop()
        self._owner = owner
        self._definitions = definitions
        self._runs: dict[bytes, WorkflowRun] = {}
        self._token_of: dict[str, bytes] = {}  # the task at work, by run
        self._suspended: OrderedDict[str, WorkflowRun] = OrderedDict()
        self._fetches: set[asyncio.Task[None]] = set()

    # What the worker tells

    @property
    def tokens(self) -> list[bytes]:
        """The tasks at work."""
        return list(self._runs)

    @property
    def active_count(self) -> int:
        """How many that are."""
        return len(self._runs)

    @property
    def suspended_count(self) -> int:
        """Suspended functions in memory."""
        return len(self._suspended)

    def cancelled(self, token: bytes, reason: str) -> bool:
        """A task, or the run whose last task it was, was asked to cancel; False if it is not here."""
        run = self._runs.get(token) or self._suspended_by(token)
        if run is not None:
            run.cancel(reason)
        return run is not None

    def groups_resolved(self, resolved: worker.GroupsResolved) -> None:
        """Groups were resolved elsewhere. Of a task that is not at work any more the next one says the same."""
        run = self._runs.get(resolved.token)
        if run is None:
            return
        if resolved.more_steps_token:
            self._keep(self._fetch_members(run, resolved))
        else:
            run.groups_resolved(resolved.groups, resolved.steps)

    def lost(self, token: bytes, reason: str) -> bool:
        """A task, or the run whose last task it was, is no longer ours; False if it is not here."""
        run = self._forget(token)
        if run is not None:
            logger.info("run %s is no longer ours: %s", run.run_id, reason)
            run.drop()
            self._owner.free(workflows=1)
            return True
        suspended = self._suspended_by(token)
        if suspended is not None:
            del self._suspended[suspended.run_id]
            suspended.drop()
        return suspended is not None

    def _suspended_by(self, token: bytes) -> WorkflowRun | None:
        return next((run for run in self._suspended.values() if run.token == token), None)

    def give_back_all(self, reason: str) -> None:
        """Hand every task back."""
        for run in list(self._runs.values()):
            run.give_back(reason, evicted=True)

    def abandon_all(self) -> None:
        """Forget everything."""
        for run in (*self._runs.values(), *self._suspended.values()):
            run.drop()
        self._runs.clear()
        self._token_of.clear()
        self._suspended.clear()

    def close(self) -> None:
        """The worker ends."""
        for fetch in self._fetches:
            fetch.cancel()

    def arrived(self, task: worker.Task) -> None:
        """A task to do."""
        if task.token in self._runs:
            return  # pushed again on a new stream
        cached = self._suspended.pop(task.run_id, None)
        earlier = self._runs.get(self._token_of.get(task.run_id, b""))
        if earlier is not None:  # its task was taken away and this one made, and the news did not get through
            self.lost(earlier.token, "a new task of the run came")
        if cached is not None and (cached.is_over or not task.workflow.delta):
            cached.drop()
            cached = None
        if self._owner.is_draining:
            if cached is not None:
                cached.drop()
            self._owner.give_back(task, "the worker is draining", evicted=True)
            return
        if task.workflow.delta:
            if cached is None:
                self._owner.give_back(task, "the function is no longer in memory", evicted=True)
                return
            run = cached
        else:
            definition = self._definitions.get((task.workflow_type, task.workflow_version or 1))
            if definition is None:
                reason = f"worker {self._owner.worker_id} has no version {task.workflow_version} of {task.workflow_type!r}"
                self._owner.give_back(task, reason, evicted=False)
                return
            run = WorkflowRun(definition, self)
        self._runs[task.token] = run
        self._token_of[task.run_id] = task.token
        if task.workflow.more_steps_token:
            run.adopt(task)
            self._keep(self._fetch(run, task))
        elif task.workflow.delta:
            run.resume(task, task.workflow.steps)
        else:
            run.begin(task, task.workflow.steps)

    def _keep(self, fetch: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(fetch)
        self._fetches.add(task)
        task.add_done_callback(self._fetches.discard)

    async def _fetch_members(self, run: WorkflowRun, resolved: worker.GroupsResolved) -> None:
        steps = list(resolved.steps)
        try:
            steps += await self._owner.session.fetch_steps(resolved.token, resolved.more_steps_token)
        except KagziError as error:  # the next task has them
            logger.warning("run %s: the members of resolved groups could not be fetched: %s", run.run_id, error)
        if self._runs.get(resolved.token) is run:
            run.groups_resolved(resolved.groups, steps)

    async def _fetch(self, run: WorkflowRun, task: worker.Task) -> None:
        steps = list(task.workflow.steps)
        try:
            steps += await self._owner.session.fetch_steps(task.token, task.workflow.more_steps_token)
        except KagziError as error:
            if self._forget(task.token) is not None:
                run.drop()
                self._owner.give_back(task, f"the recorded steps could not be fetched: {error}", evicted=True)
            return
        if self._runs.get(task.token) is run:
            (run.resume if task.workflow.delta else run.begin)(task, steps)

    # RunHost

    @property
    def executor(self) -> Executor | None:
        """See RunHost."""
        return self._owner.executor

    @property
    def max_payload_bytes(self) -> int:
        """See RunHost."""
        return self._owner.max_payload_bytes

    @property
    def max_report_items(self) -> int:
        """See RunHost."""
        return self._owner.max_report_items

    @property
    def keeps_suspended(self) -> bool:
        """See RunHost."""
        return not self._owner.is_draining and self._owner.max_cached_workflows > 0

    def send_report(self, run: WorkflowRun, request: worker_service.WorkRequest, ends_task: bool) -> None:
        """See RunHost."""
        token = run.token
        if ends_task:
            if self._forget(token) is not None and not self._owner.is_draining:
                request.report.grant.workflow_slots = 1
            if run.is_suspended and not run.is_over and self.keeps_suspended:
                self._suspended[run.run_id] = run
                if len(self._suspended) > self._owner.max_cached_workflows:
                    _, oldest = self._suspended.popitem(last=False)
                    oldest.drop()
        elif token not in self._runs:  # a refused suspension goes on
            self._suspended.pop(run.run_id, None)
            self._runs[token] = run
            self._token_of[run.run_id] = token
        self._owner.session.report(request, functools.partial(self._report_answered, run, token))
        self._owner.check_idle()

    def _report_answered(self, run: WorkflowRun, token: bytes, answer: worker.ReportAnswer) -> None:
        if run.token == token:
            run.answered(answer)
        if run.is_over and self._runs.get(token) is run:
            self._forget(token)
            self._owner.free(workflows=1)

    def _forget(self, token: bytes) -> WorkflowRun | None:
        """The task is not at work any more."""
        run = self._runs.pop(token, None)
        if run is not None and self._token_of.get(run.run_id) == token:
            del self._token_of[run.run_id]
        return run
