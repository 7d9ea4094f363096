import Foundation
import Kagzi

/// A chain of reminders at given times. Between them the run holds no worker; a time that has passed is not waited for.
enum Reminders {
  struct Appointment: Codable, Sendable {
    var title: String
    var reminders: [Date]
  }

  @Sendable static func remind(_ ctx: WorkflowContext, _ appointment: Appointment) async throws -> Int {
    for (number, date) in appointment.reminders.enumerated() {
      try await ctx.sleepUntil("until-reminder", date)
      try await ctx.step("remind") { print("reminder \(number + 1): \(appointment.title)") }
    }
    return appointment.reminders.count
  }

  @Sendable static func run(_ kagzi: Kagzi) async throws {
    kagzi.registerWorkflow("reminders", remind)
    let times = [-60, 0.3, 0.6].map { Date(timeIntervalSinceNow: $0) }
    let sent = try await kagzi.working {
      try await kagzi.startWorkflow("reminders", Appointment(title: "Dentist", reminders: times), as: Int.self).result()
    }
    print("\(sent) reminders sent")
  }
}
