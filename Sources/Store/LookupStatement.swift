package import Postgres

/// A read of a few rows by their keys that a task or a waiter needs before it can go on.
///
/// It is planned once, and has connections of its own: a heavy list never delays it.
package protocol LookupStatement: PostgresStatement {}
