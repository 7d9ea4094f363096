import Kagzi
import Synchronization

/// The order that the guide's programs process, and the services that they call.
struct OrderInput: Codable, Sendable {
  var orderID: String
  var amount: Double
}

/// What the user's service fails first, so that retries have something to do.
private let userCalls = Mutex<[String: Int]>([:])

func fetchUser(_ input: OrderInput) async throws -> String {
  let call = userCalls.withLock { calls in
    calls[input.orderID, default: 0] += 1
    return calls[input.orderID, default: 0]
  }
  print("fetch user of \(input.orderID), call \(call)")
  guard call > 1 else { throw StepError(.networkError, "The user's service is not there") }
  return "Ada"
}

func processPayment(_ input: OrderInput) async throws -> String {
  print("pay \(input.amount) for \(input.orderID)")
  return "payment-\(input.orderID)"
}

func updateInventory(_ input: OrderInput) async throws -> Int {
  print("take \(input.orderID) from the shelf")
  return 41
}

func sendEmail(_ input: OrderInput) async throws { print("mail about \(input.orderID)") }

func sendSMS(_ input: OrderInput) async throws { print("text about \(input.orderID)") }
