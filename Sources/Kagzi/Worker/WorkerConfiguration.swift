/// How a worker works. Made by `WorkerBuilder`, which documents each setting.
struct WorkerConfiguration: Sendable {
  var workerID: String
  var namespace = ""
  var maxConcurrentWorkflows = 10
  var maxConcurrentActivities = 10
  var heartbeatInterval = Duration.seconds(30)
  var pollInterval = Duration.milliseconds(500)
  var gracefulShutdownTimeout = Duration.seconds(300)
  var leaseDuration = Duration.seconds(30)
  var hostname: String
  var taskQueues = ["default"]
  var labels: [String: String] = [:]
  var maxCachedWorkflows = 1_000
}
