/// What is ordered. Travels as JSON, so that workers in every language read it.
struct Order: Codable, Sendable {
  var id: String
  var item: String
  var quantity: Int
  var cents: Int
}

/// How an order ended.
struct Delivery: Codable, Sendable {
  var order: String
  var payment: String
  var parcel: String
  var courier: String
}
