"""`make generate`: writes everything that is made from the contract.

Run with the repository's virtual environment: `.venv/bin/python Protos/generate`. It compiles every file under
`Protos/` once, and from that descriptor set writes

- `Sources/CMessages`: protoc-c's code (`c_messages`),
- `Sources/Messages/Generated`: Swift values, their conversion to and from C, services, the descriptor set,
- `clients/python/src/kagzi/_generated`: Python stubs.

`--output FOLDER` writes the same tree somewhere else, which is how the freshness test compares.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import c_messages
import contract
import model
import output
import python_stubs
import reading
import swift_conversions
import swift_descriptor_set
import swift_services
import swift_values

REPOSITORY = Path(__file__).resolve().parents[2]


def generate(protos: Path, root: Path) -> None:
    """Writes all generated trees for the contract in `protos` below `root`."""
    files = contract.compile_folder(protos)
    schema = reading.read(files)
    generated = output.Tree(root)
    generated.add_all(c_messages.render(schema))
    generated.add_all(swift_values.render(schema))
    generated.add_all(swift_conversions.render(schema))
    generated.add_all(swift_services.render(schema))
    generated.add_all(swift_descriptor_set.render(files))
    generated.add_all(python_stubs.render(protos, files))
    generated.write()


def main() -> int:
    parser = argparse.ArgumentParser(prog="generate", description="Writes the code made from Protos/.")
    parser.add_argument("--protos", type=Path, default=REPOSITORY / "Protos", help="folder of the contract")
    parser.add_argument("--output", type=Path, default=REPOSITORY, help="root of the tree to write")
    arguments = parser.parse_args()
    try:
        generate(arguments.protos, arguments.output)
    except (contract.ContractError, model.SchemaError) as error:
        print(f"generate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
