internal import Foundation

/// How far a long command is: a bar that is drawn over itself on a terminal, a line at each tenth otherwise.
struct ProgressBar {
  private let isShown: Bool
  private let width: Int?
  private var lastTenth = -1
  private var isDrawn = false

  /// - Parameter width: columns of the terminal; nil when it is none.
  init(isShown: Bool, width: Int? = Terminal.width) {
    self.isShown = isShown
    self.width = width
  }

  mutating func show(done: Int, total: Int) {
    guard isShown else { return }
    if let width {
      print("\r" + Self.bar(done: done, total: total, width: width), terminator: "")
      isDrawn = true
    } else {
      let tenth = total == 0 ? 10 : done * 10 / total
      guard tenth > lastTenth else { return }
      lastTenth = tenth
      print(Self.counts(done: done, total: total))
    }
    fflush(nil)
  }

  /// Leaves the bar as it is; what comes next is printed below.
  mutating func end() {
    if isDrawn { print() }
    isDrawn = false
  }

  /// Fills a line but for its last column, so that no terminal wraps it.
  static func bar(done: Int, total: Int, width: Int) -> String {
    let counts = " " + counts(done: done, total: total)
    let room = max(0, min(60, width - counts.count - 3))
    let filled = total == 0 ? room : room * min(done, total) / total
    return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: room - filled) + "]" + counts
  }

  static func counts(done: Int, total: Int) -> String {
    "\(done)/\(total) (\(total == 0 ? 100 : done * 100 / total) %)"
  }
}
