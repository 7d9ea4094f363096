package import GRPC
internal import Messages

extension Coordinator {
  /// Registers every RPC that is served. The router answers UNIMPLEMENTED for all others of the contract.
  package func register(on router: inout Router) {
    router.unary(WorkflowService.StartWorkflow.self) { self.startWorkflow($0, $1, $2) }
    router.unary(WorkflowService.StartWorkflows.self) { self.startWorkflows($0, $1, $2) }
    router.unary(WorkflowService.SignalWorkflow.self) { self.signalWorkflow($0, $1, $2) }
    router.unary(WorkflowService.SignalWithStart.self) { self.signalWithStart($0, $1, $2) }
    router.unary(WorkflowService.GetRun.self) { self.getRun($0, $1, $2) }
    router.unary(WorkflowService.WaitRun.self) { self.waitRun($0, $1, $2) }
    router.serverStreaming(WorkflowService.WatchRun.self) { self.watchRun($0, $1, $2) }
    router.unary(WorkflowService.ListRuns.self) { self.listRuns($0, $1, $2) }
    router.unary(WorkflowService.CountRuns.self) { self.countRuns($0, $1, $2) }
    router.unary(WorkflowService.ListSteps.self) { self.listSteps($0, $1, $2) }
    router.unary(WorkflowService.ListStepAttempts.self) { self.listStepAttempts($0, $1, $2) }
    router.unary(WorkflowService.ListGroups.self) { self.listGroups($0, $1, $2) }
    router.unary(WorkflowService.CancelRun.self) { self.cancelRun($0, $1, $2) }
    router.unary(WorkflowService.TerminateRun.self) { self.terminateRun($0, $1, $2) }
    router.unary(WorkflowService.PauseRun.self) { self.pauseRun($0, $1, $2) }
    router.unary(WorkflowService.ResumeRun.self) { self.resumeRun($0, $1, $2) }
    router.unary(WorkflowService.RetryRun.self) { self.retryRun($0, $1, $2) }
    router.unary(WorkflowService.ForkRun.self) { self.forkRun($0, $1, $2) }
    router.unary(WorkflowService.ExplainRun.self) { self.explainRun($0, $1, $2) }
    router.serverStreaming(WorkflowService.BatchRuns.self) { self.batchRuns($0, $1, $2) }

    router.unary(WorkerService.RegisterWorker.self) { self.registerWorker($0, $1, $2) }
    router.streaming(WorkerService.Work.self) { self.work($0, $1) }
    router.unary(WorkerService.ClaimTasks.self) { self.claimTasks($0, $1, $2) }
    router.unary(WorkerService.ReportTasks.self) { self.reportTasks($0, $1, $2) }
    router.streaming(WorkerService.Heartbeat.self) { self.heartbeat($0, $1) }
    router.unary(WorkerService.FetchSteps.self) { self.fetchSteps($0, $1, $2) }
    router.unary(WorkerService.CompleteActivity.self) { self.completeActivity($0, $1, $2) }
    router.unary(WorkerService.DeregisterWorker.self) { self.deregisterWorker($0, $1, $2) }

    registerSchedules(on: &router)

    router.unary(AdminService.GetServerInfo.self) { self.getServerInfo($0, $1, $2) }
    router.unary(AdminService.ListWorkers.self) { self.listWorkers($0, $1, $2) }
    router.unary(AdminService.GetWorker.self) { self.getWorker($0, $1, $2) }
    router.unary(AdminService.ListWorkerEvents.self) { self.listWorkerEvents($0, $1, $2) }
    router.unary(AdminService.DrainWorker.self) { self.drainWorker($0, $1, $2) }
    router.unary(AdminService.DescribeQueue.self) { self.describeQueue($0, $1, $2) }
    router.unary(AdminService.ListQueues.self) { self.listQueues($0, $1, $2) }
    router.unary(AdminService.GetStats.self) { self.getStats($0, $1, $2) }
    router.unary(AdminService.CheckHealth.self) { self.checkHealth($0, $1, $2) }
    router.unary(AdminService.CreateNamespace.self) { self.createNamespace($0, $1, $2) }
    router.unary(AdminService.GetNamespace.self) { self.getNamespace($0, $1, $2) }
    router.unary(AdminService.ListNamespaces.self) { self.listNamespaces($0, $1, $2) }
    router.unary(AdminService.UpdateNamespace.self) { self.updateNamespace($0, $1, $2) }
    router.unary(AdminService.EnableNamespace.self) { self.enableNamespace($0, $1, $2) }
    router.unary(AdminService.DisableNamespace.self) { self.disableNamespace($0, $1, $2) }

    router.unary(RegistryService.SetDefaultVersion.self) { self.setDefaultVersion($0, $1, $2) }
    router.unary(RegistryService.SetRollout.self) { self.setRollout($0, $1, $2) }
    router.unary(RegistryService.DeprecateVersion.self) { self.deprecateVersion($0, $1, $2) }
    router.unary(RegistryService.DescribeWorkflowType.self) { self.describeWorkflowType($0, $1, $2) }
    router.unary(RegistryService.ListWorkflowTypes.self) { self.listWorkflowTypes($0, $1, $2) }
    router.unary(RegistryService.DescribeActivityType.self) { self.describeActivityType($0, $1, $2) }
    router.unary(RegistryService.ListActivityTypes.self) { self.listActivityTypes($0, $1, $2) }
    router.serverStreaming(RegistryService.MoveRuns.self) { self.moveRuns($0, $1, $2) }
  }
}

extension Coordinator {
  private func registerSchedules(on router: inout Router) {
    router.unary(ScheduleService.CreateSchedule.self) { self.createSchedule($0, $1, $2) }
    router.unary(ScheduleService.GetSchedule.self) { self.getSchedule($0, $1, $2) }
    router.unary(ScheduleService.ListSchedules.self) { self.listSchedules($0, $1, $2) }
    router.unary(ScheduleService.UpdateSchedule.self) { self.updateSchedule($0, $1, $2) }
    router.unary(ScheduleService.DeleteSchedule.self) { self.deleteSchedule($0, $1, $2) }
    router.unary(ScheduleService.PauseSchedule.self) { self.pauseSchedule($0, $1, $2) }
    router.unary(ScheduleService.ResumeSchedule.self) { self.resumeSchedule($0, $1, $2) }
    router.unary(ScheduleService.TriggerSchedule.self) { self.triggerSchedule($0, $1, $2) }
    router.unary(ScheduleService.BackfillSchedule.self) { self.backfillSchedule($0, $1, $2) }
    router.unary(ScheduleService.ListScheduleFirings.self) { self.listScheduleFirings($0, $1, $2) }
  }
}
