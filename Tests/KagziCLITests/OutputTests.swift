import ArgumentParser
import Messages
import Testing

@testable import KagziCLI

@Suite("What the command line prints")
struct OutputTests {
  @Test("columns are aligned, nothing trails, and lines are cut at the terminal's width")
  func table() {
    var table = Table("run id", "status")
    table.add("a", "COMPLETED")
    table.add("longer", "")
    #expect(table.lines(width: nil) == ["RUN ID  STATUS", "a       COMPLETED", "longer"])
    #expect(table.lines(width: 10) == ["RUN ID  S…", "a       C…", "longer"])
  }

  @Test("names are the contract's")
  func names() {
    #expect(Text.name(RunStatus.timedOut) == "TIMED_OUT")
    #expect(Text.name(ErrorKind.businessLogicError) == "BUSINESS_LOGIC_ERROR")
  }

  @Test("times are UTC, to the millisecond, in tables and for programs")
  func times() {
    let time = Timestamp(seconds: 1_700_000_000, nanos: 539_000_000)
    #expect(Text.time(time) == "2023-11-14 22:13:20.539")
    #expect(Text.rfc3339(time) == "2023-11-14T22:13:20.539Z")
    #expect(Text.time(nil) == "-")
  }

  @Test("payloads: JSON as it is, the rest by size")
  func payloads() {
    #expect(Text.payload(Payload(data: Array(#"{"a":1}"#.utf8), encoding: "json")) == #"{"a":1}"#)
    #expect(Text.payload(Payload(data: [1, 2], encoding: "protobuf")) == "2 bytes (protobuf)")
    #expect(Text.payload(nil) == "-")
  }

  @Test("a run argument is a run id only if it looks like one")
  func runArgument() throws {
    let id = try RunArgument.parse(["01a20b36-cd08-7eeb-8565-f642f27fc7bf"])
    #expect(id.runID == id.run && id.workflowID.isEmpty)
    let forced = try RunArgument.parse(["01a20b36-cd08-7eeb-8565-f642f27fc7bf", "--id"])
    #expect(forced.workflowID == forced.run && forced.runID.isEmpty)
    #expect(try RunArgument.parse(["order-7"]).workflowID == "order-7")
  }

  @Test("tags are key=value, and a value may hold an equals sign")
  func tags() throws {
    #expect(try StartCommand.tags(["a=b", "c=d=e"]) == ["a": "b", "c": "d=e"])
    #expect(throws: Failed.self) { try StartCommand.tags(["a"]) }
  }

  @Test("groups: strategy, verdict, how many of how many, and the winner")
  func groups() {
    let race = Messages.Group(
      key: "fastest", strategy: .race, verdict: .succeeded, memberCount: 3, succeeded: 1, failed: 1,
      winner: "fastest/b",
      openedAt: Timestamp(seconds: 10), resolvedAt: Timestamp(seconds: 10, nanos: 20_000_000))
    let open = Messages.Group(key: "all", strategy: .quorum, quorum: 2)
    #expect(
      GroupsCommand.table([race, open]).lines(width: nil) == [
        "GROUP    STRATEGY  VERDICT    MEMBERS  SUCCEEDED  FAILED  TOOK   WINNER",
        "fastest  RACE      SUCCEEDED  3        1          1       20 ms  fastest/b",
        "all      QUORUM 2  OPEN       -        0          0       -",
      ])
  }
}
