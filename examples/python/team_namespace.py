"""A namespace of a team: made, worked in, closed for new work."""

import asyncio

from kagzi import AlreadyExists, Client, Context, NamespaceDisabled, Worker, workflow


@workflow("pay")
async def pay(ctx: Context, amount: int) -> str:
    return await ctx.step("pay", lambda: f"{amount} paid in {ctx.namespace}")


async def main() -> None:
    async with Client() as client:
        # snippet: create
        try:
            await client.namespaces.create("team-a", description="payments", retention=30 * 86_400)
        except AlreadyExists:
            await client.namespaces.enable("team-a")
        # end snippet

        # snippet: bind
        # Every call and every worker of this client is in the namespace.
        async with Client(namespace="team-a") as team, Worker(team, workflows=[pay]):
            print(await team.execute(pay, 7))
            # end snippet
            # snippet: disable
            await client.namespaces.disable("team-a")
            try:
                await team.start(pay, 8)
            except NamespaceDisabled as error:
                print("refused:", error)
            # end snippet
        for namespace in await client.namespaces.list():
            print(f"{namespace.name}: {'enabled' if namespace.enabled else 'disabled'}")


if __name__ == "__main__":
    asyncio.run(main())
