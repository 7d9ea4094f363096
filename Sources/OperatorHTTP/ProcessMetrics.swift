internal import Foundation
internal import Meters

/// What the kernel knows of this process, under the names that Prometheus' own clients use.
internal enum ProcessMetrics {
  static var families: [MetricFamily] {
    guard let fields = statistics() else { return [] }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    let page = Double(sysconf(Int32(_SC_PAGESIZE)))
    return [
      MetricFamily(
        "process_cpu_seconds_total", .counter, "User and system time.", (fields.userTicks + fields.systemTicks) / ticks),
      MetricFamily("process_resident_memory_bytes", .gauge, "Resident memory.", fields.residentPages * page),
      MetricFamily("process_threads", .gauge, "Threads of the operating system.", fields.threads),
    ]
  }

  private struct Statistics {
    var userTicks: Double
    var systemTicks: Double
    var threads: Double
    var residentPages: Double
  }

  /// See proc_pid_stat(5); the name in parentheses may hold spaces, so what follows it is counted.
  private static func statistics() -> Statistics? {
    guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
    guard fields.count > 21 else { return nil }
    return Statistics(userTicks: fields[11], systemTicks: fields[12], threads: fields[17], residentPages: fields[21])
  }
}
